"""What a rule says, as values: `parse` makes them of JSON, `engine` turns them into SQL (docs/reference/rules.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import Struct

Scalar = str | int | float | bool
Op = Literal[
    "eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "contains", "starts_with", "ends_with", "exists",
    "before", "after", "within", "ago", "next", "anniversary",
]  # fmt: skip
NumberOp = Literal["eq", "ne", "gt", "gte", "lt", "lte"]
RELATIVE_OPS = ("within", "ago", "next", "anniversary")
"""They compare a date with the instant that is asked about: time alone changes their truth."""
Value = Scalar | datetime | timedelta | tuple[Scalar, ...]

Unit = Literal["days", "weeks", "months", "years"]
Whose = Literal["person", "company"]
Measured = Literal["count", "sum", "average", "min", "max", "distinct", "days", "first", "last", "most"]
Engagement = Literal["sent", "delivered", "opened", "clicked", "replied"]
By = Literal["person", "machine", "any"]
Wish = Literal["wanted", "unwanted", "unset", "paused"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

NUMBERS: tuple[Measured, ...] = ("count", "sum", "average", "min", "max", "distinct", "days")
"""Measures that are numbers; `first`, `last` and `most` are values of a property, or the time of the event."""


COMPARISONS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "eq": Decimal.__eq__,
    "ne": Decimal.__ne__,
    "gt": Decimal.__gt__,
    "gte": Decimal.__ge__,
    "lt": Decimal.__lt__,
    "lte": Decimal.__le__,
}


class Condition(Struct, frozen=True):
    """A comparison with a trait or a property of an event.

    `field` is a path: `address.city`; `items[].sku` is any of the list. `value` is a tuple for in and not_in, an
    instant for before and after, a duration for within, ago, next and anniversary.
    """

    field: str
    op: Op
    value: Value


class Calendar(Struct, frozen=True):
    """The last `count` days, weeks (from Monday), months or years by the calendar, the present one among them."""

    unit: Unit
    count: int
    zone: Whose = "person"


class Window(Struct, frozen=True):
    """`(as_of − within, as_of − ago]` of event time; `begin` and `end` are fixed: `[begin, end)`."""

    within: timedelta | Calendar | None = None
    ago: timedelta | None = None
    begin: datetime | None = None
    end: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Everything up to the instant."""
        return self == Window()


class Measure(Struct, frozen=True):
    """What of the events is compared. `field` is a property; first and last without one are times of the event."""

    of: Measured
    op: Op
    value: Value | Decimal
    field: str | None = None

    @property
    def holds_without_events(self) -> bool:
        """Count, sum, distinct and days of nothing are 0; of others nothing is known: only `ne` and its like hold."""
        if self.of in ("count", "sum", "distinct", "days") and isinstance(self.value, Decimal):
            return COMPARISONS[self.op](Decimal(0), self.value)
        if self.op == "exists":
            return self.value is False
        return self.op in ("ne", "not_in")

    @property
    def asks_presence(self) -> bool:
        """Whether one event answers as well as many: at least one, or none."""
        if self.of != "count" or not isinstance(self.value, Decimal):
            return False
        return (str(self.op), int(self.value)) in {("gte", 1), ("gt", 0), ("ne", 0), ("eq", 0), ("lt", 1), ("lte", 0)}


class Happened(Struct, frozen=True, tag="event"):
    """Several names are one kind of event."""

    events: tuple[str, ...]
    where: tuple[Condition, ...]
    window: Window
    measure: Measure


class Computed(Struct, frozen=True, tag="computed"):
    """A computed trait by its name; `resolve` puts what it is made of in its place."""

    name: str
    op: Op
    value: Value | Decimal


class Trait(Struct, frozen=True, tag="trait"):
    condition: Condition


class Changed(Struct, frozen=True, tag="changed"):
    """The trait has changed within the window; `before` and `after` are what it was before and what it is now."""

    trait: str
    within: timedelta | None
    before: Scalar | None = None
    after: Scalar | None = None


class InSegment(Struct, frozen=True, tag="segment"):
    """A member now; `since`: without a break for at least so long. `segment` is a name or an id."""

    segment: str
    since: timedelta | None = None


class Moved(Struct, frozen=True, tag="moved"):
    """Entered or left the segment, at least once within the window."""

    segment: str
    entered: bool
    within: timedelta | None


class Reachable(Struct, frozen=True, tag="reachable"):
    channel: str
    topic: str | None


class Preference(Struct, frozen=True, tag="preference"):
    """What was said of exactly this topic and channel (`*` is all), for whatever address."""

    topic: str
    channel: str
    state: Wish


class Consent(Struct, frozen=True, tag="consent"):
    """A consent is in force for the topic on the channel: given, not run out, not taken back more narrowly."""

    topic: str
    channel: str
    confirmed: bool = False


class Mobile(Struct, frozen=True, tag="mobile"):
    """The share, 0 to 1, of opens and clicks by the person on a phone or tablet."""

    op: NumberOp
    value: Decimal
    channel: str | None = None


class Near(Struct, frozen=True, tag="near"):
    """The traits latitude and longitude (degrees) lie within so many kilometres, along a great circle."""

    latitude: float
    longitude: float
    km: float


class LocalTime(Struct, frozen=True, tag="local_time"):
    """It is between these times, where they live, on one of these days.

    The end is out. An end that is not later lies past midnight; the time belongs to the day on which it began.
    """

    begin: time
    end: time
    days: tuple[Day, ...]


class InAccount(Struct, frozen=True, tag="account"):
    """Belongs to the account of this key."""

    account: str


class AccountTrait(Struct, frozen=True, tag="account trait"):
    """Belongs to an account for which the condition holds."""

    condition: Condition


class Random(Struct, frozen=True, tag="random"):
    """In the part [first, first + share) of a hundred, by a hash of seed and profile."""

    share: float
    first: float
    seed: str


class Step(Struct, frozen=True):
    event: str
    where: tuple[Condition, ...] = ()


class Steps(Struct, frozen=True, tag="sequence"):
    """`complete`: a run of all steps lies in the window. Else: its latest first step was not followed by the rest.

    `span`: the run takes at most so long from its first step; incomplete then means that this time has passed.
    """

    steps: tuple[Step, ...]
    window: Window
    span: timedelta | None
    complete: bool


class All(Struct, frozen=True, tag="all"):
    parts: tuple[Rule, ...]


class Any(Struct, frozen=True, tag="any"):
    parts: tuple[Rule, ...]


class Not(Struct, frozen=True, tag="not"):
    part: Rule


Leaf = (
    Happened | Computed | Trait | Changed | InSegment | Moved | Reachable | Preference | Consent | Mobile | Near
    | LocalTime | InAccount | AccountTrait | Random | Steps
)  # fmt: skip
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


def places(rule: Rule, at: str = "rule") -> Iterator[tuple[str, Rule]]:
    """Every node with its path, such as `rule.all[0].not`; a node before what is in it."""
    yield at, rule
    if isinstance(rule, All | Any):
        kind = "all" if isinstance(rule, All) else "any"
        for n, part in enumerate(rule.parts):
            yield from places(part, f"{at}.{kind}[{n}]")
    elif isinstance(rule, Not):
        yield from places(rule.part, f"{at}.not")


def replace(rule: Rule, new: Callable[[Leaf], Rule]) -> Rule:
    """The rule with every leaf replaced."""
    if isinstance(rule, All):
        return All(tuple(replace(part, new) for part in rule.parts))
    if isinstance(rule, Any):
        return Any(tuple(replace(part, new) for part in rule.parts))
    return Not(replace(rule.part, new)) if isinstance(rule, Not) else new(rule)


def events_of(rule: Rule) -> set[str]:
    """The names of the events that the rule speaks of."""
    names: set[str] = set()
    for leaf in leaves(rule):
        if isinstance(leaf, Happened):
            names.update(leaf.events)
        elif isinstance(leaf, Steps):
            names.update(step.event for step in leaf.steps)
    return names


def segments_of(rule: Rule) -> set[str]:
    """The segments that the rule names, as it names them."""
    return {leaf.segment for leaf in leaves(rule) if isinstance(leaf, InSegment | Moved)}


def computed_of(rule: Rule) -> set[str]:
    return {leaf.name for leaf in leaves(rule) if isinstance(leaf, Computed)}


def key_of(leaf: Leaf) -> bytes:
    """Equal for leaves that mean the same. (Not the leaf itself: in Python 1 == True == 1.0.)"""
    return msgspec.json.encode(leaf)


class ComputedTrait(Struct, frozen=True):
    """A measure that has a name. `recency`: whole days since the last of the events."""

    events: tuple[str, ...]
    where: tuple[Condition, ...]
    window: Window
    of: Measured | Literal["recency"]
    field: str | None = None
