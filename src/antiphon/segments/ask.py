"""Ask who is in a segment, or would be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import invalid
from antiphon.kernel.records import ProfileId, SegmentId
from antiphon.segments import resolve
from antiphon.segments.engine.frame import Moment
from antiphon.segments.language.parse import parse
from antiphon.segments.language.rules import Rule
from antiphon.segments.records import Bounds, Member, Segment
from antiphon.segments.store import asking, registry
from antiphon.segments.store import members as kept

PAGE_MAX = 1000
AS_OF_YEAR_MIN, AS_OF_YEAR_MAX = 1900, 9000
"""Beyond these the longest windows would reach out of all calendars."""

Document = dict[str, Any]  # Any: a rule document, JSON as it came


async def get(tx: Transaction, id_or_name: str) -> Segment:
    """Raises UnknownSegment."""
    return await resolve.get(tx, id_or_name)


async def list_all(tx: Transaction) -> list[Segment]:
    return await registry.list_all(tx)


async def count(tx: Transaction, rule: Document, as_of: datetime | None = None) -> int:
    """How many profiles satisfy the rule now, or at another instant."""
    asked, moment = await asked_at(tx, parse(rule), as_of)
    return await asking.count(tx, asked, await resolve.words(tx, [asked]), moment)


async def asked_at(tx: Transaction, rule: Rule, as_of: datetime | None) -> tuple[Rule, Moment]:
    """The rule as it can be asked at an instant: now segments that it names are their members, else their rules."""
    moment = moment_of(tx, as_of)
    await resolve.check_named(tx, rule)
    return await (resolve.plain(tx, rule) if moment.rollups else resolve.expand(tx, rule)), moment


async def members(
    tx: Transaction, id_or_name: str, *, cursor: int = 0, limit: int = 100, as_of: datetime | None = None
) -> list[Member]:
    """Members by profile id, after the cursor (the last id of the page before).

    Without `as_of` the memberships as they are kept, else whoever satisfies the rule at that instant.
    """
    if not 1 <= limit <= PAGE_MAX:
        raise invalid("limit", "A number from 1 to {most} is needed.", most=PAGE_MAX)
    segment = await resolve.get(tx, id_or_name)
    if as_of is None:
        return await kept.page(tx, segment.id, after=cursor, limit=limit)
    rule = await resolve.expand(tx, await resolve.live_rule(tx, segment), stage_of=segment.stage_of)
    words = await resolve.words(tx, [rule])
    return await asking.page_by_rule(tx, rule, words, moment_of(tx, as_of), after=cursor, limit=limit)


async def member_range(
    tx: Transaction, segment: SegmentId, from_id: int, to_id: int, *, after: int = 0, limit: int = PAGE_MAX
) -> list[ProfileId]:
    """Ids of members from `from_id` up to and without `to_id`, after the cursor, in order."""
    return await kept.member_range(tx, segment, from_id, to_id, after=after, limit=limit)


async def bounds(tx: Transaction, segment: SegmentId) -> Bounds | None:
    """None for an empty segment."""
    return await kept.bounds(tx, segment)


async def due(tx: Transaction) -> int:
    """Memberships that are due at `tx.now` and not finished, and versions that are not built."""
    return await kept.count_due(tx)


def moment_of(tx: Transaction, as_of: datetime | None) -> Moment:
    """Rollups know only what is so by now."""
    if as_of is not None and not AS_OF_YEAR_MIN <= as_of.year <= AS_OF_YEAR_MAX:
        raise invalid("as_of", "The year is from {least} to {most}.", least=AS_OF_YEAR_MIN, most=AS_OF_YEAR_MAX)
    return Moment(tx.now) if as_of is None or as_of == tx.now else Moment(as_of, rollups=False)
