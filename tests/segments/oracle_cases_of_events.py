"""Cases worked out by hand, for the oracle: what happened to somebody, and when."""

from __future__ import annotations

from typing import Any

from segments.oracle import Person, World
from segments.oracle_cases import DAY, HOUR, NOW, SECOND, Case, utc, who

BOUGHT = {"event": "bought"}


def did(*events: tuple[str, Any, dict[str, Any]], **traits: Any) -> Person:
    person = who(**traits)
    person.events += events
    return person


def at(*times: Any, **traits: Any) -> Person:
    """Bought at each of these: an instant, or a text of one."""
    return did(*(("bought", utc(time) if isinstance(time, str) else time, {}) for time in times), **traits)


def paid(*amounts: Any) -> Person:
    """An hour apart, the last an hour ago; None is a purchase without an amount."""
    events = [
        ("bought", NOW - n * HOUR, {} if amount is None else {"amount": amount})
        for n, amount in zip(range(len(amounts), 0, -1), amounts, strict=True)
    ]
    return did(*events)


_LONDON = {"timezone": "Europe/London"}
_WINDOWS: list[tuple[str, dict[str, Any], Person, bool]] = [
    ("now is in the last hour", {"within": "1h"}, at(NOW), True),
    ("an hour ago is out", {"within": "1h"}, at(NOW - HOUR), False),
    ("a moment less is in", {"within": "1h"}, at(NOW - HOUR + SECOND), True),
    ("what is to come counts for nothing", {}, at(NOW + SECOND), False),
    ("ever", {}, at("1970-01-01T00:00"), True),
    ("an hour ago is ago", {"ago": "1h"}, at(NOW - HOUR), True),
    ("a moment later is not", {"ago": "1h"}, at(NOW - HOUR + SECOND), False),
    ("between two days and one", {"within": "2d", "ago": "1d"}, at(NOW - DAY), True),
    ("not two days ago", {"within": "2d", "ago": "1d"}, at(NOW - 2 * DAY, NOW), False),
    ("from its first instant", {"from": "2026-03-01", "to": "2026-03-02"}, at("2026-03-01T00:00"), True),
    ("its end is out", {"from": "2026-03-01", "to": "2026-03-02"}, at("2026-03-02T00:00"), False),
    ("an offset in a fixed window", {"from": "2026-03-01T00:00:00+02:00"}, at("2026-02-28T22:00"), True),
    ("not before", {"from": "2026-03-01T00:00:00+02:00"}, at("2026-02-28T21:59:59"), False),
    ("a fixed window that has not ended", {"to": "2027-01-01"}, at(NOW + DAY), False),
    ("today", {"within": {"days": 1}}, at("2026-03-30T00:00"), True),
    ("yesterday is not today", {"within": {"days": 1}}, at("2026-03-29T23:59:59"), False),
    ("the last seven days", {"within": {"days": 7}}, at("2026-03-24T00:00"), True),
    ("not the eighth", {"within": {"days": 7}}, at("2026-03-23T23:59"), False),
    ("in summer London's day begins an hour before", {"within": {"days": 1}}, at("2026-03-29T23:00", **_LONDON), True),
    ("two days of which one has 23 hours", {"within": {"days": 2}}, at("2026-03-29T00:00", **_LONDON), True),
    ("and not more", {"within": {"days": 2}}, at("2026-03-28T23:59:59", **_LONDON), False),
    ("by the company's calendar", {"within": {"days": 1}, "zone": "company"}, at("2026-03-29T23:00", **_LONDON), False),
    ("in New York it is still morning", {"within": {"days": 1}}, at("2026-03-30T03:59", timezone="America/New_York"),
     False),
    ("the week begins on Monday", {"within": {"weeks": 1}}, at("2026-03-29T23:59"), False),
    ("with its first instant", {"within": {"weeks": 1}}, at("2026-03-30T00:00"), True),
    ("two weeks", {"within": {"weeks": 2}}, at("2026-03-23T00:00"), True),
    ("this month", {"within": {"months": 1}}, at("2026-03-01T00:00"), True),
    ("last month is not this", {"within": {"months": 1}}, at("2026-02-28T23:59"), False),
    ("four months reach into last year", {"within": {"months": 4}}, at("2025-12-01T00:00"), True),
    ("and no further", {"within": {"months": 4}}, at("2025-11-30T23:59"), False),
    ("this year", {"within": {"years": 1}}, at("2026-01-01T00:00"), True),
    ("not the last", {"within": {"years": 1}}, at("2025-12-31T23:59"), False),
    ("both of several names", {"event": ["looked", "bought"], "count": {"op": "eq", "value": 1}}, at(NOW), True),
    ("another name", {"event": "looked"}, at(NOW), False),
]  # fmt: skip


def op(name: str, value: Any, property: str | None = "amount") -> dict[str, Any]:
    return {"op": name, "value": value} | ({} if property is None else {"property": property})


_MEASURES: list[tuple[str, str, dict[str, Any], Person, bool]] = [
    ("two are two", "count", op("eq", 2, None), paid(1, 1), True),
    ("none is none", "count", op("lt", 1, None), paid(), True),
    ("two are not more than two", "count", op("gt", 2, None), paid(1, 1), False),
    ("exact", "sum", op("eq", 0.3), paid(0.1, 0.2), True),
    ("what is no number adds nothing", "sum", op("eq", 2), paid(2, "3", True, None), True),
    ("of nothing it is nothing", "sum", op("gte", 0), paid(), True),
    ("less than nothing", "sum", op("gt", 0), paid(2, -2), False),
    ("of what is a number", "average", op("eq", 1.5), paid(1, 2, "9"), True),
    ("a third is less than its digits", "average", op("gt", 0.33), paid(0, 0, 1), True),
    ("no average of nothing", "average", op("lte", 9), paid("9"), False),
    ("but it is not 9", "average", op("ne", 9), paid(), True),
    ("the least", "min", op("eq", -1), paid(3, -1, 2), True),
    ("no least of nothing", "min", op("lt", 9), paid(None), False),
    ("that is no text", "min", op("lt", 2), paid("1", 2), False),
    ("the most", "max", op("gte", 3), paid(3, -1, 2), True),
    ("not more", "max", op("gt", 3), paid(3, -1, "4"), False),
    ("no most of nothing is 0", "max", op("ne", 0), paid(), True),
    ("1 and 1.0 are one", "distinct", op("eq", 1), paid(1, 1.0), True),
    ("1, its text and true are three", "distinct", op("eq", 3), paid(1, "1", True, None), True),
    ("of nothing none", "distinct", op("gt", 0), paid(None), False),
    ("first of all", "first", op("eq", 3), paid(3, 5), True),
    ("the first had nothing", "first", op("eq", 5), paid(None, 5), False),
    ("and so has none", "first", op("exists", False), paid(None, 5), True),
    ("last of all", "last", op("gt", 4), paid(3, 5), True),
    ("the last is no text", "last", op("contains", "5"), paid(3, 5), False),
    ("of nothing it is not 5", "last", op("ne", 5), paid(), True),
    ("it is there most often", "most", op("eq", "b"), paid("a", "b", "b", None), True),
    ("of equals the text that comes first", "most", op("eq", "B"), paid("a", "B", 1, True), True),
    ("numbers before booleans", "most", op("eq", 1), paid(True, 2, 1), True),
    ("most of nothing is none of these", "most", op("not_in", ["a"]), paid(), True),
    ("nothing is not there most often", "most", op("exists", True), paid(None, None), False),
]
_SAME = [("bought", NOW, {"amount": amount}) for amount in ("b", 10, 9, None)]
_TIMES: list[tuple[str, dict[str, Any], Person, bool]] = [
    ("of one instant what reads first", {"last": op("eq", "b")}, did(*_SAME), True),
    ("as it is written", {"first": op("eq", 10)}, did(*_SAME[1:]), True),
    ("where something is written", {"last": op("exists", False)}, did(*_SAME[2:]), False),
    ("the first was long ago", {"first": op("ago", "2d", None)}, at(NOW, NOW - 2 * DAY), True),
    ("for the first time in two days", {"first": op("within", "2d", None)}, at(NOW, NOW - 2 * DAY), False),
    ("among those in the window", {"first": op("within", "2d", None), "within": "2d"}, at(NOW, NOW - 2 * DAY), True),
    ("the last within", {"last": op("within", "2d", None)}, at(NOW, NOW - 2 * DAY), True),
    ("the last before a day", {"last": op("before", "2026-03-30", None)}, at("2026-03-30T00:00"), False),
    ("the last after a day", {"last": op("after", "2026-03-29", None)}, at("2026-03-30T00:00"), True),
    ("nothing was never", {"last": op("ago", "1d", None)}, at(), False),
    ("two days", {"days": op("eq", 2, None)}, at("2026-03-29T23:59", "2026-03-30T00:00"), True),
    ("one day", {"days": op("eq", 1, None)}, at("2026-03-30T00:00", "2026-03-30T11:59"), True),
    ("by the company's calendar alone", {"days": op("gt", 1, None)},
     at("2026-03-29T22:59", "2026-03-29T23:00", **_LONDON), False),
    ("no days", {"days": op("lt", 1, None)}, at(), True),
    ("where it was much", {"where": [op("gte", 2)], "count": op("eq", 1, None)}, paid(1, 2, "3"), True),
    ("all conditions", {"where": [op("gte", 2), op("lt", 2)]}, paid(1, 2), False),
]  # fmt: skip
_WORLD = World(
    computed={
        "spent": {**BOUGHT, "of": "sum", "property": "amount", "within": "2h"},
        "idle": {**BOUGHT, "of": "recency"},
        "latest": {**BOUGHT, "of": "last"},
        "favourite": {**BOUGHT, "of": "most", "property": "amount"},
    },
    zone="Europe/London",
)
_COMPUTED: list[tuple[str, str, dict[str, Any], Person, bool]] = [
    ("its window", "spent", op("eq", 2, None), paid(1, 1, 2), True),
    ("a whole day", "idle", op("eq", 1, None), at(NOW - DAY), True),
    ("hardly a day", "idle", op("eq", 0, None), at(NOW - DAY + SECOND, NOW - 9 * DAY), True),
    ("never is no number", "idle", op("gte", 0, None), at(), False),
    ("and not 3", "idle", op("ne", 3, None), at(), True),
    ("a time", "latest", op("within", "1h", None), at(NOW), True),
    ("a value", "favourite", op("contains", "a", None), paid("ab"), True),
]
_CART = [("add", NOW - 3 * HOUR, {"n": 1}), ("buy", NOW - 2 * HOUR, {}), ("add", NOW - HOUR, {"n": 2})]
_TWO = ["add", "buy"]
_BIG = {"event": "add", "where": [{"property": "n", "op": "gt", "value": 1}]}
_RUNS: list[tuple[str, dict[str, Any], Person, bool]] = [
    ("one after the other", {"sequence": _TWO}, did(*_CART), True),
    ("not the other way", {"sequence": _TWO}, did(*_CART[1:]), False),
    ("others may lie between", {"sequence": ["add", "add"]}, did(*_CART), True),
    ("strictly later", {"sequence": _TWO}, did(("add", NOW, {}), ("buy", NOW, {})), False),
    ("all in the window", {"sequence": _TWO, "within": "3h"}, did(*_CART), False),
    ("within its span", {"sequence": _TWO, "span": "1h"}, did(*_CART), True),
    ("longer than its span", {"sequence": _TWO, "span": "3599s"}, did(*_CART), False),
    ("a later begin may be in time", {"sequence": ["add", "end"], "span": "1h"}, did(*_CART, ("end", NOW, {})), True),
    ("the first of many steps bounds it", {"sequence": ["add", "buy", "add"], "span": "119m"}, did(*_CART), False),
    ("the latest was not followed", {"sequence": _TWO, "complete": False}, did(*_CART), True),
    ("it was followed", {"sequence": _TWO, "complete": False}, did(*_CART[:2]), False),
    ("who never began", {"sequence": _TWO, "complete": False}, did(_CART[1]), False),
    ("its time is up", {"sequence": _TWO, "complete": False, "span": "1h"}, did(*_CART), True),
    ("its time is not up", {"sequence": _TWO, "complete": False, "span": "61m"}, did(*_CART), False),
    ("too late is not followed", {"sequence": _TWO, "complete": False, "span": "30m"}, did(*_CART[:2]), True),
    ("where it was much", {"sequence": [_BIG, "buy"]}, did(*_CART), False),
    ("where nothing forbids it", {"sequence": ["buy", _BIG]}, did(*_CART), True),
]
_MAIL = did(
    ("Email Opened", NOW - HOUR, {"source": "spring", "topic": "news"}),
    ("Email Opened By Machine", NOW, {"source": "spring"}),
    ("Push Opened", NOW, {"source": "summer", "url": "x"}),
)
_MESSAGES: list[tuple[str, dict[str, Any], bool]] = [
    ("a person opened it", {"message": "opened", "campaign": "spring"}, True),
    ("long ago", {"message": "opened", "campaign": "spring", "within": "1h"}, False),
    ("on any channel", {"message": "opened", "count": op("eq", 2, None)}, True),
    ("on one", {"message": "opened", "channel": "push", "count": op("eq", 1, None)}, True),
    ("on the topic", {"message": "opened", "topic": "news"}, True),
    ("on no other topic", {"message": "opened", "topic": "coupons"}, False),
    ("a push is clicked when it is opened", {"message": "clicked"}, True),
    ("by a machine", {"message": "opened", "by": "machine", "count": op("eq", 1, None)}, True),
    ("by either", {"message": "opened", "by": "any", "count": op("eq", 3, None)}, True),
    ("no link was clicked", {"message": "clicked", "channel": "email", "by": "any"}, False),
    ("where", {"message": "clicked", "where": [op("eq", "x", "url")]}, True),
    ("nothing was sent", {"message": "sent"}, False),
]

CASES = [
    *(Case(what, BOUGHT | window, holds, person) for what, window, person, holds in _WINDOWS),
    *(Case(what, BOUGHT | {of: asked}, holds, person) for what, of, asked, person, holds in _MEASURES),
    *(Case(what, BOUGHT | asked, holds, person) for what, asked, person, holds in _TIMES),
    *(Case(what, {"computed": of} | asked, holds, person, NOW, _WORLD) for what, of, asked, person, holds in _COMPUTED),
    *(Case(what, rule, holds, person) for what, rule, person, holds in _RUNS),
    *(Case(what, rule, holds, _MAIL) for what, rule, holds in _MESSAGES),
    Case("London's day ended", BOUGHT | {"days": op("eq", 2, None)}, True,
         at("2026-03-29T22:59", "2026-03-29T23:00"), NOW, _WORLD),
    Case("the company's zone is for whoever has none", BOUGHT | {"within": {"days": 1}}, True,
         at("2026-03-29T23:00"), NOW, _WORLD),
    Case("the autumn day of 25 hours", BOUGHT | {"within": {"days": 1}}, True,
         at("2026-10-24T23:00", **_LONDON), utc("2026-10-25T23:59")),
    Case("and not 26", BOUGHT | {"within": {"days": 1}}, False,
         at("2026-10-24T22:59", **_LONDON), utc("2026-10-25T23:59")),
    Case("a day that begins at one", BOUGHT | {"within": {"days": 1}}, True,
         at("2026-09-06T04:00", timezone="America/Santiago"), utc("2026-09-06T12:00")),
    Case("not before it began", BOUGHT | {"within": {"days": 1}}, False,
         at("2026-09-06T03:59", timezone="America/Santiago"), utc("2026-09-06T12:00")),
]  # fmt: skip
