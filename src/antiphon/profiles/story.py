"""What happened to somebody, parted into what they did and what became of our messages; and how much of what."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.profiles.ingest import event_names
from antiphon.profiles.records import RecordedEvent
from antiphon.profiles.store import story as store
from antiphon.profiles.store.story import Summed, places

__all__ = ["SUMMED", "Summed", "events_but", "events_of", "places", "sums"]

SUMMED = 2_000


async def events_but(
    tx: Transaction, profile: ProfileId, names: Collection[str], *, upto: datetime, skip: int, limit: int
) -> list[RecordedEvent]:
    """All but those of these names; the latest first, `upto` inclusive, the first `skip` left out."""
    but = (await event_names(tx, names, make=False)).values()
    return await store.events_but(tx, profile, but, upto=upto, skip=skip, limit=limit)


async def events_of(
    tx: Transaction, profile: ProfileId, names: Collection[str], *, upto: datetime, skip: int, limit: int
) -> list[RecordedEvent]:
    """Those of these names alone."""
    only = (await event_names(tx, names, make=False)).values()
    return await store.events_of(tx, profile, only, upto=upto, skip=skip, limit=limit) if only else []


async def sums(tx: Transaction, profile: ProfileId) -> tuple[list[Summed], bool]:
    """Of the latest two thousand events, by name, the commonest first; and whether these are all."""
    found = await store.sum_latest(tx, profile, limit=SUMMED)
    return found, sum(one.count for one in found) < SUMMED
