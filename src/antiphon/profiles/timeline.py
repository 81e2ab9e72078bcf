"""One person on a page: the profile and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.profiles import store
from antiphon.profiles.records import Profile, RecordedEvent

EVENTS_MAX = 1_000


async def read(tx: Transaction, ids: Sequence[ProfileId]) -> list[Profile]:
    """Those that exist, in the order asked for, each once."""
    return await store.reading.read(tx, ids) if ids else []


async def page(tx: Transaction, profile: ProfileId, *, upto: datetime, skip: int, limit: int) -> list[RecordedEvent]:
    """The latest first, with those dated after now. `upto` is inclusive; the first `skip` are left out, so that pages
    part the events of one instant."""
    return await store.reading.events(tx, profile, upto=upto, skip=skip, limit=limit)
