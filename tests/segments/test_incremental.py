"""Whatever happens in whatever order: memberships, counts and counts of the past are what the oracle says."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from segments import generated as g
from segments.generated import accounts, rules
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
from segments.stage_ground import Ground, emptied, examples
from segments.stage_ground import ground as ground
from segments.test_truth import zones

__all__ = ["Ground", "account_traits", "accounts", "ground", "happenings", "people", "rules"]
_do, _emptied = do, emptied


@examples(24)
@given(
    zone=zones,
    seed=seeds,
    first=st.lists(g.remembering, min_size=3, max_size=3),
    story=stories(facts, facts, clock, identities, making, working, checking),
)
def test_memberships_are_what_the_oracle_says(ground: Ground, zone: str, seed: int, first: Any, story: Any) -> None:
    ground.run(_play(ground, zone, seed, first, story))


async def _play(ground: Ground, zone: str, seed: int, first: Any, story: Any) -> None:
    stage = await ground.emptied()
    await settle_in(stage, zone)
    await live_before(stage, seed)
    for rule in first:
        await do(stage, "make", rule)
    for kind, given_ in story:
        await do(stage, kind, given_)
    await stage.drain()
    await stage.check()
    for by in (10 * HOUR, 40 * DAY):
        await stage.move(by)
        await stage.drain()
        await stage.check()
    await stage.verify()


@examples(10)
@given(
    seed=seeds,
    first=st.lists(g.naming, min_size=2, max_size=4),
    story=stories(facts, facts, clock, identities, making, most=20),
)
def test_workers_at_the_same_time_end_where_the_oracle_ends(ground: Ground, seed: int, first: Any, story: Any) -> None:
    ground.run(_play_beside(ground, seed, first, story, workers=2 + seed % 2))


async def _play_beside(ground: Ground, seed: int, first: Any, story: Any, *, workers: int) -> None:
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


@examples(8)
@given(wanted=st.lists(g.rules, min_size=1, max_size=3), happened=st.lists(happenings, min_size=1, max_size=3))
def test_one_jump_of_the_clock_ends_where_many_steps_end(ground: Ground, wanted: Any, happened: Any) -> None:
    ends = [ground.run(_walk(ground, wanted, happened, stride)) for stride in (48, 5)]
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
