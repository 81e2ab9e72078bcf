"""What a rule names: segments, computed traits, events by their numbers; and in which order segments are worked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from antiphon import profiles
from antiphon.kernel import settings
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Flaw, Invalid, NotFound
from antiphon.kernel.records import SegmentId
from antiphon.kernel.said import worded
from antiphon.segments.engine.frame import Words
from antiphon.segments.language import rules
from antiphon.segments.language.parse import measured, parse, parse_computed
from antiphon.segments.language.rules import Computed, InSegment, Leaf, Moved, Rule
from antiphon.segments.records import Segment, Watched
from antiphon.segments.store import registry as store

EXPANDED_NODES_MAX = 1000
EXPANDED_DEPTH_MAX = 50

_cache: WeakKeyDictionary[Database, dict[tuple[SegmentId, int], Rule]] = WeakKeyDictionary()


class UnknownSegment(NotFound):
    """There is no segment of this name or id."""

    code = "unknown_segment"


class UnknownComputed(NotFound):
    """There is no computed trait of this name."""

    code = "unknown_computed_trait"


async def get(tx: Transaction, id_or_name: str) -> Segment:
    """Raises UnknownSegment."""
    found = await store.find(tx, [id_or_name])
    if id_or_name not in found:
        raise UnknownSegment('There is no segment "{id_or_name}".', id_or_name=id_or_name)
    return found[id_or_name]


async def plain(tx: Transaction, rule: Rule) -> Rule:
    """The rule with what computed traits are made of in their place. Raises Invalid for one that does not exist."""
    if not rules.computed_of(rule):
        return rule
    known = await store.computed(tx)
    flaws = [
        Flaw(at, worded('There is no computed trait "{name}".', name=leaf.name))
        for at, leaf in rules.places(rule)
        if isinstance(leaf, Computed) and leaf.name not in known
    ]
    if flaws:
        raise Invalid("The rule is not valid.", flaws=flaws)

    def put(leaf: Leaf) -> Rule:
        if not isinstance(leaf, Computed):
            return leaf
        return measured(parse_computed(known[leaf.name]), leaf.op, leaf.value)

    return rules.replace(rule, put)


async def words(tx: Transaction, wanted: Iterable[Rule], *, make: bool = False) -> Words:
    """What names in these rules stand for. Events that never happened have no number unless it is made."""
    wanted = list(wanted)
    names: set[str] = set().union(*(rules.events_of(rule) for rule in wanted))
    named = any(rules.segments_of(rule) for rule in wanted)
    return Words(
        await profiles.event_names(tx, names, make=make),
        await store.names(tx) if named else {},
        (await settings.read(tx)).timezone,
    )


async def check_named(tx: Transaction, rule: Rule) -> dict[str, SegmentId]:
    """The segments that the rule names. Raises Invalid with the place of each that there is not."""
    if not rules.segments_of(rule):
        return {}
    found = await store.find(tx, rules.segments_of(rule))
    flaws = []
    for at, leaf in rules.places(rule):
        if isinstance(leaf, InSegment | Moved):
            segment = found.get(leaf.segment)
            if segment is None:
                flaws.append(Flaw(at, worded('There is no segment "{segment}".', segment=leaf.segment)))
            elif segment.state == "archived":
                flaws.append(Flaw(at, worded('The segment "{segment}" is archived.', segment=leaf.segment)))
    if flaws:
        raise Invalid("The rule is not valid.", flaws=flaws)
    return {name: segment.id for name, segment in found.items()}


async def check_cycles(tx: Transaction, segment: SegmentId, name: str, needs: Collection[SegmentId]) -> None:
    """Raises Invalid with the way round, if the segment would come to name itself."""
    edges = await store.edges(tx)
    names = {edge.segment: edge.name for edge in edges} | {segment: name}
    ahead: dict[SegmentId, set[SegmentId]] = {}
    for edge in edges:
        if edge.segment != segment:
            ahead.setdefault(edge.segment, set()).update(SegmentId(need) for need in edge.needs)
    ahead[segment] = set(needs)
    if way := _way(segment, ahead):
        said = " → ".join(f'"{names.get(each, each)}"' for each in way)
        raise Invalid(
            "The rule is not valid.", flaws=[Flaw("rule", worded("Segments would name each other: {said}.", said=said))]
        )


def _way(start: SegmentId, ahead: Mapping[SegmentId, set[SegmentId]]) -> list[SegmentId]:
    """From `start` back to it, the shortest; empty if there is none."""
    ways: list[list[SegmentId]] = [[start]]
    seen: set[SegmentId] = set()
    while ways:
        way = ways.pop(0)
        for need in sorted(ahead.get(way[-1], ())):
            if need == start:
                return [*way, need]
            if need not in seen:
                seen.add(need)
                ways.append([*way, need])
    return []


async def expand(tx: Transaction, rule: Rule, *, stage_of: str | None = None, level: int = 1) -> Rule:
    """The rule with the rules of the segments that it names in their place, as far as they are plain members now.

    So it can be asked about another instant than now, or without trusting the members as they are kept. `stage_of`: it
    is the rule of a stage. That no stage before it has somebody is the same as that no rule of their own holds; with
    whole rules it would double with every stage.
    """
    rule = await plain(tx, rule)
    named = {leaf.segment for leaf in rules.leaves(rule) if isinstance(leaf, InSegment) and leaf.since is None}
    found = await store.find(tx, named)
    inner: dict[str, Rule] = {}
    for name, segment in found.items():
        if segment.kind == "rule" and segment.rule is not None and level <= EXPANDED_DEPTH_MAX:
            theirs = parse(segment.rule)
            if stage_of is not None and segment.stage_of == stage_of and isinstance(theirs, rules.All):
                theirs = theirs.parts[0]
            inner[name] = await expand(tx, theirs, stage_of=segment.stage_of, level=level + 1)

    def put(leaf: Leaf) -> Rule:
        if isinstance(leaf, InSegment) and leaf.since is None:
            return inner.get(leaf.segment, leaf)
        return leaf

    expanded = rules.replace(rule, put)
    if rules.size(expanded) > EXPANDED_NODES_MAX:
        raise Invalid(
            "The rule is not valid.",
            flaws=[
                Flaw(
                    "rule",
                    worded("With the segments that it names it has more than {most} nodes.", most=EXPANDED_NODES_MAX),
                )
            ],
        )
    return expanded


async def live_rule(tx: Transaction, segment: Segment) -> Rule:
    """The rule of a segment that has one, without computed traits."""
    if segment.rule is None:
        raise UnknownSegment('"{name}" is a list: it has no rule.', name=segment.name)
    return await plain(tx, parse(segment.rule))


async def rule_of(tx: Transaction, segment: SegmentId, version: int) -> Rule:
    """The rule of a version, without computed traits."""
    return await plain(tx, parse(await store.rule_of(tx, segment, version)))


async def watched(tx: Transaction) -> list[Watched]:
    """All live segments that have a rule, those that others name before the others."""
    live = await store.live(tx)
    cache = _cache.setdefault(tx.database, {})
    missing = [(each.segment, each.version) for each in live if (each.segment, each.version) not in cache]
    for key, document in (await store.rules(tx, missing)).items():
        cache[key] = await plain(tx, parse(document))
    names = await store.names(tx) if any(each.needs for each in live) else {}
    found = []
    for each in live:
        rule = cache[each.segment, each.version]
        moved = {names[leaf.segment] for leaf in rules.leaves(rule) if isinstance(leaf, Moved)}
        found.append(Watched(each.segment, rule, each.kinds, each.needs, frozenset(moved)))
    return _in_order(found)


def _in_order(segments: Sequence[Watched]) -> list[Watched]:
    by_id = {segment.id: segment for segment in segments}
    done: dict[SegmentId, Watched] = {}

    def put(segment: Watched) -> None:
        if segment.id not in done:
            for need in sorted(segment.needs):
                if need in by_id:
                    put(by_id[need])
            done[segment.id] = segment

    for segment in sorted(segments, key=lambda each: each.id):
        put(segment)
    return list(done.values())


def document_of(rule: dict[str, Any]) -> dict[str, Any]:
    """The inner object alone is accepted; the whole document is kept."""
    return rule if "rule" in rule else {"version": 1, "rule": rule}
