"""What can change the truth of a rule: kinds of things that happen to a profile, as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from antiphon.kernel.records import SegmentId
from antiphon.segments.language import rules
from antiphon.segments.language.rules import Calendar, Happened, InSegment, Leaf, Moved, Rule, Steps

TRAITS, PREFERENCES, ADDRESSES, CREATED, ACCOUNTS = 0, -1, -2, -3, -4
"""Beside events, which have the number of their name, and memberships. `CREATED` concerns every rule."""


def of_segment(segment: SegmentId) -> int:
    """The kind of a change of membership that was made by other means than work on the profile."""
    return -1000 - segment


def kinds_of(rule: Rule, events: Mapping[str, int], segments: Mapping[str, SegmentId]) -> frozenset[int]:
    """`rule` without computed traits; every event that it names has a number."""
    found: set[int] = set()
    for leaf in rules.leaves(rule):
        found.update(_of_leaf(leaf, events, segments))
    return frozenset(found)


def _of_leaf(leaf: Leaf, events: Mapping[str, int], segments: Mapping[str, SegmentId]) -> Iterable[int]:
    if isinstance(leaf, Happened | Steps):
        names = leaf.events if isinstance(leaf, Happened) else tuple(step.event for step in leaf.steps)
        yield from (events[name] for name in names)
        if isinstance(leaf.window.within, Calendar) and leaf.window.within.zone == "person":
            yield TRAITS
    elif isinstance(leaf, InSegment | Moved):
        yield of_segment(segments[leaf.segment])
    elif isinstance(leaf, rules.Trait | rules.Changed | rules.Near | rules.LocalTime):
        yield TRAITS
    elif isinstance(leaf, rules.Reachable):
        yield from (ADDRESSES, PREFERENCES)
    elif isinstance(leaf, rules.Preference | rules.Consent):
        yield PREFERENCES
    elif isinstance(leaf, rules.Mobile):
        yield ADDRESSES
    elif isinstance(leaf, rules.InAccount | rules.AccountTrait):
        yield ACCOUNTS
