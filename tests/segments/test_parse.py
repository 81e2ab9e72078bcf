"""Rules as documents: every flaw is named with its place and a way out."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.kernel.errors import Invalid
from antiphon.segments.language.parse import (
    DEPTH_MAX,
    FLAWS_MAX,
    NODES_MAX,
    parse,
    parse_computed,
    parse_within,
)
from antiphon.segments.language.rules import (
    AccountTrait,
    Calendar,
    Changed,
    Computed,
    Condition,
    Consent,
    Day,
    Happened,
    InSegment,
    LocalTime,
    Measure,
    Mobile,
    Moved,
    Near,
    Not,
    Preference,
    Random,
    Rule,
    Step,
    Steps,
    Trait,
    Window,
)

OK = {"event": "bought"}
WEEK = timedelta(days=7)
DAY = timedelta(days=1)
ONCE = Measure("count", "gte", Decimal(1))
MAY = datetime(2026, 5, 1, tzinfo=UTC)
GOLD = {"trait": "tier", "op": "eq", "value": "gold"}
IS_GOLD = Condition("tier", "eq", "gold")
HOURS = {"from": "09:00", "to": "18:00"}
LONDON = {"latitude": 51.5, "longitude": -0.12, "km": 25}
EVERY_DAY: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def flaws(rule: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        parse({"version": 1, "rule": rule})
    return {flaw.at: flaw.message for flaw in caught.value.flaws}


def bought(window: Window | None = None, measure: Measure = ONCE) -> Happened:
    return Happened(("bought",), (), window or Window(), measure)


def mailed(event: str, *where: Condition, measure: Measure = ONCE) -> Happened:
    return Happened((event,), where, Window(), measure)


@pytest.mark.parametrize(
    ("document", "rule"),
    [
        (OK, bought()),
        ({"event": ["bought", "rented", "bought"]}, Happened(("bought", "rented"), (), Window(), ONCE)),
        (OK | {"within": "7d", "ago": "1d"}, bought(Window(WEEK, DAY))),
        (OK | {"within": {"weeks": 2}}, bought(Window(Calendar("weeks", 2)))),
        (OK | {"within": {"months": 1}, "zone": "company"}, bought(Window(Calendar("months", 1, "company")))),
        (OK | {"from": "2026-05-01", "to": "2026-05-02"}, bought(Window(begin=MAY, end=MAY + DAY))),
        (OK | {"days": {"op": "lt", "value": 3}}, bought(measure=Measure("days", "lt", Decimal(3)))),
        (
            OK | {"sum": {"property": "total", "op": "gte", "value": 0.1}},
            bought(measure=Measure("sum", "gte", Decimal("0.1"), "total")),
        ),
        (
            OK | {"most": {"property": "kind", "op": "in", "value": ["a", 1]}},
            bought(measure=Measure("most", "in", ("a", 1), "kind")),
        ),
        (OK | {"first": {"op": "within", "value": "7d"}}, bought(measure=Measure("first", "within", WEEK))),
        (OK | {"last": {"op": "before", "value": "2026-05-01"}}, bought(measure=Measure("last", "before", MAY))),
        ({"message": "opened", "channel": "email"}, mailed("Email Opened")),
        ({"message": "sent"}, Happened(("Email Sent", "SMS Sent", "Push Sent"), (), Window(), ONCE)),
        (
            {"message": "opened", "channel": "email", "by": "any", "topic": "news"},
            Happened(("Email Opened", "Email Opened By Machine"), (Condition("topic", "eq", "news"),), Window(), ONCE),
        ),
        (
            {
                "message": "clicked",
                "channel": "sms",
                "by": "machine",
                "campaign": "May",
                "count": {"op": "eq", "value": 0},
            },
            mailed(
                "SMS Link Clicked By Machine",
                Condition("source", "eq", "May"),
                measure=Measure("count", "eq", Decimal(0)),
            ),
        ),
        ({"computed": "spent", "op": "gte", "value": 100}, Computed("spent", "gte", 100)),
        (GOLD, Trait(IS_GOLD)),
        (
            {"trait": "birthday", "op": "anniversary", "value": "0d"},
            Trait(Condition("birthday", "anniversary", 0 * DAY)),
        ),
        ({"changed": "tier"}, Changed("tier", None)),
        ({"changed": "tier", "within": "7d", "from": 1, "to": False}, Changed("tier", WEEK, 1, False)),
        ({"account": GOLD}, AccountTrait(IS_GOLD)),
        ({"segment": "vip", "for": "7d"}, InSegment("vip", WEEK)),
        ({"entered": "vip", "within": "7d"}, Moved("vip", True, WEEK)),
        ({"left": "vip"}, Moved("vip", False, None)),
        ({"preference": "*", "channel": "*", "state": "paused"}, Preference("*", "*", "paused")),
        ({"consent": "news", "channel": "sms", "confirmed": True}, Consent("news", "sms", True)),
        ({"mobile": {"op": "gte", "value": 0.5}, "channel": "push"}, Mobile("gte", Decimal("0.5"), "push")),
        ({"near": LONDON}, Near(51.5, -0.12, 25.0)),
        ({"local_time": HOURS}, LocalTime(time(9), time(18), EVERY_DAY)),
        ({"local_time": HOURS | {"days": ["sun", "mon"]}}, LocalTime(time(9), time(18), ("mon", "sun"))),
        ({"random": 99.9, "first": 0.1, "seed": "spring"}, Random(99.9, 0.1, "spring")),
        (
            {"sequence": ["a", {"event": "b", "where": [{"property": "c", "op": "exists"}]}], "span": "7d"},
            Steps((Step("a"), Step("b", (Condition("c", "exists", True),))), Window(), WEEK, True),
        ),
    ],
)
def test_a_leaf_is_read(document: Any, rule: Rule) -> None:
    found = parse(document)
    assert found == rule
    assert msgspec.json.encode(found) == msgspec.json.encode(rule)  # in Python 1 == True


@pytest.mark.parametrize(
    ("rule", "at", "says"),
    [
        ({}, "rule", "says nothing"),
        ([], "rule", "Here stands an object"),
        ({"and": [OK]}, "rule.and", 'Did you mean "all"?'),
        ({"evnt": "bought"}, "rule.evnt", 'Did you mean "event"?'),
        ({"event": "a", "trait": "b", "op": "exists"}, "rule", "One object says one thing"),
        ({"all": []}, "rule.all", "at least one rule"),
        ({"any": [OK, {"not": {"segment": ""}}]}, "rule.any[1].not.segment", "1 to 200 characters"),
        ({"event": []}, "rule.event", "1 to 100 names"),
        ({"event": ["a", 1]}, "rule.event[1]", "1 to 200 characters"),
        (OK | {"witin": "3d"}, "rule.witin", 'Did you mean "within"?'),
        (OK | {"within": "3w"}, "rule.within", "90s, 15m, 504h or 21d"),
        (OK | {"within": "0d"}, "rule.within", "90s, 15m, 504h or 21d"),
        (OK | {"within": 3}, "rule.within", "90s, 15m, 504h or 21d"),
        (OK | {"within": "99999999d"}, "rule.within", "up to 36500d"),
        (OK | {"within": {"day": 3}}, "rule.within.day", 'Did you mean "days"?'),
        (OK | {"within": {"days": 3, "weeks": 1}}, "rule.within", "One of days, weeks"),
        (OK | {"within": {"days": 0}}, "rule.within.days", "from 1 to 36500"),
        (OK | {"within": {"years": 101}}, "rule.within.years", "from 1 to 100"),
        (OK | {"within": {"days": 7}, "zone": "mine"}, "rule.zone", "Known: person, company"),
        (OK | {"within": "7d", "zone": "company"}, "rule.zone", "calendar window"),
        (OK | {"within": "7d", "ago": "7d"}, "rule.ago", "Nothing is in this window"),
        (OK | {"from": "2026-05-01", "to": "2026-05-01"}, "rule.to", "Nothing is in this window"),
        (OK | {"from": "May"}, "rule.from", "2026-05-01"),
        (OK | {"count": {"op": "above", "value": 1}}, "rule.count.op", "Known: eq, ne, gt"),
        (OK | {"count": {"op": "eq", "value": -1}}, "rule.count.value", "whole number"),
        (OK | {"count": {"op": "eq", "value": True}}, "rule.count.value", "whole number"),
        (OK | {"count": {"property": "a", "op": "eq", "value": 1}}, "rule.count.property", "not known here"),
        (OK | {"sum": {"op": "eq", "value": 1}}, "rule.sum.property", "1 to 200 characters"),
        (OK | {"sum": {"property": "items[].price", "op": "gt", "value": 1}}, "rule.sum.property", "without []"),
        (OK | {"average": {"property": "a", "op": "in", "value": [1]}}, "rule.average.op", "Known: eq, ne, gt"),
        (OK | {"first": {"op": "eq", "value": "a"}}, "rule.first.op", "Known: before, after, within, ago"),
        (OK | {"last": {"property": "a", "op": "next", "value": "1d"}}, "rule.last.op", "no operator"),
        (OK | {"avg": {}}, "rule.avg", 'Did you mean "average"?'),
        (OK | {"count": {"op": "eq", "value": 1}, "sum": {}}, "rule.sum", "one measure"),
        (OK | {"where": {"property": "a"}}, "rule.where", "list"),
        (OK | {"where": [{"property": "a", "op": "eq"}]}, "rule.where[0].value", "use exists"),
        (OK | {"where": [{"property": "a", "op": "ago", "value": "3d"}]}, "rule.where[0].op", "no operator"),
        ({"message": "read"}, "rule.message", "Known: sent, delivered"),
        ({"message": "sent", "by": "machine"}, "rule.message", "never recorded"),
        ({"message": "replied", "channel": "push"}, "rule.message", "never recorded of push"),
        ({"message": "sent", "channel": "voice"}, "rule.channel", "Known: email, sms, push"),
        ({"message": "sent", "sum": {}}, "rule.sum", "not known here"),
        ({"computed": "a", "op": "next", "value": "3d"}, "rule.op", "no operator"),
        ({"trait": "a", "op": "gt", "value": "x"}, "rule.value", "before or after"),
        ({"trait": "a", "op": "before", "value": "soon"}, "rule.value", "2026-05-01"),
        ({"trait": "a", "op": "in", "value": []}, "rule.value", "A list of 1 to 1000"),
        ({"trait": "a", "op": "eq", "value": "\0"}, "rule.value", "A text"),
        ({"trait": "a", "op": "eq", "value": 10**400}, "rule.value", "A text"),
        ({"trait": "a", "op": "eq", "value": None}, "rule.value", "use exists"),
        ({"trait": "a", "op": "starts_with", "value": 1}, "rule.value", "A text is needed"),
        ({"trait": "a", "op": "anniversary", "value": "367d"}, "rule.value", "0d (today) to 366d"),
        ({"trait": "a", "op": "anniversary", "value": "24h"}, "rule.value", "0d (today) to 366d"),
        ({"trait": ".".join("abcdefghijk"), "op": "exists"}, "rule.trait", "at most 10 parts"),
        ({"changed": "a", "to": None}, "rule.to", "A text, a number"),
        ({"account": {"trait": "a"}}, "rule.account.op", "An operator is needed"),
        ({"entered": "a", "for": "3d"}, "rule.for", "not known here"),
        ({"reachable": "mail"}, "rule.reachable", 'Did you mean "email"?'),
        ({"preference": "a", "channel": "sms"}, "rule.state", "Known: wanted"),
        ({"consent": "a", "channel": "*"}, "rule.channel", "no channel"),
        ({"mobile": {"op": "gt", "value": 50}}, "rule.mobile.value", "from 0 to 1"),
        ({"near": LONDON | {"km": 0}}, "rule.near.km", "more than 0"),
        ({"near": LONDON | {"latitude": 91}}, "rule.near.latitude", "from -90 to 90"),
        ({"near": LONDON | {"longitude": float("nan")}}, "rule.near.longitude", "from -180 to 180"),
        ({"local_time": {"from": "9:00", "to": "18:00"}}, "rule.local_time.from", "such as 09:00"),
        ({"local_time": HOURS | {"days": ["monday"]}}, "rule.local_time.days[0]", 'Did you mean "mon"?'),
        ({"local_time": HOURS | {"days": []}}, "rule.local_time.days", "A list of days"),
        ({"random": 10}, "rule.seed", "A text"),
        ({"random": 60, "first": 50, "seed": "a"}, "rule.first", "beyond 100"),
        ({"random": 0, "seed": "a"}, "rule.random", "more than 0"),
        ({"sequence": ["a"]}, "rule.sequence", "2 to 10"),
        ({"sequence": ["a", {"event": "b", "within": "3d"}]}, "rule.sequence[1].within", "not known here"),
        ({"sequence": ["a", "b"], "complete": "no"}, "rule.complete", "true or false"),
    ],
)
def test_a_flaw_is_named_with_its_place(rule: Any, at: str, says: str) -> None:
    assert says in flaws(rule)[at]


def test_all_flaws_are_named_at_once() -> None:
    assert flaws({"all": [{"event": ""}, {"trait": "a", "op": "x"}]}).keys() == {
        "rule.all[0].event",
        "rule.all[1].op",
        "rule.all[1].value",
    }


def test_flaws_without_end_are_not_all_told() -> None:
    assert len(flaws({f"key {n}": 1 for n in range(50_000)})) == FLAWS_MAX


def test_another_version_is_refused() -> None:
    with pytest.raises(Invalid, match="version 1 only"):
        parse({"version": 2, "rule": OK})


def nested(depth: int) -> Any:
    rule: Any = OK
    for _ in range(depth - 1):
        rule = {"not": rule}
    return rule


def test_depth_and_size_are_bounded() -> None:
    assert isinstance(parse(nested(DEPTH_MAX)), Not)
    assert "too large" in next(iter(flaws(nested(DEPTH_MAX + 1)).values()))
    parse({"all": [OK] * (NODES_MAX - 1)})
    assert "too large" in next(iter(flaws({"all": [OK] * NODES_MAX}).values()))
    assert "too large" in next(iter(flaws({"all": [OK] * 100_000}).values()))


def test_conditions_count_as_nodes() -> None:
    where = [{"property": "a", "op": "exists"}] * (NODES_MAX - 1)
    parse(OK | {"where": where})
    assert "too large" in flaws({"not": OK | {"where": where}})["rule.not"]
    assert "too large" in flaws({"sequence": ["a", {"event": "b", "where": [*where, *where[:1]]}]})["rule"]


@pytest.mark.parametrize(("text", "hours"), [("90s", 0.025), ("15m", 0.25), ("504h", 504), ("21d", 504)])
def test_durations(text: str, hours: float) -> None:
    assert parse_within(text) == timedelta(hours=hours)


KEYS = [
    "event",
    "all",
    "not",
    "where",
    "op",
    "value",
    "within",
    "sequence",
    "rule",
    "message",
    "near",
    "random",
    "first",
]
words = st.sampled_from([*KEYS, "mobile", "account", "local_time", "days", "eq", "opened", "3d", ""])
documents = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(documents)
def test_any_document_is_read_or_refused(document: Any) -> None:
    """Nothing else is raised, and a rule that was read can be compared and hashed."""
    for read in (parse, parse_computed):
        with suppress(Invalid):
            hash(msgspec.json.encode(read(document)))
