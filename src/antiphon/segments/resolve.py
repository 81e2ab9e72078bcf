"""What a rule names: other segments by their rules, events by their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from weakref import WeakKeyDictionary

from antiphon import profiles
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Flaw, Invalid, NotFound, invalid
from antiphon.kernel.records import SegmentId
from antiphon.segments import rules, store
from antiphon.segments.parse import parse
from antiphon.segments.records import Segment, Watched
from antiphon.segments.rules import Rule

EXPANDED_NODES_MAX = 1000
EXPANDED_DEPTH_MAX = 50

_cache: WeakKeyDictionary[Database, dict[SegmentId, Rule]] = WeakKeyDictionary()


class UnknownSegment(NotFound):
    """There is no segment of this name or id."""

    code = "unknown_segment"


async def get(tx: Transaction, id_or_name: str) -> Segment:
    """Raises UnknownSegment."""
    found = await store.find(tx, [id_or_name])
    if id_or_name not in found:
        raise UnknownSegment(f'There is no segment "{id_or_name}".')
    return found[id_or_name]


async def expand(tx: Transaction, rule: Rule, *, level: int = 1) -> Rule:
    """The rule with the rules of the segments that it names in their place: it never waits for their memberships.

    A rule can name only segments that exist, and rules never change, so there are no cycles.
    """
    named = rules.segments_of(rule)
    if not named:
        return rule
    if level > EXPANDED_DEPTH_MAX:
        raise invalid("rule", f"Segments name segments that name segments … more than {EXPANDED_DEPTH_MAX} deep.")
    found = await store.find(tx, named)
    if missing := sorted(named - found.keys()):
        raise Invalid(
            "The rule is not valid.", flaws=[Flaw("rule", f'There is no segment "{name}".') for name in missing]
        )
    inner = {name: await _expanded(tx, segment, level=level) for name, segment in found.items()}
    expanded = rules.expand(rule, inner)
    if rules.size(expanded) > EXPANDED_NODES_MAX:
        raise invalid("rule", f"With the segments that it names the rule has more than {EXPANDED_NODES_MAX} nodes.")
    return expanded


async def _expanded(tx: Transaction, segment: Segment, *, level: int) -> Rule:
    cache = _cache.setdefault(tx.database, {})
    if segment.id not in cache:
        cache[segment.id] = await expand(tx, parse(segment.rule), level=level + 1)
    return cache[segment.id]


async def rule_of(tx: Transaction, id: SegmentId) -> Rule:
    """The expanded rule of a segment that exists."""
    cache = _cache.setdefault(tx.database, {})
    return cache[id] if id in cache else await _expanded(tx, await get(tx, str(id)), level=1)


async def watched(tx: Transaction) -> list[Watched]:
    """All live segments."""
    return [Watched(id, await rule_of(tx, id), kinds, windowed) for id, kinds, windowed in await store.watched(tx)]


async def numbers(tx: Transaction, wanted: Sequence[Rule], *, make: bool = False) -> Mapping[str, int]:
    """The numbers of the events that the rules speak of; one that never happened has none unless it is made."""
    return await profiles.event_names(tx, {name for rule in wanted for name in rules.events_of(rule)}, make=make)
