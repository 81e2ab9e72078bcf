"""Rules about accounts: who comes, who goes, and what happens to a crowd when its account changes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from antiphon import profiles, segments
from antiphon.kernel.records import ProfileId
from antiphon.segments import crowds
from segments.stage import Stage

PRO = {"account": {"trait": "plan", "op": "eq", "value": "pro"}}
AT_ACME = {"account": "acme"}


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "CHUNK", 3)


async def plan(stage: Stage, account: str, value: Any) -> None:
    await stage.database.repeat(lambda tx: profiles.tell_account(tx, account, {"plan": value}))
    stage.world.accounts.setdefault(account, {})["plan"] = value


async def test_one_account_of_several_is_enough(stage: Stage) -> None:
    await stage.group("ada", "acme", plan="free")
    await stage.group("ada", "house", plan="pro")
    await stage.group("bob", "acme")
    await stage.make("pro", PRO)
    await stage.make("acme", AT_ACME)
    await stage.make("none", {"not": {"account": {"trait": "plan", "op": "exists"}}})
    await stage.identify("cleo")
    await stage.drain()
    await stage.check()
    assert await stage.members("pro") == {stage.ids["ada"]}
    assert await stage.members("none") == {stage.ids["cleo"]}


async def test_whoever_joins_and_leaves_enters_and_leaves(stage: Stage) -> None:
    await stage.make("acme", AT_ACME)
    await stage.group("ada", "acme")
    await stage.drain()
    await stage.leave("ada", "acme")
    await stage.drain()
    assert [change.entered for change in stage.changes] == [True, False]
    await stage.check()


async def test_a_change_of_an_account_reaches_all_of_its_people(stage: Stage, small_steps: None) -> None:
    for n in range(10):
        await stage.group(f"p{n}", "acme", plan="free")
    await stage.group("else", "house", plan="free")
    await stage.make("pro", PRO)
    await plan(stage, "acme", "pro")
    async with stage.database.transaction() as tx:
        [[due, crowd]] = await tx.rows("SELECT (SELECT count(*) FROM membership_due WHERE due_at IS NOT NULL), "
                                       "(SELECT count(*) FROM crowd_due WHERE due_at IS NOT NULL)")  # fmt: skip
    assert (due, crowd) == (0, 1), "the news costs one row, whatever the size of the crowd"
    await stage.drain()
    await stage.check()
    assert len(await stage.members("pro")) == 10


async def test_a_change_during_the_walk_begins_it_anew(stage: Stage, small_steps: None) -> None:
    for n in range(10):
        await stage.group(f"p{n}", "acme", plan="free")
    await stage.make("pro", PRO)
    await plan(stage, "acme", "pro")
    for _ in range(2):
        await segments.work(stage.database)
    await plan(stage, "acme", "team")
    await stage.drain()
    await stage.check()
    assert await stage.members("pro") == set()


async def test_what_no_rule_speaks_of_walks_nobody(stage: Stage) -> None:
    await stage.group("ada", "acme")
    await stage.make("tall", {"trait": "tall", "op": "exists"})
    await stage.drain()
    await plan(stage, "acme", "pro")
    assert await stage.due() == 0


async def test_workers_changes_and_fills_at_once_lose_nobody(stage: Stage, small_steps: None) -> None:
    people = [f"p{n}" for n in range(12)]
    for name in people:
        await stage.identify(name)
    working = True

    async def work() -> None:
        while working:
            await segments.work(stage.database)
            await asyncio.sleep(0)

    async def change() -> None:
        for n, name in enumerate(people):
            await stage.group(name, "acme")
            await plan(stage, "acme", "pro" if n % 3 else "free")

    async def make() -> None:
        for n in range(3):
            await stage.make(f"s{n}", PRO if n % 2 else {"not": PRO})

    workers = [asyncio.create_task(work()) for _ in range(2)]
    await asyncio.gather(change(), make())
    working = False
    await asyncio.gather(*workers)
    await stage.drain()
    await stage.check()


async def test_an_explanation_names_the_part_about_the_account(stage: Stage) -> None:
    ada = await stage.identify("ada")
    await stage.group("ada", "acme", plan="free")
    await stage.make("pro", {"any": [PRO, AT_ACME]})
    async with stage.database.transaction() as tx:
        told = await segments.explain(tx, "pro", ProfileId(ada))
    assert {part.at: part.holds for part in told.parts} == {"rule": True, "rule.any[0]": False, "rule.any[1]": True}
