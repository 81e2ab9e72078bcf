"""Explanations: each part by itself, what was found, and what would change the answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import segments
from antiphon.kernel.records import ProfileId
from antiphon.segments.explain import node
from antiphon.segments.language.text import to_text
from conftest import START
from segments import generated as g
from segments.generated_stories import DAY, HOUR, clock, do, facts, identities, settle_in, stories
from segments.oracle_values import same
from segments.stage import Stage
from segments.stage_ground import Ground, examples
from segments.stage_ground import ground as ground

PEOPLE = 300


async def explain(stage: Stage, segment: str, name: str) -> segments.Explanation:
    async with stage.database.transaction(read_only=True) as tx:
        return await segments.explain(tx, segment, ProfileId(stage.ids[name]))


async def value(stage: Stage, rule: Any, name: str) -> Any:
    """Of a rule of one leaf."""
    made = f"s{next(stage.numbers)}"
    await stage.make(made, rule)
    [part] = (await explain(stage, made, name)).parts
    return json.loads(json.dumps(part.value, default=lambda at: at.isoformat()))


@examples(30)
@given(
    zone=st.sampled_from(["UTC", "Pacific/Auckland"]),
    story=stories(facts, facts, clock, identities, most=12),
    rules=st.lists(g.naming, min_size=3, max_size=3),
)
def test_every_part_holds_as_the_oracle_says_and_turns_with_what_it_names(
    ground: Ground, zone: str, story: Any, rules: Any
) -> None:
    ground.run(_explained(ground, zone, story, rules))


async def _explained(ground: Ground, zone: str, story: Any, rules: Any) -> None:
    stage = await ground.emptied(START)
    await settle_in(stage, zone)
    for kind, given_ in story:
        await do(stage, kind, given_)
    await stage.drain()
    for number, rule in enumerate(rules):
        name = f"explained {number}"
        await stage.make(name, rule)
        await stage.drain()
        for who in stage.ids:
            found = await explain(stage, name, who)
            assert found.member == found.holds
            for part in found.parts:
                inner = node(rule, part.at)
                assert part.holds == (stage.ids[who] in stage.satisfying(inner)), (who, part, rule)
            turned = {json.dumps(node(rule, each.at), sort_keys=True) for each in found.to_change}
            holds = {part.at: part.holds for part in found.parts}
            if turned:
                assert tried(rule, "rule", holds, turned) is not found.holds, (rule, found.to_change)
            else:  # it stands in its own way
                leaves = sorted({json.dumps(node(rule, part.at), sort_keys=True) for part in found.parts if part.asked})
                for some in (set(some) for n in (1, 2, 3) for some in combinations(leaves, n)):
                    assert tried(rule, "rule", holds, some) is found.holds, (rule, some)


def tried(rule: Any, at: str, holds: dict[str, bool], turned: set[str]) -> bool:
    """Whether it holds where some leaves are turned, wherever they stand."""
    for kind, fold in (("all", all), ("any", any)):
        if kind in rule:
            return fold(tried(part, f"{at}.{kind}[{n}]", holds, turned) for n, part in enumerate(rule[kind]))
    if "not" in rule:
        return not tried(rule["not"], f"{at}.not", holds, turned)
    return holds[at] is not (json.dumps(rule, sort_keys=True) in turned)


GOLD = {"trait": "tier", "op": "eq", "value": "gold"}
MANY = {"trait": "visits", "op": "gte", "value": 3}


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ({"all": [GOLD, {"not": GOLD}]}, []),
        ({"any": [{"all": [GOLD, {"not": GOLD}]}, MANY]}, ["rule.any[1]"]),
        (
            {"any": [{"all": [GOLD, {"not": GOLD}]}, {"all": [GOLD, MANY]}]},
            ["rule.any[0].all[0]", "rule.any[1].all[1]"],
        ),
    ],
    ids=["nothing", "the way around", "both"],
)
async def test_a_rule_that_stands_in_its_own_way_is_not_said_to_turn_by_it(
    stage: Stage, rule: Any, change: Any
) -> None:
    await stage.identify("ann", tier="silver", visits=1)
    await stage.make("asked", rule)
    found = await explain(stage, "asked", "ann")
    assert (found.holds, [each.at for each in found.to_change]) == (False, change)


@pytest.fixture
async def crowd(stage: Stage) -> Stage:
    """Some hundreds of people who bought this and that."""
    random = Random(7)
    happened = []
    for n in range(PEOPLE):
        await stage.identify(f"p{n}", tier=random.choice(["gold", "silver"]), visits=n)
        for _ in range(random.randrange(8)):
            at = stage.now - timedelta(hours=random.randrange(1, 60 * 24))
            amount = random.choice([1, 2.5, 0.1, "ten", None])
            happened.append((f"p{n}", random.choice(["bought", "viewed"]), at, {"amount": amount, "sku": f"{n % 3}"}))
    await stage.track_many(happened)
    return stage


@pytest.mark.parametrize(
    ("measure", "of"),
    [
        ({"count": {"op": "gte", "value": 2}}, lambda events: len(events)),
        ({"sum": {"property": "amount", "op": "gte", "value": 3}}, lambda events: round(sum(numbers(events)), 6)),
        ({"max": {"property": "amount", "op": "gte", "value": 3}}, lambda events: max(numbers(events), default=None)),
        ({"average": {"property": "amount", "op": "gte", "value": 1}}, lambda events: average(numbers(events))),
        ({"days": {"op": "gte", "value": 2}}, lambda events: len({at.date() for _, at, _ in events})),
        (
            {"last": {"op": "within", "value": "5d"}},
            lambda events: max((at.isoformat() for _, at, _ in events), default=None),
        ),
        (
            {"first": {"op": "ago", "value": "5d"}},
            lambda events: min((at.isoformat() for _, at, _ in events), default=None),
        ),
        (
            {"last": {"property": "sku", "op": "eq", "value": "1"}},
            lambda events: max(((at, p["sku"]) for _, at, p in events), default=(None, None))[1],
        ),
    ],
    ids=lambda case: next(iter(case)) if isinstance(case, dict) else "",
)
@pytest.mark.parametrize("window", [{}, {"within": "21d"}], ids=["ever", "21 days"])
async def test_what_is_measured_is_what_python_counts(crowd: Stage, measure: Any, of: Any, window: Any) -> None:
    await crowd.make("asked", {"event": "bought", **measure, **window})
    since = crowd.now - timedelta(days=21) if window else datetime.min.replace(tzinfo=UTC)
    different = set()
    for n in range(0, PEOPLE, 4):
        events = [event for event in crowd.person(f"p{n}").events if event[0] == "bought" and event[1] > since]
        [part] = (await explain(crowd, "asked", f"p{n}")).parts
        found = part.value.isoformat() if isinstance(part.value, datetime) else part.value
        found = round(found, 6) if isinstance(found, float) else found
        assert same(found, of(events)), (n, events)
        different.add(found)
    assert len(different) > 1


def numbers(events: Any) -> list[float]:
    return [p["amount"] for _, _, p in events if isinstance(p.get("amount"), int | float)]


def average(found: list[float]) -> float | None:
    return round(sum(found) / len(found), 6) if found else None


async def test_what_is_found_of_each_other_leaf(stage: Stage) -> None:
    await stage.identify("ada", email="ada@shop.example", tier="silver", latitude=51.5, longitude=-0.13)
    await stage.identify("ada", tier="gold", timezone="Asia/Tokyo", tags=["a", "b"])
    await stage.group("ada", "acme", size=12)
    await stage.prefer("ada", "news", "email", "wanted")
    await stage.read_on("ada", "email", "ada@shop.example", "mobile")
    await stage.read_on("ada", "email", "ada@shop.example", "desktop")
    await stage.make_list("vip")
    await stage.put("vip", ["ada"])
    here = START.isoformat()
    eq = {"op": "eq", "value": 1}
    assert await value(stage, {"trait": "tier", **eq}, "ada") == "gold"
    assert await value(stage, {"trait": "tags[]", **eq}, "ada") == ["a", "b"]
    assert await value(stage, {"trait": "unknown", **eq}, "ada") is None
    assert await value(stage, {"changed": "tier", "within": "1d"}, "ada") == here
    assert await value(stage, {"segment": "vip"}, "ada") == here
    assert await value(stage, {"entered": "vip"}, "ada") == here
    assert await value(stage, {"left": "vip"}, "ada") is None
    assert await value(stage, {"reachable": "email"}, "ada") == 1
    assert await value(stage, {"reachable": "sms"}, "ada") == 0
    assert await value(stage, {"preference": "news", "channel": "email", "state": "unwanted"}, "ada") == ["wanted"]
    assert await value(stage, {"preference": "else", "channel": "email", "state": "unwanted"}, "ada") == ["unset"]
    assert (await value(stage, {"consent": "news", "channel": "email"}, "ada"))["state"] == "wanted"
    assert await value(stage, {"mobile": {"op": "gte", "value": 0.9}}, "ada") == 0.5
    assert await value(stage, {"near": {"latitude": 48.8566, "longitude": 2.3522, "km": 5}}, "ada") == pytest.approx(
        344, abs=3
    )
    assert await value(stage, {"local_time": {"from": "09:00", "to": "18:00"}}, "ada") == "thu 21:00"
    assert await value(stage, {"account": "other"}, "ada") == ["acme"]
    assert await value(stage, {"account": {"trait": "size", **eq}}, "ada") == {"acme": 12}
    assert 0 <= await value(stage, {"random": 10, "seed": "a"}, "ada") < 100


async def test_a_computed_trait_is_told_as_its_number(stage: Stage) -> None:
    await stage.compute("quiet days", {"event": "bought", "of": "recency"})
    await stage.compute("spent", {"event": "bought", "of": "sum", "property": "amount"})
    await stage.track("ada", "bought", at=stage.now - timedelta(days=9, hours=3), amount=2.5)
    assert await value(stage, {"computed": "quiet days", "op": "gte", "value": 30}, "ada") == 9
    assert await value(stage, {"computed": "spent", "op": "gte", "value": 30}, "ada") == 2.5


async def test_how_far_a_sequence_went(stage: Stage) -> None:
    for name, hour in (("added", 9), ("paid", 8), ("added", 7), ("sent", 6)):
        await stage.track("ada", name, at=stage.now - hour * HOUR)
    whole = {"sequence": ["added", "paid", "sent"], "within": "7d"}
    assert (await value(stage, whole, "ada")) == {
        "reached": 3, "of": 3, "step": "sent", "at": (stage.now - 6 * HOUR).isoformat(),
    }  # fmt: skip
    assert (await value(stage, {**whole, "complete": False}, "ada"))["reached"] == 1
    assert (await value(stage, {**whole, "span": "2h"}, "ada"))["reached"] == 2
    assert (await value(stage, {"sequence": ["sent", "paid"]}, "ada"))["step"] == "sent"


async def test_what_would_have_to_change_is_said_in_a_sentence(stage: Stage) -> None:
    await stage.track("ada", "bought")
    await stage.identify("ada", tier="silver")
    rule = {
        "all": [
            {"event": "bought", "count": {"op": "gte", "value": 3}},
            {"trait": "tier", "op": "eq", "value": "silver"},
        ]
    }
    await stage.make("buyers", rule)
    found = await explain(stage, "buyers", "ada")
    [wanted] = found.to_change
    assert wanted.at == "rule.all[0]"
    assert wanted.text == to_text(rule["all"][0])
    assert wanted.says == 'The count of "bought" would have to be at least 3; it is 1.'
    assert [part.turns_at for part in found.parts] == [None, None, None]


async def test_when_time_alone_turns_a_leaf_is_told_of_each(stage: Stage) -> None:
    await stage.track("ada", "bought")
    quiet = {"event": "bought", "within": "24h", "count": {"op": "eq", "value": 0}}
    await stage.make("lapsed", {"any": [quiet, {"event": "bought", "within": "7d"}]})
    found = await explain(stage, "lapsed", "ada")
    turns = {part.at: part.turns_at for part in found.parts}
    assert turns["rule.any[0]"] == stage.now + DAY
    assert turns["rule.any[1]"] == found.next_look_at == stage.now + 7 * DAY


async def test_who_entered_is_told_since_when_and_why(stage: Stage) -> None:
    await stage.identify("ada")
    await stage.make("buyers", {"any": [{"event": "bought"}, {"event": "rented"}]})
    await stage.move(HOUR)
    await stage.track("ada", "rented")
    await stage.drain()
    found = await explain(stage, "buyers", "ada")
    assert found.entered_at == START + HOUR
    assert found.last is not None
    assert (found.last.entered, found.last.cause, found.last.leaf) == (True, "happened", "rule.any[1]")


async def test_a_list_says_who_was_put_there_and_has_no_parts(stage: Stage) -> None:
    await stage.identify("ada")
    await stage.identify("bob")
    await stage.make_list("vip")
    await stage.put("vip", ["ada"])
    found = await explain(stage, "vip", "ada")
    assert (found.member, found.parts, found.entered_at) == (True, (), stage.now)
    assert found.last is not None
    assert found.last.cause == "list"
    assert (await explain(stage, "vip", "bob")).member is False
