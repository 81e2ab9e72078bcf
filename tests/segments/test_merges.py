"""Memberships while people turn out to be one, and part again."""

from __future__ import annotations

import asyncio
import importlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon import segments
from antiphon.kernel.records import SegmentChange
from antiphon.profiles.identity import move
from segments.stage import Stage
from segments.test_incremental import Ground, _do, _emptied, account_traits, accounts, happenings, people, rules
from segments.test_incremental import ground as ground

builds = importlib.import_module("antiphon.segments.builds")
work = importlib.import_module("antiphon.segments.work")  # the package has a function of this name
HOUR = timedelta(hours=1)
BOUGHT = {"event": "bought"}
TWICE = {"event": "bought", "count": {"op": "gte", "value": 2}}
NEVER = {"event": "bought", "count": {"op": "eq", "value": 0}}


async def logged(stage: Stage, segment: segments.Segment) -> set[int]:
    """Who is in after every entry and exit that was written down, in the order of the table."""
    inside: set[int] = set()
    async with stage.database.transaction() as tx:
        rows = await tx.rows("SELECT profile_id, entered FROM segment_change WHERE segment_id = $1 ORDER BY ctid",
                             segment.id)  # fmt: skip
    for row in rows:
        assert (row["profile_id"] in inside) != row["entered"]
        inside ^= {row["profile_id"]}
    return inside


async def test_somebody_who_was_in_all_along_neither_enters_nor_leaves(stage: Stage) -> None:
    bought = await stage.make("bought", BOUGHT)
    await stage.track("ada", "bought")
    await stage.identify("bob")
    await stage.drain()
    stage.changes.clear()
    await stage.merge("ada", "bob")
    assert await stage.members("bought") == {stage.ids["ada"]}
    await stage.drain()
    await stage.check()
    assert stage.changes == []
    assert await logged(stage, bought) == await stage.members("bought")


async def test_they_are_in_since_the_earlier_of_both(stage: Stage) -> None:
    await stage.make("bought", BOUGHT)
    await stage.track("ada", "bought")
    await stage.drain()
    first = stage.now
    await stage.move(HOUR)
    await stage.track("bob", "bought")
    await stage.drain()
    await stage.merge("bob", "ada")
    await stage.drain()
    async with stage.database.transaction() as tx:
        [member] = await segments.members(tx, "bought")
    assert member.entered_at == first


async def test_what_only_both_together_did_is_an_entry_and_what_neither_is_any_more_an_exit(stage: Stage) -> None:
    twice, never = await stage.make("twice", TWICE), await stage.make("never", NEVER)
    await stage.track("ada", "bought")
    await stage.track("bob", "bought")
    await stage.identify("cleo")
    await stage.drain()
    stage.changes.clear()
    await stage.merge("ada", "bob")
    await stage.merge("cleo", "bob")
    await stage.drain()
    await stage.check()
    told = {(change.segment, change.profile, change.entered) for change in stage.changes}
    assert told == {(twice.id, stage.ids["bob"], True), (never.id, stage.ids["bob"], False)}


async def test_while_events_are_on_the_way_nothing_is_written(stage: Stage) -> None:
    never = await stage.make("never", NEVER)
    await stage.track("ada", "bought")
    await stage.track("bob", "looked")
    await stage.drain()
    await stage.merge("ada", "bob")
    stays = stage.ids["bob"]
    before = list(stage.changes)
    await stage.identify("bob", tier="gold")
    await stage.track("bob", "bought")
    while await segments.work(stage.database):
        pass
    assert stage.changes == before
    await stage.drain()
    await stage.check()
    assert stage.changes[len(before) :] == [SegmentChange(never.id, stays, stage.now, False, "happened", "rule")]


async def test_a_judgement_from_before_the_merge_is_not_written_after_it(stage: Stage) -> None:
    await stage.make("bought", BOUGHT)
    await stage.identify("ada")
    await stage.identify("bob")
    await stage.drain()
    await stage.track("ada", "bought")
    async with stage.database.transaction() as tx:
        claimed = await work._due.claim(tx, batch=10, lease_s=60)
    ada = stage.ids["ada"]
    await stage.merge("bob", "ada")
    gone = ({ada} | {stage.ids["bob"]}) - {stage.ids["ada"]}
    await stage.database.repeat(lambda tx: work.settle(tx, claimed))
    assert await stage.members("bought") == set()
    await stage.drain()
    await stage.check()
    assert not gone & await stage.members("bought")


async def test_a_merge_during_the_judgement_leaves_no_membership_of_a_number_that_is_gone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.make("bought", BOUGHT)
    for name in ("ada", "bob"):
        await stage.identify(name)
    await stage.drain()
    for name in ("ada", "bob"):
        await stage.track(name, "bought")
    judge = work._Look.judge

    async def judge_and_merge(*given_: Any) -> Any:
        found = await judge(*given_)
        await stage.merge("ada", "bob")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(work._Look, "judge", judge_and_merge)
        await segments.work(stage.database)
    await stage.drain()
    await stage.check()
    assert len(await stage.members("bought")) == 1


async def test_a_merge_during_the_fill_leaves_no_membership_of_a_number_that_is_gone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ada", "bob"):
        await stage.track(name, "bought")
    find = builds._look

    async def find_and_merge(*given_: Any, **named: Any) -> None:
        await find(*given_, **named)
        await stage.merge("ada", "bob")

    with monkeypatch.context() as patch:
        patch.setattr(builds, "_look", find_and_merge)
        await stage.make("bought", BOUGHT)
    await stage.drain()
    await stage.check()
    assert len(await stage.members("bought")) == 1


async def test_people_who_part_are_each_in_what_they_did(stage: Stage) -> None:
    await stage.make("bought", BOUGHT)
    await stage.make("never", NEVER)
    await stage.track("ada", "bought")
    await stage.identify("bob")
    await stage.merge("ada", "bob")
    await stage.drain()
    stage.changes.clear()
    await stage.part("bob")
    assert stage.ids["ada"] != stage.ids["bob"]
    await stage.drain()
    await stage.check()
    told = {(change.profile, change.entered) for change in stage.changes}
    assert told == {(stage.ids["bob"], True), (stage.ids["bob"], False)}, "ada stayed where she was"


async def test_a_fill_that_saw_them_as_two_ends_with_one(stage: Stage) -> None:
    names = [f"p{n}" for n in range(30)]
    for name in names:
        await stage.track(name, "bought")
    made = [stage.make(f"s{n}", TWICE if n % 2 else BOUGHT) for n in range(4)]

    async def merge() -> None:
        for one, other in zip(names[::2], names[1::2], strict=True):
            await stage.merge(one, other)
            await stage.follow()

    await asyncio.gather(merge(), *made)
    await stage.drain()
    await stage.check()
    assert len(await stage.members("s1")) == 15


async def test_workers_merges_and_events_at_once_end_where_the_oracle_ends(stage: Stage) -> None:
    names = [f"p{n}" for n in range(20)]
    for name in names:
        await stage.identify(name)
    for number, rule in enumerate([BOUGHT, TWICE, NEVER, {"event": "bought", "within": "24h"}]):
        await stage.make(f"s{number}", rule)
    working = True

    async def judge() -> None:
        while working:
            await segments.work(stage.database)
            await asyncio.sleep(0)

    async def follow() -> None:
        while working:
            await move.work(stage.database)
            await asyncio.sleep(0)

    async def happen() -> None:
        for n, name in enumerate(names * 2):
            await stage.track(name, "bought", at=stage.now - n * HOUR)

    async def merge() -> None:
        for one, other in zip(names[:12:2], names[1:12:2], strict=True):
            await stage.merge(one, other)
        for name in names[:6:2]:
            await stage.part(name)

    workers = [asyncio.create_task(judge()), asyncio.create_task(judge()), asyncio.create_task(follow())]
    await asyncio.gather(happen(), merge())
    working = False
    await asyncio.gather(*workers)
    await stage.drain()
    await stage.check()
    await stage.move(30 * HOUR)
    await stage.drain()
    await stage.check()


pairs = st.tuples(people, people)
steps = st.one_of(
    st.tuples(st.just("track"), happenings),
    st.tuples(st.just("group"), st.tuples(people, accounts, account_traits)),
    st.tuples(st.just("identify"), st.tuples(people, st.fixed_dictionaries({"tier": st.sampled_from(["gold", None])}))),
    st.tuples(st.just("merge"), pairs),
    st.tuples(st.just("merge"), pairs),
    st.tuples(st.just("part"), people),
    st.tuples(st.just("move"), st.sampled_from([1, 6, 24])),
    st.tuples(st.just("make"), rules),
    st.tuples(st.just("work"), st.none()),
    st.tuples(st.just("follow"), st.none()),
    st.tuples(st.just("check"), st.none()),
)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(first=rules, story=st.lists(steps, min_size=4, max_size=14))
def test_whoever_turns_out_to_be_one_and_parts_again_is_where_the_oracle_says(
    ground: Ground, first: Any, story: list[Any]
) -> None:
    ground.runner.run(_play(ground, first, story))


async def _play(ground: Ground, first: Any, story: list[Any]) -> None:
    stage = await _emptied(ground.database)
    for name in ("ada", "bob", "cleo"):
        await stage.identify(name, email=f"{name}@shop.example")
    await stage.make("s0", first)
    for kind, given_ in story:
        await _do(stage, kind, given_)
    await stage.drain()
    await stage.check()
    await stage.move(100 * HOUR)
    await stage.drain()
    await stage.check()
