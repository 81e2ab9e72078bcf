"""Any rule of the language, asked about any instant: as many satisfy it as the oracle says.

First what was thought of, in full: every condition on every kind of value, every measure, window and time of day at
every edge. Then whatever is drawn, after any story.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import START
from segments import generated as g
from segments.generated_past import live_before, seeds
from segments.generated_stories import DAY, HOUR, clock, do, facts, identities, settle_in, stories
from segments.stage import Stage
from segments.stage_ground import Ground, examples
from segments.stage_ground import ground as ground

MOMENT = timedelta(microseconds=1)
STARTS = [START, datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)]
"""On New Year's Day, and before clocks change in Europe."""
INSTANTS = [-40 * DAY, -2 * DAY, -9 * HOUR, -MOMENT, 5 * HOUR, 3 * DAY, 100 * DAY]
ZONES = ["UTC", "Europe/London", "Pacific/Auckland", "America/Santiago", "Africa/Cairo"]
zones = st.sampled_from(ZONES[:3])

VALUES: list[Any] = [
    "gold", "Gold", "", "5", "2026-01-01", "2026-01-01T12:00:00+02:00", "2026-13-01", "%_\\", "é\U0001f600", 0, 1, 1.0,
    -2.5, 0.1, 10**20, True, False, None, [], ["gold", 1], [1.0, None], [["gold"]], {}, {"city": "gold"},
    {"city": None}, {"city": {"city": 1}}, {"city": ["gold"]}, [{"city": "gold"}, {"city": 1}],
    [{"city": [{"city": 1}]}], [{}],
]  # fmt: skip
PATHS = ["v", "v[]", "v.city", "v[].city", "v.city[]", "v[].city[].city", "v.city.city", "w"]
RIGHTS: list[tuple[tuple[str, ...], tuple[Any, ...]]] = [
    (("eq", "ne", "contains"), ("gold", "", "5", 0, 1, 0.1, True, "é", "%")),
    (("gt", "gte", "lt", "lte"), (0, 1, 0.1, -2.5, 10**20)),
    (("in", "not_in"), (["gold", 1], [True], ["", 0.1, 10**20])),
    (("starts_with", "ends_with"), ("g", "ld", "", "%", "\U0001f600")),
    (("before", "after"), ("2026-01-01", "2026-01-01T10:00:00Z")),
    (("exists",), (True, False)),
]
CONDITIONS = [(path, op, right) for path in PATHS for ops, rights in RIGHTS for op in ops for right in rights]


async def agree(stage: Stage, rule: Any, as_of: datetime | None = None) -> None:
    assert await stage.count(rule, as_of) == len(stage.satisfying(rule, as_of)), (rule, as_of)


@pytest.mark.parametrize("of", ["trait", "property", "account"])
async def test_every_condition_on_every_kind_of_value(stage: Stage, of: str) -> None:
    """A value is there, and beside it one of a name that looks like a path."""
    odd: dict[str, Any] = {"v.city": "gold"} if of == "property" else {}
    for n, value in enumerate(VALUES):
        if of == "trait":
            await stage.identify(f"p{n}", v=value)
        elif of == "account":
            await stage.group(f"p{n}", f"a{n}", v=value)
        else:
            said = {"v": value} | (odd if n % 7 == 0 else {})
            await stage.track_many([(f"p{n}", "bought", stage.now, said)])
    for path, op, right in CONDITIONS:
        condition = {"property" if of == "property" else "trait": path, "op": op, "value": right}
        leaf = {"event": "bought", "where": [condition]} if of == "property" else condition
        await agree(stage, {"account": condition} if of == "account" else leaf)


PASTS: list[list[Any]] = [
    [], ["gold"], ["gold", "old"], ["old", "old", "gold"], [1, 1.0, "1", True], [0.1, 0.2], [3, None], [None],
    [None, 2], ["Z", "a", "é"], [10, 9], [True, False], [{"a": 1}, {"a": 1.0}], [[1], [2]], [-1, 1], [0], [1, 2, 2, 1],
]  # fmt: skip
SIGNS = ("eq", "ne", "gt", "gte", "lt", "lte")
MEASURES: list[dict[str, Any]] = [
    *({of: {"op": op, "value": n}} for of, op, n in product(("count", "days"), SIGNS, (0, 1, 2))),
    *(
        {of: {"property": "v", "op": op, "value": n}}
        for of, op, n in product(("sum", "average", "min", "max", "distinct"), SIGNS, (0, 1, 2, 3))
    ),
    *({of: {"property": "v", "op": "eq", "value": n}} for of, n in product(("sum", "average", "min"), (0.3, 0.15, -1))),
    *(
        {of: {"property": "v", "op": op, "value": right}}
        for of, (op, right) in product(
            ("first", "last", "most"),
            [("eq", "gold"), ("ne", "old"), ("eq", 1), ("eq", 10), ("eq", 9), ("eq", True), ("exists", True),
             ("exists", False), ("not_in", ["gold", 2]), ("in", ["Z", 0.1, -1]), ("gt", 0), ("contains", "l")],
        )
    ),
    *({of: {"op": op, "value": right}} for of, (op, right) in product(
        ("first", "last"),
        [("within", "2h"), ("within", "3h"), ("ago", "1h"), ("ago", "2h"), ("before", "2026-01-01T11:00:00Z"),
         ("after", "2026-01-01T10:00:00Z")],
    )),
]  # fmt: skip


@pytest.mark.parametrize("apart", [timedelta(0), HOUR, -HOUR, 20 * HOUR], ids=str)
async def test_every_measure_of_every_kind_of_past(stage: Stage, apart: timedelta) -> None:
    """Of one instant, an hour apart in either order, some of them still to come, on different days."""
    await stage.live_in("Pacific/Auckland")
    for n, past in enumerate(PASTS):
        await stage.identify(f"p{n}")
        happened = [(f"p{n}", "bought", stage.now - k * apart, {"v": value}) for k, value in enumerate(past)]
        if happened:
            await stage.track_many(happened)
    for measure in MEASURES:
        await agree(stage, {"event": "bought"} | measure)
        await agree(stage, {"event": ["bought", "looked"]} | measure, stage.now - HOUR)


WINDOWS: list[dict[str, Any]] = [
    {"within": "1d"}, {"ago": "1d"}, {"within": "3d", "ago": "1d"}, {"within": "36500d"}, {"from": "2026-03-28"},
    {"to": "2026-03-29"}, {"from": "2026-03-28T10:00:00+09:00", "to": "2026-03-29T00:00:01Z"},
    *({"within": {unit: n}} for unit, n in product(("days", "weeks", "months", "years"), (1, 2))),
    *({"within": {unit: 1}, "zone": "company"} for unit in ("days", "weeks", "months", "years")),
    {"within": {"days": 3}, "ago": "1d"},
]  # fmt: skip


@pytest.mark.parametrize("day", ["2026-03-29", "2026-04-24", "2026-09-06", "2027-01-01"])
async def test_every_window_at_every_edge(stage: Stage, day: str) -> None:
    """Around days on which clocks change in London, in Cairo and Santiago at midnight; and a new year."""
    today = datetime.fromisoformat(day).replace(tzinfo=UTC)
    await stage.live_in("Europe/London")
    offsets = [hours * HOUR + off for hours, off in product(range(-30, 40, 5), (-MOMENT, timedelta(0)))]
    lives = {f"{zone} {off}": {"timezone": zone} for zone, off in product([*ZONES, "Middle/Earth"], offsets)}
    await stage.arrive(lives)
    times = [today + off for _, off in product([*ZONES, "Middle/Earth"], offsets)]
    await stage.track_many([(name, "bought", at, {}) for name, at in zip(lives, times, strict=True)])
    for window, hours in product(WINDOWS, (-2, 3, 24)):
        await agree(stage, {"event": "bought"} | window, today + hours * HOUR)


HOURS: list[dict[str, Any]] = [
    {"from": "09:00", "to": "18:00"}, {"from": "00:00", "to": "02:30"}, {"from": "01:30", "to": "03:00"},
    {"from": "22:00", "to": "06:00", "days": ["sat"]}, {"from": "00:00", "to": "00:00", "days": ["sun", "mon"]},
    {"from": "23:00", "to": "00:00", "days": ["sun"]},
]  # fmt: skip


async def test_every_time_of_day_where_people_live_and_every_day_that_comes_again(stage: Stage) -> None:
    """Through days on which clocks change."""
    born = ("2004-02-29", "1990-03-29", "1990-10-26T23:30:00Z")
    await stage.arrive(
        {f"{zone} {day}": {"timezone": zone, "born": day} for zone, day in product([*ZONES, None], born)}
    )
    for day, hours in product(("2026-03-28", "2026-10-24", "2026-09-05", "2028-02-28"), range(0, 54, 9)):
        as_of = datetime.fromisoformat(day).replace(tzinfo=UTC) + hours * HOUR
        await agree(stage, {"local_time": HOURS[hours // 9 % len(HOURS)]}, as_of)
        await agree(stage, {"local_time": HOURS[(hours // 9 + 1) % len(HOURS)]}, as_of - MOMENT)
        await agree(stage, {"trait": "born", "op": "anniversary", "value": f"{hours // 9 % 4}d"}, as_of)


@pytest.mark.parametrize("seed", range(2))
async def test_every_wish_of_a_crowd(stage: Stage, seed: int) -> None:
    chance = Random(seed)
    for name, needs in (("law", "consent"), ("proof", "double_opt_in")):
        await stage.topic(name, needs=needs)
    await stage.topic("coupons", state="unwanted")
    await stage.topic("news", channels=("sms",))
    for n in range(50):
        await stage.identify(f"p{n}", email=f"p{n}@shop.example", phone=f"+4479110{n:05d}")
    for _ in range(3):
        for n in range(50):
            said = said_by_chance(chance, stage.now)
            if said["channel"] == "email" and chance.random() < 0.3:
                said["address"] = f"p{n}@shop.example"
            await stage.say(f"p{n}", **said)
        await stage.move(chance.choice([HOUR, DAY]))
    for topic, channel in product(["law", "proof", "coupons", "news", "free"], ("email", "sms")):
        for leaf in (
            {"reachable": channel, "topic": topic},
            {"consent": topic, "channel": channel},
            {"consent": topic, "channel": channel, "confirmed": True},
            *({"preference": topic, "channel": channel, "state": state} for state in ("wanted", "unset", "paused")),
            {"preference": chance.choice([topic, "*"]), "channel": "*", "state": "unwanted"},
            {"reachable": channel},
        ):
            for later in (timedelta(0), HOUR, 26 * HOUR, -DAY):
                await agree(stage, leaf, stage.now + later)


def said_by_chance(chance: Random, now: datetime) -> dict[str, Any]:
    said: dict[str, Any] = {
        "topic": chance.choice(["law", "proof", "coupons", "news", "free", "*"]),
        "channel": chance.choice(["email", "email", "sms", "*"]),
        "state": chance.choice(["wanted", "wanted", "wanted", "unwanted", "unset", "paused", "paused", "resumed"]),
    }
    if said["state"] == "wanted":
        said |= {"basis": chance.choice(["", "consent"]), "confirmed": chance.random() < 0.5}
        said |= {"expires_at": now + chance.choice([HOUR, 26 * HOUR, 50 * HOUR])} if chance.random() < 0.4 else {}
    return said | ({"until": now + chance.choice([HOUR, 26 * HOUR])} if said["state"] == "paused" else {})


@examples(14)
@given(
    start=st.sampled_from(STARTS),
    zone=zones,
    seed=seeds,
    story=stories(facts, facts, clock, identities),
    rules=st.lists(g.naming, min_size=14, max_size=14),
)
def test_any_rule_after_any_story(ground: Ground, start: Any, zone: str, seed: int, story: Any, rules: Any) -> None:
    ground.tell(_ask, start, zone, seed, story, rules)


async def _ask(ground: Ground, start: datetime, zone: str, seed: int, story: Any, rules: Any) -> None:
    stage = await ground.emptied(start)
    await settle_in(stage, zone)
    await live_before(stage, seed)
    for kind, given_ in story:
        await do(stage, kind, given_)
    await stage.drain()
    for number, rule in enumerate(rules):
        for later in (0 * DAY, INSTANTS[number % len(INSTANTS)], INSTANTS[(number + 3) % len(INSTANTS)]):
            await agree(stage, rule, stage.now + later)
