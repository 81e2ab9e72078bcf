"""Make segments, and ask who is in them or would be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Conflict, invalid
from antiphon.kernel.records import ProfileId, SegmentId
from antiphon.segments import resolve, rules, store
from antiphon.segments.compile import Moment
from antiphon.segments.parse import NAME_CHARS_MAX, parse
from antiphon.segments.records import Bounds, Member, Preview, Segment
from antiphon.segments.rules import Happened, Reachable, Rule, Steps
from antiphon.segments.work import TOPIC, fill

SAMPLE = 10
PAGE_MAX = 1000
AS_OF_YEAR_MIN = 1900
"""Earlier, the longest window would begin before all calendars."""

Document = dict[str, Any]  # Any: a rule document, JSON as it came


class NameTaken(Conflict):
    """There is a segment of this name already."""

    code = "name_taken"


async def create(database: Database, name: str, rule: Document) -> Segment:
    """Make a segment and find its members; returns once it is live.

    If the process ends before that, a worker finishes it. Raises Invalid (every flaw with its place) and NameTaken.
    """
    if not 0 < len(name.strip()) <= NAME_CHARS_MAX or "\0" in name or name.strip().isdigit():
        raise invalid("name", f"A name of 1 to {NAME_CHARS_MAX} characters is needed, and not only digits.")
    parsed = parse(rule)
    async with database.transaction() as tx:
        expanded = await resolve.expand(tx, parsed)
        numbers = await resolve.numbers(tx, [expanded], make=True)
    kinds = rules.kinds_of(expanded, numbers)
    # Any event may be dated after now, any pause or consent may end: time alone may change whatever speaks of them.
    windowed = any(isinstance(leaf, Happened | Steps | Reachable) for leaf in rules.leaves(expanded))
    async with database.transaction() as tx:
        await store.hold_registry(tx)
        document = rule if "rule" in rule else {"version": 1, "rule": rule}
        made = await store.add(tx, name.strip(), document, kinds=kinds, windowed=windowed)
        if made is None:
            raise NameTaken(f'There is a segment "{name.strip()}" already. Choose another name.')
        tx.wake(TOPIC)
    await fill(database, made.id)
    async with database.transaction(read_only=True) as tx:
        return await resolve.get(tx, str(made.id))


async def get(tx: Transaction, id_or_name: str) -> Segment:
    """Raises UnknownSegment."""
    return await resolve.get(tx, id_or_name)


async def list_all(tx: Transaction) -> list[Segment]:
    return await store.list_all(tx)


async def count(tx: Transaction, rule: Document, as_of: datetime | None = None) -> int:
    """How many profiles satisfy the rule now, or at another instant."""
    expanded = await resolve.expand(tx, parse(rule))
    return await store.count(tx, expanded, await resolve.numbers(tx, [expanded]), _moment(tx, as_of))


async def preview(tx: Transaction, rule: Document, as_of: datetime | None = None) -> Preview:
    expanded = await resolve.expand(tx, parse(rule))
    numbers = await resolve.numbers(tx, [expanded])
    return await store.preview(tx, expanded, numbers, _moment(tx, as_of), sample=SAMPLE)


async def members(
    tx: Transaction, id_or_name: str, *, cursor: int = 0, limit: int = 100, as_of: datetime | None = None
) -> list[Member]:
    """Members by profile id, after the cursor (the last id of the page before).

    Without `as_of` the memberships as they are kept, else whoever satisfies the rule at that instant.
    """
    if not 1 <= limit <= PAGE_MAX:
        raise invalid("limit", f"A number from 1 to {PAGE_MAX} is needed.")
    segment = await resolve.get(tx, id_or_name)
    if as_of is None:
        return await store.page(tx, segment.id, after=cursor, limit=limit)
    rule: Rule = await resolve.rule_of(tx, segment.id)
    numbers = await resolve.numbers(tx, [rule])
    return await store.page_by_rule(tx, rule, numbers, _moment(tx, as_of), after=cursor, limit=limit)


async def member_range(
    tx: Transaction, segment: SegmentId, from_id: int, to_id: int, *, after: int = 0, limit: int = PAGE_MAX
) -> list[ProfileId]:
    """Ids of members from `from_id` up to and without `to_id`, after the cursor, in order."""
    return await store.member_range(tx, segment, from_id, to_id, after=after, limit=limit)


async def bounds(tx: Transaction, segment: SegmentId) -> Bounds | None:
    """None for an empty segment."""
    return await store.bounds(tx, segment)


async def due(tx: Transaction) -> int:
    """Memberships that are due at `tx.now` and not finished, and segments that are not filled."""
    return await store.count_due(tx)


def _moment(tx: Transaction, as_of: datetime | None) -> Moment:
    """Rollups know only what is so by now."""
    if as_of is not None and as_of.year < AS_OF_YEAR_MIN:
        raise invalid("as_of", f"The year is {AS_OF_YEAR_MIN} or later.")
    return Moment(tx.now) if as_of is None or as_of == tx.now else Moment(as_of, rollups=False)
