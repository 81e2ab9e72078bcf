"""What happened to somebody, page by page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId, bucket_of
from antiphon.profiles.records import RecordedEvent
from antiphon.profiles.store.base import queries


class Summed(Struct, frozen=True):
    name: str
    count: int
    first_at: datetime
    last_at: datetime


async def events_but(
    tx: Transaction, profile: ProfileId, but: Collection[int], *, upto: datetime, skip: int, limit: int
) -> list[RecordedEvent]:
    place = {"bucket": bucket_of(profile), "profile": profile, "upto": upto, "skip": skip, "limit": limit}
    return await _named(tx, await queries.rows(tx, "read_events_but", but=list(but), **place))


async def events_of(
    tx: Transaction, profile: ProfileId, names: Collection[int], *, upto: datetime, skip: int, limit: int
) -> list[RecordedEvent]:
    place = {"bucket": bucket_of(profile), "profile": profile, "upto": upto, "skip": skip, "limit": limit}
    return await _named(tx, await queries.rows(tx, "read_events_of", names=list(names), **place))


async def sum_latest(tx: Transaction, profile: ProfileId, *, limit: int) -> list[Summed]:
    """The commonest first."""
    rows = await queries.rows(tx, "sum_latest_events", bucket=bucket_of(profile), profile=profile, limit=limit)
    names = await _names(tx, rows)
    return [Summed(names[row["name_id"]], row["count"], row["first_at"], row["last_at"]) for row in rows]


async def _named(tx: Transaction, rows: Sequence[Row]) -> list[RecordedEvent]:
    names = await _names(tx, rows)
    return [RecordedEvent(row["at"], names[row["name_id"]], row["received_at"], row["properties"]) for row in rows]


async def _names(tx: Transaction, rows: Sequence[Row]) -> dict[int, str]:
    wanted = sorted({row["name_id"] for row in rows})
    found = await queries.rows(tx, "names_of_events", ids=wanted) if wanted else []
    return {row["id"]: row["name"] for row in found}


async def places(tx: Transaction, profile: ProfileId) -> list[tuple[str, str]]:
    """(channel, address) each."""
    rows = await queries.rows(tx, "places_of", bucket=bucket_of(profile), profile=profile)
    return [(row["channel"], row["value"]) for row in rows]
