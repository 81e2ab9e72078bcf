"""Who entered and left, and how many were in.

Sizes come from tallies, one row for each batch that changed memberships. The keeper folds them: after an hour one row
an hour, after 90 days one a day, by the company's calendar.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from msgspec import Struct

from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import invalid
from antiphon.kernel.records import ProfileId, SegmentId
from antiphon.segments import resolve
from antiphon.segments.records import Segment
from antiphon.segments.records_asked import Moved, Size
from antiphon.segments.store import history as store
from antiphon.segments.store.history import Step

PAGE_MAX = 1000
POINTS_MAX = 2000
FOLDED_AFTER = timedelta(hours=1)
BY_DAY_AFTER = timedelta(days=90)
_STEPS: dict[str, tuple[Step, timedelta]] = {
    "hour": ("hour", timedelta(hours=1)),
    "day": ("day", timedelta(days=1)),
}
SHOWN = 30
"""Days, or twenty-fours of hours: what is shown where nobody said since when."""


class Live(Struct, frozen=True):
    """A segment as it is now; entered and left since the day began, where the company is."""

    segment: Segment
    size: int
    entered_today: int
    left_today: int


async def moves(
    tx: Transaction, id_or_name: str, profile: ProfileId, *, skip: int = 0, limit: int = 100
) -> list[Moved]:
    """Entries and exits of one person, the newest first."""
    if not 1 <= limit <= PAGE_MAX:
        raise invalid("limit", "A number from 1 to {most} is needed.", most=PAGE_MAX)
    segment = await resolve.get(tx, id_or_name)
    return await store.of_person(tx, segment.id, profile, limit=limit, skip=skip)


async def live(tx: Transaction, id_or_name: str) -> Live:
    """Raises UnknownSegment."""
    segment = await resolve.get(tx, id_or_name)
    now = await store.size_now(tx, segment.id, zone=(await settings.read(tx)).timezone)
    return Live(segment, now.size, now.entered, now.left)


async def sizes(tx: Transaction, segments: Collection[SegmentId]) -> dict[SegmentId, int]:
    """How many are in each now, whatever their number: one statement."""
    return await store.sizes_now(tx, segments) if segments else {}


async def size(
    tx: Transaction,
    id_or_name: str,
    *,
    begin: datetime | None = None,
    end: datetime | None = None,
    step: str = "day",
) -> list[Size]:
    """From the hour or day of `begin` up to `end`, which is now if not given; by the company's calendar."""
    if step not in _STEPS:
        raise invalid("step", "It is not one of {known}.", known=", ".join(_STEPS))
    unit, long = _STEPS[step]
    segment = await resolve.get(tx, id_or_name)
    until = min(end or tx.now, tx.now)
    since = begin or until - SHOWN * long
    if since > until:
        raise invalid("from", "It is later than the end.")
    if (until - since) / long > POINTS_MAX:
        raise invalid("from", "These are more than {most} points: begin later, or ask by day.", most=POINTS_MAX)
    zone = (await settings.read(tx)).timezone
    return await store.sizes(tx, segment.id, begin=since, end=until + timedelta(microseconds=1), step=unit, zone=zone)


async def fold_tallies(tx: Transaction) -> int:
    """For the keeper, now and then; how many rows it wrote."""
    zone = (await settings.read(tx)).timezone
    by_hour = await store.fold(tx, before=tx.now - FOLDED_AFTER, step="hour", zone=zone)
    return by_hour + await store.fold(tx, before=tx.now - BY_DAY_AFTER, step="day", zone=zone)
