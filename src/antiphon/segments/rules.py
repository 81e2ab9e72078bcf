"""What a rule says, as values: parsed by `parse`, turned into SQL by `compile`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Literal

import msgspec
from msgspec import Struct

Scalar = str | int | float | bool
Op = Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "contains", "exists", "before", "after"]
NumberOp = Literal["eq", "ne", "gt", "gte", "lt", "lte"]

COMPARISONS = {"eq": eq, "ne": ne, "gt": gt, "gte": ge, "lt": lt, "lte": le}

TRAITS, PREFERENCES, ADDRESSES, CREATED, ACCOUNTS = 0, -1, -2, -3, -4
"""Kinds of things that happen to a profile, beside events by their number. `CREATED` concerns every rule."""


class Condition(Struct, frozen=True):
    """A comparison with a trait or a property of an event. `value` is a tuple for in and not_in."""

    field: str
    op: Op
    value: Scalar | datetime | tuple[Scalar, ...]


class Measure(Struct, frozen=True):
    """How many events, or the sum of a property over them, compared with a number."""

    op: NumberOp
    value: Decimal
    sum_of: str | None = None

    def holds(self, amount: int) -> bool:
        return bool(COMPARISONS[self.op](amount, self.value))

    @property
    def asks_presence(self) -> bool:
        """Whether one event answers as well as many: at least one, or none."""
        if self.sum_of is not None:
            return False
        return (str(self.op), int(self.value)) in {("gte", 1), ("gt", 0), ("ne", 0), ("eq", 0), ("lt", 1), ("lte", 0)}


class Happened(Struct, frozen=True, tag="event"):
    event: str
    where: tuple[Condition, ...]
    within: timedelta | None
    measure: Measure


class Trait(Struct, frozen=True, tag="trait"):
    condition: Condition


class InSegment(Struct, frozen=True, tag="segment"):
    """`segment` is a name or an id; `expand` puts that segment's own rule in its place."""

    segment: str


class Reachable(Struct, frozen=True, tag="reachable"):
    channel: str
    topic: str | None


class InAccount(Struct, frozen=True, tag="account"):
    """Belongs to the account of this key."""

    account: str


class AccountTrait(Struct, frozen=True, tag="account trait"):
    """Belongs to an account for which the condition holds."""

    condition: Condition


class Steps(Struct, frozen=True, tag="sequence"):
    """`complete`: a run of all steps lies in the window. Else: its latest first step was not followed by the rest."""

    steps: tuple[str, ...]
    within: timedelta | None
    complete: bool


class All(Struct, frozen=True, tag="all"):
    parts: tuple[Rule, ...]


class Any(Struct, frozen=True, tag="any"):
    parts: tuple[Rule, ...]


class Not(Struct, frozen=True, tag="not"):
    part: Rule


Leaf = Happened | Trait | InSegment | Reachable | InAccount | AccountTrait | Steps
Rule = Leaf | All | Any | Not


def leaves(rule: Rule) -> Iterator[Leaf]:
    if isinstance(rule, All | Any):
        for part in rule.parts:
            yield from leaves(part)
    elif isinstance(rule, Not):
        yield from leaves(rule.part)
    else:
        yield rule


def size(rule: Rule) -> int:
    """How many nodes the rule has."""
    if isinstance(rule, All | Any):
        return 1 + sum(size(part) for part in rule.parts)
    return 1 + size(rule.part) if isinstance(rule, Not) else 1


def expand(rule: Rule, segments: Mapping[str, Rule]) -> Rule:
    """The rule with other segments' rules in place of their names. Raises KeyError for a name that is not given."""
    if isinstance(rule, All):
        return All(tuple(expand(part, segments) for part in rule.parts))
    if isinstance(rule, Any):
        return Any(tuple(expand(part, segments) for part in rule.parts))
    if isinstance(rule, Not):
        return Not(expand(rule.part, segments))
    return segments[rule.segment] if isinstance(rule, InSegment) else rule


def events_of(rule: Rule) -> set[str]:
    """The names of the events that the rule speaks of."""
    names: set[str] = set()
    for leaf in leaves(rule):
        if isinstance(leaf, Happened):
            names.add(leaf.event)
        elif isinstance(leaf, Steps):
            names.update(leaf.steps)
    return names


def segments_of(rule: Rule) -> set[str]:
    return {leaf.segment for leaf in leaves(rule) if isinstance(leaf, InSegment)}


def kinds_of(rule: Rule, numbers: Mapping[str, int]) -> set[int]:
    """What can change the truth of an expanded rule."""
    kinds = {numbers[name] for name in events_of(rule)}
    for leaf in leaves(rule):
        if isinstance(leaf, Trait):
            kinds.add(TRAITS)
        elif isinstance(leaf, Reachable):
            kinds |= {ADDRESSES, PREFERENCES}
        elif isinstance(leaf, InAccount | AccountTrait):
            kinds.add(ACCOUNTS)
    return kinds


def key_of(leaf: Leaf) -> bytes:
    """Equal for leaves that mean the same. (Not the leaf itself: in Python 1 == True == 1.0.)"""
    return msgspec.json.encode(leaf)
