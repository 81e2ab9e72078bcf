"""Who satisfies a rule, worked out the slow way from what happened. Shares nothing with the product, on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any


@dataclass
class Person:
    """All that is known of somebody, or was said in one of their names.

    Traits and preferences remember when they were said: trait → (when, value), (topic, channel) → (when, state).
    Addresses: (channel, value) → alive. Accounts by key.
    """

    events: list[tuple[str, datetime, dict[str, Any]]] = field(default_factory=list)
    told: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    addresses: dict[tuple[str, str], bool] = field(default_factory=dict)
    preferences: dict[tuple[str, str], tuple[Any, str]] = field(default_factory=dict)
    accounts: set[str] = field(default_factory=set)


def whole(parts: list[Person]) -> Person:
    """Somebody who turned out to be several: all events, of each trait and wish the latest, every address and account.

    An address that is alive for one of them is alive.
    """
    person = Person()
    for part in parts:
        person.events += part.events
        person.accounts |= part.accounts
        for address, alive in part.addresses.items():
            person.addresses[address] = alive or person.addresses.get(address, False)
        for mine, theirs in ((person.told, part.told), (person.preferences, part.preferences)):
            for key, said in theirs.items():
                mine[key] = max(said, mine.get(key, said), key=lambda each: each[0])
    return person


@dataclass
class World:
    """Everybody, the rules of named segments, what accounts are told to be, and the addresses that opted out."""

    people: dict[int, Person] = field(default_factory=dict)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    segments: dict[str, Any] = field(default_factory=dict)
    opted_out: set[tuple[str, str]] = field(default_factory=set)

    def satisfying(self, document: Any, as_of: datetime) -> set[int]:
        return {id for id, person in self.people.items() if self.holds(document["rule"], person, as_of)}

    def holds(self, rule: Any, person: Person, as_of: datetime) -> bool:
        if "all" in rule:
            return all(self.holds(part, person, as_of) for part in rule["all"])
        if "any" in rule:
            return any(self.holds(part, person, as_of) for part in rule["any"])
        if "not" in rule:
            return not self.holds(rule["not"], person, as_of)
        if "segment" in rule:
            return self.holds(self.segments[rule["segment"]]["rule"], person, as_of)
        if "trait" in rule:
            return compares(person.told.get(rule["trait"], (0, None))[1], rule["op"], rule.get("value", True))
        if "account" in rule:
            return self.belongs(rule["account"], person)
        if "reachable" in rule:
            return self.reaches(rule["reachable"], rule.get("topic"), person)
        events = [event for event in person.events if in_window(event[1], rule.get("within"), as_of)]
        if "sequence" in rule:
            return runs(rule["sequence"], rule.get("complete", True), events)
        return measures(rule, [event for event in events if event[0] == rule["event"]])

    def belongs(self, wanted: Any, person: Person) -> bool:
        if isinstance(wanted, str):
            return wanted in person.accounts
        return any(
            compares(self.accounts[key].get(wanted["trait"]), wanted["op"], wanted.get("value", True))
            for key in person.accounts
        )

    def reaches(self, channel: str, topic: str | None, person: Person) -> bool:
        usable = [
            address
            for address, alive in person.addresses.items()
            if address[0] == channel and alive and address not in self.opted_out
        ]
        said = {key[1]: state for key, (_, state) in person.preferences.items() if key[0] == topic}
        if topic is not None and said.get(channel) == "unwanted":
            return False
        if topic is not None and "wanted" in said.values() and said.get(channel) != "wanted":
            return False
        return bool(usable)


def in_window(at: datetime, within: str | None, as_of: datetime) -> bool:
    if at > as_of:
        return False
    if within is None:
        return True
    seconds = int(within[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[within[-1]]
    return as_of - at < timedelta(seconds=seconds)


def measures(rule: Any, events: list[tuple[str, datetime, dict[str, Any]]]) -> bool:
    matching = [
        properties
        for _, _, properties in events
        if all(compares(properties.get(c["property"]), c["op"], c.get("value", True)) for c in rule.get("where", []))
    ]
    if "sum" in rule:
        numbers = [properties.get(rule["sum"]["property"]) for properties in matching]
        total = sum((Fraction(str(n)) for n in numbers if is_number(n)), Fraction(0))
        return numerically(total, rule["sum"]["op"], rule["sum"]["value"])
    wanted = rule.get("count", {"op": "gte", "value": 1})
    return numerically(Fraction(len(matching)), wanted["op"], wanted["value"])


def runs(steps: list[str], complete: bool, events: list[tuple[str, datetime, dict[str, Any]]]) -> bool:
    def reaches_the_end(step: int, after: datetime | None) -> bool:
        if step == len(steps):
            return True
        return any(
            reaches_the_end(step + 1, at)
            for name, at, _ in events
            if name == steps[step] and (after is None or at > after)
        )

    if complete:
        return reaches_the_end(0, None)
    begun = [at for name, at, _ in events if name == steps[0]]
    return bool(begun) and not reaches_the_end(1, max(begun))


def is_number(value: Any) -> bool:
    return type(value) in (int, float)


def numerically(left: Fraction, op: str, right: float) -> bool:
    other = Fraction(str(right))
    return {
        "eq": left == other,
        "ne": left != other,
        "gt": left > other,
        "gte": left >= other,
        "lt": left < other,
        "lte": left <= other,
    }[op]


def same(left: Any, right: Any) -> bool:
    if is_number(left) and is_number(right):
        return bool(left == right)
    return type(left) is type(right) and bool(left == right)


def compares(left: Any, op: str, right: Any) -> bool:
    if op == "exists":
        return (left is not None) == right
    if op in ("ne", "not_in"):
        return not compares(left, {"ne": "eq", "not_in": "in"}[op], right)
    if left is None:
        return False
    if op == "eq":
        return same(left, right)
    if op == "in":
        return any(same(left, item) for item in right)
    if op == "contains":
        if isinstance(left, str):
            return isinstance(right, str) and right in left
        return isinstance(left, list) and any(same(item, right) for item in left)
    if op in ("before", "after"):
        mine, theirs = instant(left), instant(right)
        return mine is not None and theirs is not None and (mine < theirs if op == "before" else mine > theirs)
    return is_number(left) and numerically(Fraction(str(left)), op, right)


def instant(value: Any) -> datetime | None:
    """The few forms that the tests use: a date, a time with Z or an offset."""
    if not isinstance(value, str) or len(value) < 10 or value[4] != "-":
        return None
    try:
        found = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
