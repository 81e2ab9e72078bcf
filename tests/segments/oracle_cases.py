"""Cases worked out by hand, for the oracle: who somebody is, where they live, what they belong to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from segments.oracle import History, Person, World

NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
"""A Monday. In London the clocks went forward the day before."""
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Case:
    what: str
    rule: dict[str, Any]
    holds: bool
    person: Person = field(default_factory=Person)
    at: datetime = NOW
    world: World | None = None


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def who(**traits: Any) -> Person:
    return Person(id=1, told={trait: (0, value) for trait, value in traits.items()})


def trait(path: str, op: str, value: Any = True) -> dict[str, Any]:
    return {"trait": path, "op": op, "value": value}


_SHOP = who(items=[{"sku": "a", "n": 2}, {"sku": "b"}], tags=["new", 1], address={"city": "Rome"}, empty=[], tall=True)
_SHOP.told["a.b"] = (0, "whole")
_SHOP.told["a"] = (0, {"b": "part"})
_CONDITIONS = [
    ("gold is gold", trait("tier", "eq", "gold"), True, who(tier="gold")),
    ("one is 1.0", trait("n", "eq", 1.0), True, who(n=1)),
    ("one is not its text", trait("n", "eq", "1"), False, who(n=1)),
    ("one is not true", trait("n", "eq", 1), False, who(n=True)),
    ("nothing is not equal", trait("n", "ne", 1), True, who()),
    ("a null is nothing", trait("n", "exists"), False, who(n=None)),
    ("it exists though it is false", trait("n", "exists"), True, who(n=False)),
    ("nothing does not exist", trait("n", "exists", False), True, who()),
    ("a tenth and two tenths", trait("n", "lte", 0.3), True, who(n=0.3)),
    ("at the limit it is not greater", trait("n", "gt", 3), False, who(n=3)),
    ("a text is no number", trait("n", "lt", 9), False, who(n="3")),
    ("one of them", trait("n", "in", ["x", 2]), True, who(n=2)),
    ("none of them", trait("n", "not_in", ["x", 2]), False, who(n=2)),
    ("nothing is none of them", trait("n", "not_in", ["x", 2]), True, who()),
    ("a text in a text", trait("n", "contains", "ol"), True, who(n="gold")),
    ("case matters", trait("n", "contains", "OL"), False, who(n="gold")),
    ("an item of a list", trait("tags", "contains", 1), True, _SHOP),
    ("a part of an item is none", trait("tags", "contains", "ne"), False, _SHOP),
    ("it starts so", trait("n", "starts_with", "go"), True, who(n="gold")),
    ("it does not start with all of a longer one", trait("n", "starts_with", "golden"), False, who(n="gold")),
    ("it ends so", trait("n", "ends_with", "ld"), True, who(n="gold")),
    ("nothing ends with the empty text", trait("n", "ends_with", ""), False, who(n=5)),
    ("a key in a key", trait("address.city", "eq", "Rome"), True, _SHOP),
    ("no further than a text", trait("address.city.name", "exists"), False, _SHOP),
    ("a key of that very name", trait("a.b", "eq", "whole"), True, _SHOP),
    ("a key of any item", trait("items[].sku", "eq", "b"), True, _SHOP),
    ("none of the items is it", trait("items[].sku", "ne", "b"), False, _SHOP),
    ("none of the items is c", trait("items[].sku", "not_in", ["c"]), True, _SHOP),
    ("one item has it", trait("items[].n", "exists"), True, _SHOP),
    ("and so it is not missing", trait("items[].n", "exists", False), False, _SHOP),
    ("of an empty list nothing is there", trait("empty[]", "exists", False), True, _SHOP),
    ("any item", trait("tags[]", "eq", "new"), True, _SHOP),
    ("what is no list has no items", trait("address[]", "exists"), False, _SHOP),
    ("without brackets a list is no way", trait("items.sku", "exists"), False, _SHOP),
    ("before a day", trait("d", "before", "2026-01-02"), True, who(d="2026-01-01T23:59:59.999Z")),
    ("not before the very day", trait("d", "before", "2026-01-02"), False, who(d="2026-01-02")),
    ("an offset counts", trait("d", "after", "2026-01-01T23:00:00Z"), True, who(d="2026-01-02T00:30+01:00")),
    ("what is no date", trait("d", "after", "2026-01-01"), False, who(d="2026-13-01")),
    ("a year and a week are no date", trait("d", "after", "2000-01-01"), False, who(d="2026-W01-1")),
    ("within the hour", trait("d", "within", "1h"), True, who(d="2026-03-30T11:00:01Z")),
    ("an hour ago is not within", trait("d", "within", "1h"), False, who(d="2026-03-30T11:00:00Z")),
    ("now is within", trait("d", "within", "1h"), True, who(d="2026-03-30T12:00:00Z")),
    ("what is to come is not within", trait("d", "within", "1h"), False, who(d="2026-03-30T12:00:01Z")),
    ("an hour ago", trait("d", "ago", "1h"), True, who(d="2026-03-30T11:00:00Z")),
    ("hardly an hour ago", trait("d", "ago", "1h"), False, who(d="2026-03-30T11:00:01Z")),
    ("in a day", trait("d", "next", "1d"), True, who(d="2026-03-31T12:00:00Z")),
    ("in more than a day", trait("d", "next", "1d"), False, who(d="2026-03-31T12:00:01Z")),
    ("now is not next", trait("d", "next", "1d"), False, who(d="2026-03-30T12:00:00Z")),
    ("a birthday today", trait("d", "anniversary", "0d"), True, who(d="1980-03-30")),
    ("tomorrow is not today", trait("d", "anniversary", "0d"), False, who(d="1980-03-31")),
    ("tomorrow is near", trait("d", "anniversary", "1d"), True, who(d="1980-03-31")),
    ("yesterday is a year away", trait("d", "anniversary", "363d"), False, who(d="1980-03-29")),
    ("but not more", trait("d", "anniversary", "364d"), True, who(d="1980-03-29")),
    ("it is the 31st in Auckland", trait("d", "anniversary", "0d"), True,
     who(d="1980-03-31", timezone="Pacific/Auckland")),
    ("a day is as it is written", trait("d", "anniversary", "0d"), True,
     who(d="1980-03-31T23:30:00Z", timezone="Pacific/Auckland")),
]  # fmt: skip
_LEAP = [
    ("on the 28th in a common year", who(d="2004-02-29"), "2026-02-28T12:00", True),
    ("not on the 1st", who(d="2004-02-29"), "2026-03-01T12:00", False),
    ("not on the 28th in a leap year", who(d="2004-02-29"), "2028-02-28T12:00", False),
    ("on the 29th in a leap year", who(d="2004-02-29"), "2028-02-29T12:00", True),
    ("the 28th is the 28th", who(d="2004-02-28"), "2028-02-29T12:00", False),
]
_CHANGED = Person(told={"tier": (0, "gold")}, noted=[(NOW - HOUR, "tier", "old"), (NOW - DAY, "tier", None)])
_CHANGES = [
    ("it has changed", {}, True),
    ("within the window", {"within": "61m"}, True),
    ("at the edge it is over", {"within": "1h"}, False),
    ("it was this before", {"from": "old"}, True),
    ("a day before it was nothing, not this", {"from": "silver"}, False),
    ("it is this now", {"to": "gold", "within": "2h"}, True),
    ("it is not this now", {"to": "old"}, False),
]
_MEMBER = Person(id=1, accounts={"acme", "house"})
_FIRMS = World(accounts={"acme": {"plan": "pro"}, "house": {}, "other": {"plan": "free"}})
_ACCOUNTS: list[tuple[str, Any, bool]] = [
    ("belongs", "acme", True),
    ("does not belong", "other", False),
    ("one of several is enough", trait("plan", "eq", "pro"), True),
    ("and one that is not is enough", trait("plan", "ne", "pro"), True),
    ("none of them", trait("plan", "eq", "free"), False),
]
_PARIS = {"latitude": 48.8566, "longitude": 2.3522}
_PLACES: list[tuple[str, dict[str, Any], float, bool]] = [
    ("London is 343.6 km from Paris", {"latitude": 51.5074, "longitude": -0.1278}, 345, True),
    ("and not nearer", {"latitude": 51.5074, "longitude": -0.1278}, 342, False),
    ("a place in words", {"latitude": "51.5", "longitude": -0.1278}, 20000, False),
    ("half a place", {"latitude": 51.5}, 20000, False),
]
_HOURS: list[tuple[str, Person, dict[str, Any], str, bool]] = [
    ("at nine it has begun", who(), {"from": "09:00", "to": "18:00"}, "2026-03-30T09:00", True),
    ("at six it is over", who(), {"from": "09:00", "to": "18:00"}, "2026-03-30T18:00", False),
    ("in summer eight is nine in London", who(timezone="Europe/London"), {"from": "09:00", "to": "18:00"},
     "2026-03-30T08:00", True),
    ("and was not before", who(timezone="Europe/London"), {"from": "09:00", "to": "18:00"}, "2026-03-28T08:00", False),
    ("on a Monday", who(), {"from": "09:00", "to": "18:00", "days": ["mon"]}, "2026-03-30T12:00", True),
    ("on no Tuesday", who(), {"from": "09:00", "to": "18:00", "days": ["tue"]}, "2026-03-30T12:00", False),
    ("the night of Sunday", who(), {"from": "22:00", "to": "06:00", "days": ["sun"]}, "2026-03-30T05:59", True),
    ("ends in the morning", who(), {"from": "22:00", "to": "06:00", "days": ["sun"]}, "2026-03-30T06:00", False),
    ("Monday's has not begun", who(), {"from": "22:00", "to": "06:00", "days": ["mon"]}, "2026-03-30T05:59", False),
    ("round the clock", who(), {"from": "09:00", "to": "09:00", "days": ["sun"]}, "2026-03-30T08:59", True),
    ("in no zone", who(timezone="Middle/Earth"), {"from": "00:00", "to": "13:00"}, "2026-03-30T12:00", True),
]  # fmt: skip
_SEGMENTS = World(segments={"gold": {"rule": trait("tier", "eq", "gold")}}, lists={"vip": {1}})
_SEGMENTS.histories["gold"] = History(
    {1: [(NOW - 9 * DAY, NOW - 5 * DAY), (NOW - 2 * DAY, None)], 2: [(NOW - 9 * DAY, NOW)]},
    {1: [(NOW - 5 * DAY, False), (NOW - 2 * DAY, True)]},
)
_MEMBERSHIPS: list[tuple[str, dict[str, Any], int, bool]] = [
    ("by its rule", {"segment": "gold"}, 1, True),
    ("a list as it is", {"segment": "vip"}, 1, True),
    ("not on the list", {"segment": "vip"}, 2, False),
    ("for two days", {"segment": "gold", "for": "2d"}, 1, True),
    ("not before the break", {"segment": "gold", "for": "49h"}, 1, False),
    ("who just left is not in", {"segment": "gold", "for": "1d"}, 2, False),
    ("it entered", {"entered": "gold"}, 1, True),
    ("at the edge it is over", {"entered": "gold", "within": "2d"}, 1, False),
    ("the first members did not enter", {"entered": "gold", "within": "9d"}, 2, False),
    ("it left", {"left": "gold", "within": "121h"}, 1, True),
    ("and not since", {"left": "gold", "within": "120h"}, 1, False),
    ("who never left", {"left": "gold"}, 2, False),
]
_READS = Person(read_on={("email", "a"): [1, 2], ("sms", "b"): [0, 1]})
_MOBILE: list[tuple[str, dict[str, Any], Person, bool]] = [
    ("a quarter over all", {"mobile": {"op": "eq", "value": 0.25}}, _READS, True),
    ("a third on one channel", {"mobile": {"op": "gt", "value": 0.3333}, "channel": "email"}, _READS, True),
    ("none on another", {"mobile": {"op": "gt", "value": 0}, "channel": "sms"}, _READS, False),
    ("nothing was ever read", {"mobile": {"op": "gte", "value": 0}}, Person(), False),
]
_PARTS = [
    ("71.56 of 100", 72, 0, True),
    ("not below", 71, 0, False),
    ("from 71 on", 1, 71, True),
    ("above", 9, 72, False),
]

CASES = [
    *(Case(what, rule, holds, person) for what, rule, holds, person in _CONDITIONS),
    *(Case(what, trait("d", "anniversary", "0d"), holds, person, utc(at)) for what, person, at, holds in _LEAP),
    *(Case(what, {"changed": "tier", **more}, holds, _CHANGED) for what, more, holds in _CHANGES),
    *(Case(what, {"account": wanted}, holds, _MEMBER, NOW, _FIRMS) for what, wanted, holds in _ACCOUNTS),
    *(Case(what, {"near": {**_PARIS, "km": km}}, holds, who(**place)) for what, place, km, holds in _PLACES),
    Case(
        "over the date line",
        {"near": {"latitude": 0, "longitude": -179.9, "km": 23}},
        True,
        who(latitude=0, longitude=179.9),
    ),
    *(Case(what, {"local_time": hours}, holds, person, utc(at)) for what, person, hours, at, holds in _HOURS),
    *(
        Case(what, rule, holds, Person(id=id, told={"tier": (0, "gold")}), NOW, _SEGMENTS)
        for what, rule, id, holds in _MEMBERSHIPS
    ),
    *(Case(what, rule, holds, person) for what, rule, person, holds in _MOBILE),
    *(
        Case(what, {"random": share, "first": first, "seed": "s"}, holds, Person(id=1))
        for what, share, first, holds in _PARTS
    ),
]
