"""Who satisfies a rule, worked out the slow way from what happened. Shares nothing with the product, on purpose.

`docs/reference/rules.md` is what it reads like; where that is silent, what people expect. Its other files: values and
paths (`oracle_values`), calendars (`oracle_time`), events (`oracle_events`), wishes (`oracle_wishes`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from hashlib import md5
from math import asin, cos, radians, sin, sqrt
from typing import Any

from segments.oracle_events import Event, computed, follow, happened, written_to
from segments.oracle_time import Moment, zone
from segments.oracle_values import is_number, meets, numerically, same
from segments.oracle_wishes import Said, Topic, Wishes

EARTH_KM = 6371.0088


@dataclass
class Person:
    """All that is known of somebody, or was said in one of their names.

    numbers     all that lead to them
    told        trait → (when it was said, value); None took it away
    noted       (when we learnt it, trait, what it was before), of every change of somebody known
    addresses   (channel, value) → alive
    read_on     (channel, value) → opens and clicks on [a phone or tablet, anything else]
    """

    id: int = 0
    numbers: set[int] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    told: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    noted: list[tuple[datetime, str, Any]] = field(default_factory=list)
    addresses: dict[tuple[str, str], bool] = field(default_factory=dict)
    read_on: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    accounts: set[str] = field(default_factory=set)

    @property
    def traits(self) -> dict[str, Any]:
        return {trait: value for trait, (_, value) in self.told.items() if value is not None}


def whole(id: int, parts: list[Person]) -> Person:
    """Somebody who turned out to be several: all that happened and was said, of each trait the latest.

    An address that is alive for one of them is alive.
    """
    person = Person(id)
    for part in parts:
        person.events += part.events
        person.noted += part.noted
        person.said += part.said
        person.accounts |= part.accounts
        for address, alive in part.addresses.items():
            person.addresses[address] = alive or person.addresses.get(address, False)
        for address, counts in part.read_on.items():
            person.read_on[address] = [a + b for a, b in zip(person.read_on.get(address, [0, 0]), counts, strict=True)]
        for trait, told in part.told.items():
            person.told[trait] = max(told, person.told.get(trait, told), key=lambda each: each[0])
    return person


@dataclass
class History:
    """Who was in a segment when, by number: [since, until], and every entry (True) and exit that was told."""

    stays: dict[int, list[tuple[datetime, datetime | None]]] = field(default_factory=dict)
    moves: dict[int, list[tuple[datetime, bool]]] = field(default_factory=dict)

    def move(self, id: int, at: datetime, *, entered: bool) -> None:
        self.moves.setdefault(id, []).append((at, entered))
        (self.begin if entered else self.end)(id, at)

    def begin(self, id: int, at: datetime) -> None:
        """Of two beginnings of one stay the earlier counts."""
        stays = self.stays.setdefault(id, [])
        if stays and stays[-1][1] is None:
            at = min(at, stays.pop()[0])
        stays.append((at, None))

    def end(self, id: int, at: datetime) -> None:
        stays = self.stays.get(id, [])
        if stays and stays[-1][1] is None:
            stays[-1] = (stays[-1][0], at)

    def inherit(self, other: int, heir: int) -> None:
        """Whoever turns out to be one person, or parts, is in since the earlier of both; nobody enters by it."""
        since, until = self.stays[other][-1] if self.stays.get(other) else (None, None)
        if since is not None and until is None:
            self.begin(heir, since)

    def since(self, id: int, at: datetime) -> datetime | None:
        """Since when without a break, if they are in at that time."""
        return next((a for a, b in self.stays.get(id, []) if a <= at and (b is None or b > at)), None)


@dataclass
class World:
    """Everybody, the rules of named segments, lists, computed traits, accounts, topics, and the company's time zone."""

    people: dict[int, Person] = field(default_factory=dict)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    segments: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, set[int]] = field(default_factory=dict)
    histories: dict[str, History] = field(default_factory=dict)
    computed: dict[str, Any] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)
    opted_out: set[tuple[str, str]] = field(default_factory=set)
    zone: str = "UTC"

    def satisfying(self, document: Any, as_of: datetime) -> set[int]:
        return {id for id, person in self.people.items() if self.holds(document["rule"], person, as_of)}

    def holds(self, rule: Any, person: Person, as_of: datetime) -> bool:
        if "all" in rule:
            return all(self.holds(part, person, as_of) for part in rule["all"])
        if "any" in rule:
            return any(self.holds(part, person, as_of) for part in rule["any"])
        if "not" in rule:
            return not self.holds(rule["not"], person, as_of)
        moment = Moment(as_of, zone(person.traits.get("timezone"), self.zone), zone(None, self.zone))
        [leaf] = LEAVES.keys() & rule.keys()
        return bool(LEAVES[leaf](self, rule, person, moment))

    def belongs(self, rule: Any, person: Person, moment: Moment) -> bool:
        wanted = rule["account"]
        if isinstance(wanted, str):
            return wanted in person.accounts
        traits = [self.accounts.get(key, {}) for key in person.accounts]
        return any(meets(each, wanted["trait"], wanted["op"], wanted.get("value", True), moment) for each in traits)

    def is_in(self, rule: Any, person: Person, moment: Moment) -> bool:
        """Of a list, as it is now; of a segment, by its rule. Since when, tells the history."""
        name = rule["segment"]
        if "for" in rule:
            since = self.history(name).since(person.id, moment.at)
            return since is not None and since <= moment.at - moment.long(rule["for"])
        return (
            person.id in self.lists[name]
            if name in self.lists
            else self.holds(self.segments[name]["rule"], person, moment.at)
        )

    def has_moved(self, rule: Any, person: Person, moment: Moment) -> bool:
        """What was noted of entries and exits."""
        noted = self.history(rule.get("entered") or rule["left"]).moves
        moves = [move for number in {person.id, *person.numbers} for move in noted.get(number, [])]
        return any(entered == ("entered" in rule) and moment.holds(recent(rule), at) for at, entered in moves)

    def history(self, name: str) -> History:
        return self.histories.setdefault(name, History())

    def reaches(self, rule: Any, person: Person, moment: Moment) -> bool:
        wishes, topic = Wishes(person.said), rule.get("topic", "")
        return any(
            wishes.allows(topic, self.topics.get(topic, Topic()), channel, address, moment.at)
            for (channel, address), alive in person.addresses.items()
            if channel == rule["reachable"] and alive and (channel, address) not in self.opted_out
        )


def recent(rule: Any) -> dict[str, Any]:
    return {"within": rule["within"]} if "within" in rule else {}


def has_changed(rule: Any, person: Person, moment: Moment) -> bool:
    before = [was for at, trait, was in person.noted if trait == rule["changed"] and moment.holds(recent(rule), at)]
    return (
        bool(before)
        and ("from" not in rule or any(same(was, rule["from"]) for was in before))
        and ("to" not in rule or same(person.traits.get(rule["changed"]), rule["to"]))
    )


def reads_on_a_phone(rule: Any, person: Person) -> bool:
    counts = [each for (channel, _), each in person.read_on.items() if rule.get("channel", channel) == channel]
    mobile, other = sum(each[0] for each in counts), sum(each[1] for each in counts)
    asked = rule["mobile"]
    return mobile + other > 0 and numerically(Fraction(mobile, mobile + other), asked["op"], asked["value"])


def lives_near(place: dict[str, float], traits: dict[str, Any]) -> bool:
    here: list[Any] = [each for each in (traits.get("latitude"), traits.get("longitude")) if is_number(each)]
    if len(here) < 2:
        return False
    lat, lon = (radians(each) for each in here)
    to_lat, to_lon = radians(place["latitude"]), radians(place["longitude"])
    half = sin((to_lat - lat) / 2) ** 2 + cos(lat) * cos(to_lat) * sin((to_lon - lon) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(half, 1.0))) <= place["km"]


def is_drawn(rule: Any, id: int) -> bool:
    drawn = Fraction(int(md5(f"{rule['seed']}:{id}".encode()).hexdigest()[:8], 16), 2**32) * 100
    first, share = Fraction(str(rule.get("first", 0))), Fraction(str(rule["random"]))
    return first <= drawn < first + share


LEAVES: dict[str, Any] = {
    "event": lambda world, rule, person, moment: happened(rule, person.events, moment),
    "message": lambda world, rule, person, moment: written_to(rule, person.events, moment),
    "computed": lambda world, rule, person, moment: computed(
        world.computed[rule["computed"]], rule, person.events, moment
    ),
    "sequence": lambda world, rule, person, moment: follow(rule, person.events, moment),
    "trait": lambda world, rule, person, moment: meets(
        person.traits, rule["trait"], rule["op"], rule.get("value", True), moment
    ),
    "changed": lambda world, rule, person, moment: has_changed(rule, person, moment),
    "account": World.belongs,
    "segment": World.is_in,
    "entered": World.has_moved,
    "left": World.has_moved,
    "reachable": World.reaches,
    "preference": lambda world, rule, person, moment: Wishes(person.said).is_in_state(
        rule["preference"], rule["channel"], rule["state"], moment.at
    ),
    "consent": lambda world, rule, person, moment: Wishes(person.said).consents(
        rule["consent"], rule["channel"], rule.get("confirmed", False), moment.at
    ),
    "mobile": lambda world, rule, person, moment: reads_on_a_phone(rule, person),
    "near": lambda world, rule, person, moment: lives_near(rule["near"], person.traits),
    "local_time": lambda world, rule, person, moment: moment.is_between(rule["local_time"]),
    "random": lambda world, rule, person, moment: is_drawn(rule, person.id),
}
