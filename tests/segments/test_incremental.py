"""Whatever happens in whatever order: memberships, counts and counts of the past are what the oracle says."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from segments import generated as g
from segments.generated import LIST, TIMED, accounts, rules
from segments.generated_past import live_before, seeds
from segments.generated_stories import (
    DAY,
    HOUR,
    PEOPLE,
    account_traits,
    checking,
    clock,
    do,
    facts,
    happenings,
    identities,
    making,
    people,
    settle_in,
    stories,
    working,
)
from segments.stage import Stage
from segments.stage_ground import Ground, emptied, examples
from segments.stage_ground import ground as ground
from segments.test_truth import STARTS, zones

__all__ = ["Ground", "account_traits", "accounts", "ground", "happenings", "people", "rules"]
_do, _emptied = do, emptied


FOLLOWING: list[dict[str, Any]] = [
    {"not": {"segment": TIMED}},
    {
        "any": [
            {"segment": TIMED, "for": "1d"},
            {"all": [{"segment": LIST}, {"trait": "amount", "op": "gte", "value": 1}]},
        ]
    },
    {"all": [{"segment": "s1"}, {"not": {"entered": TIMED, "within": "2h"}}]},
    {"entered": "s1"},
    {"event": "added", "within": {"days": 1}, "count": {"op": "gte", "value": 6}},
]


@examples(14)
@given(
    zone=zones,
    seed=seeds,
    first=st.lists(g.remembering, min_size=3, max_size=3),
    story=stories(facts, facts, clock, identities, making, working, checking),
)
def test_memberships_are_what_the_oracle_says(ground: Ground, zone: str, seed: int, first: Any, story: Any) -> None:
    ground.tell(_play, zone, seed, first, story)


async def _play(ground: Ground, zone: str, seed: int, first: Any, story: Any) -> None:
    stage = await ground.emptied()
    await settle_in(stage, zone)
    await live_before(stage, seed)
    for rule in [*first, *FOLLOWING]:
        await do(stage, "make", rule)
    for kind, given_ in story:
        await do(stage, kind, given_)
    await stage.drain()
    await stage.check()
    await _move_and_merge(stage, PEOPLE[seed % 5], PEOPLE[(seed + 1) % 5])
    await stage.move(40 * DAY)
    await stage.drain()
    await stage.check()


async def _move_and_merge(stage: Stage, one: str, other: str) -> None:
    """They go to live elsewhere, turn out to be one person, and part again."""
    await stage.track_many([(one, "added", stage.now - n * HOUR, {}) for n in range(24)])
    zones_of_one = [("identify", (one, {"timezone": zone})) for zone in ("Asia/Tokyo", "America/Los_Angeles", None)]
    for kind, given_ in (*zones_of_one, ("merge", (one, other)), ("part", other)):
        await do(stage, kind, given_)
        await stage.drain()
        await stage.check()
    await stage.verify()


@examples(8)
@given(
    seed=seeds,
    first=st.lists(g.naming, min_size=2, max_size=4),
    story=stories(facts, facts, clock, identities, making, most=20),
)
def test_workers_at_the_same_time_end_where_the_oracle_ends(ground: Ground, seed: int, first: Any, story: Any) -> None:
    ground.tell(_play_beside, seed, first, story, 2 + seed % 2)


async def _play_beside(ground: Ground, seed: int, first: Any, story: Any, workers: int) -> None:
    stage = await ground.emptied()
    await settle_in(stage)

    async def happen() -> None:
        for rule in first:
            await do(stage, "make", rule)
        await live_before(stage, seed)
        for kind, given_ in story:
            await do(stage, kind, given_)

    await stage.work_beside(happen(), workers=workers)
    await stage.drain()
    await stage.check()


BOUGHT = {"event": "bought"}
TURNING: list[dict[str, Any]] = [
    BOUGHT | {"within": "1d"},
    BOUGHT | {"within": "3d", "count": {"op": "gte", "value": 3}},
    BOUGHT | {"ago": "1d", "count": {"op": "eq", "value": 1}},
    BOUGHT | {"within": "3d", "ago": "90m", "count": {"op": "lte", "value": 1}},
    BOUGHT | {"within": {"days": 2}},
    BOUGHT | {"within": {"weeks": 1}, "zone": "company", "count": {"op": "ne", "value": 1}},
    BOUGHT | {"within": {"months": 1}, "sum": {"property": "amount", "op": "gt", "value": 1}},
    BOUGHT | {"within": "3d", "average": {"property": "amount", "op": "lt", "value": 2}},
    BOUGHT | {"within": {"days": 3}, "distinct": {"property": "tier", "op": "gte", "value": 2}},
    BOUGHT | {"within": "9d", "most": {"property": "tier", "op": "eq", "value": "gold"}},
    BOUGHT | {"within": "3d", "first": {"property": "tier", "op": "exists"}},
    BOUGHT | {"first": {"op": "ago", "value": "40d"}},
    {"event": ["bought", "looked"], "last": {"op": "within", "value": "2h"}},
    {"sequence": ["looked", "bought"], "within": "3d"},
    {"sequence": ["looked", "bought"], "complete": False, "span": "1d"},
    {"sequence": ["looked", "added", "bought"], "complete": False, "within": {"days": 3}},
    {"message": "opened", "by": "any", "within": "3d"},
    {"computed": "idle", "op": "gte", "value": 2},
    {"trait": "seen_at", "op": "within", "value": "40d"},
    {"trait": "seen_at", "op": "next", "value": "9d"},
    {"trait": "born", "op": "anniversary", "value": "3d"},
    {"changed": "tier", "within": "1d"},
    {"account": {"trait": "renewal", "op": "within", "value": "9d"}},
    {"local_time": {"from": "09:00", "to": "18:00", "days": ["mon", "fri", "sat", "sun"]}},
    {"segment": "timed", "for": "1d"},
    {"entered": "timed", "within": "2h"},
    {"left": "timed", "within": "1d"},
    {"reachable": "email", "topic": "law"},
    {"reachable": "sms"},
    {"preference": "coupons", "channel": "email", "state": "paused"},
    {"consent": "law", "channel": "email"},
]


@examples(2)
@given(start=st.sampled_from(STARTS), zone=zones, seed=seeds)
def test_time_alone_turns_every_leaf_at_its_very_instant(ground: Ground, start: Any, zone: str, seed: int) -> None:
    ground.tell(_turn, start, zone, seed)


async def _turn(ground: Ground, start: datetime, zone: str, seed: int) -> None:
    """Some instants at which something may turn, and the moment before each."""
    stage, chance = await ground.emptied(start), Random(seed)
    await settle_in(stage, zone)
    for number, leaf in enumerate(TURNING):
        await stage.make(f"s{number}", leaf)
    for number in range(12):
        one, two, three = ({"not": leaf} if chance.random() < 0.4 else leaf for leaf in chance.sample(TURNING, 3))
        named = {"segment": f"s{chance.randrange(len(TURNING) + number)}"}
        made = [
            {"all": [one, two]},
            {"any": [one, two, three]},
            {"any": [{"all": [one, two]}, {"all": [{"not": one}, three]}]},
        ]
        await stage.make(f"s{len(TURNING) + number}", chance.choice([*made, {"not": named}, {"all": [named, one]}]))
    await live_before(stage, seed)
    happened = [at for part in stage.parts.values() for _, at, _ in part.events]
    said = [at for part in stage.parts.values() for each in part.said for at in (each.until, each.expires_at) if at]
    turns = [at + after for at in happened for after in (0 * HOUR, 90 * HOUR / 60, 2 * HOUR, DAY, 3 * DAY, 9 * DAY)]
    hours = [stage.now.replace(minute=0, second=0, microsecond=0) + n * HOUR for n in range(240)]
    for turn in sorted(chance.sample(turns, 7) + chance.sample(said, min(3, len(said))) + chance.sample(hours, 3)):
        for at in (turn - timedelta(microseconds=1), turn):
            if at >= stage.now:
                await stage.move(at - stage.now)
                await stage.drain()
                await stage.check_members()


@examples(6)
@given(wanted=st.lists(g.rules, min_size=1, max_size=3), happened=st.lists(happenings, min_size=1, max_size=3))
def test_one_jump_of_the_clock_ends_where_many_steps_end(ground: Ground, wanted: Any, happened: Any) -> None:
    ends = [ground.tell(_walk, wanted, happened, stride) for stride in (48, 5)]
    assert ends[0] == ends[1]


async def _walk(ground: Ground, wanted: list[Any], happened: list[Any], stride: int) -> list[set[str]]:
    stage = await ground.emptied()
    for name in PEOPLE:
        await stage.identify(name)
    for number, rule in enumerate(wanted):
        await stage.make(f"s{number}", rule)
    for some in happened:
        await do(stage, "track", some)
    end = stage.now + 48 * HOUR
    while stage.now < end:
        await stage.move(min(stride * HOUR, end - stage.now))
        await stage.drain()
        await stage.check()
    names = {id: name for name, id in stage.ids.items()}
    return [{names[id] for id in await stage.members(f"s{number}")} for number in range(len(wanted))]
