"""A new version goes live while things happen to people, segments and the database: one situation each."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from antiphon import segments
from antiphon.kernel.errors import Invalid
from segments.stage import Stage

builds = importlib.import_module("antiphon.segments.builds")
work = importlib.import_module("antiphon.segments.work")  # the package has a function of this name
store = importlib.import_module("antiphon.segments.store.members")
HOUR = timedelta(hours=1)
BOUGHT = {"event": "bought"}
ACTIVE = {"event": "bought", "within": "24h"}
GOLD = {"trait": "tier", "op": "eq", "value": "gold"}


def document(rule: Any) -> dict[str, Any]:
    return {"version": 1, "rule": rule}


async def rows(stage: Stage, text: str, *parameters: Any) -> list[Any]:
    async with stage.database.transaction() as tx:
        return await tx.rows(text, *parameters)


async def check_sizes(stage: Stage) -> None:
    found = await rows(
        stage,
        "SELECT s.name, (SELECT count(*) FROM member m WHERE m.segment_id = s.id) AS members,"
        " (SELECT coalesce(sum(t.entered - t.left_count + t.came), 0) FROM segment_tally t WHERE t.segment_id = s.id)"
        "  AS tally FROM segment s",
    )
    assert [tuple(row) for row in found if row["members"] != row["tally"]] == []


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let something happen before the n-th call of a step, or as it ends."""

    def put(module: Any, name: str, act: Callable[[], Awaitable[Any]], *, after: bool = False, n: int = 1) -> None:
        real, calls = getattr(module, name), [0]

        async def step(*given: Any, **named: Any) -> Any:
            calls[0] += 1
            if calls[0] == n and not after:
                await act()
            found = await real(*given, **named)
            if calls[0] == n and after:
                await act()
            return found

        monkeypatch.setattr(module, name, step)

    return put


# ---- timers ----


async def test_a_worker_who_had_claimed_somebody_before_the_build_does_not_forget_its_timer(stage: Stage) -> None:
    await stage.make("gold", GOLD)
    await stage.track("ada", "bought")
    await stage.drain()
    await stage.identify("ada", tier="gold")
    async with stage.database.transaction() as tx:
        claimed = await work._due.claim(tx, batch=10, lease_s=60)
    await stage.make("active", ACTIVE)
    await stage.database.repeat(lambda tx: work.settle(tx, claimed))
    await stage.drain()
    await stage.move(25 * HOUR)
    await stage.drain()
    await stage.check()


@pytest.mark.parametrize("gone", ["merged", "erased"])
async def test_a_number_that_is_gone_when_its_timer_is_written_is_looked_at_once(
    stage: Stage, once: Any, gone: str
) -> None:
    for name in ("ada", "bob"):
        await stage.track(name, "bought")
    once(builds, "_look", lambda: stage.merge("ada", "bob") if gone == "merged" else stage.erase("ada"), after=True)
    await stage.make("active", ACTIVE)
    await stage.drain()
    await stage.move(25 * HOUR)
    await stage.drain()
    await stage.check()


# ---- who is touched while changes are written ----


async def test_a_touch_that_concerns_another_segment_does_not_hide_somebody_from_a_new_rule(
    stage: Stage, once: Any
) -> None:
    """Whoever was touched is left to a worker, who would not have looked at this segment."""
    await stage.make("gold", GOLD)
    await stage.make("buyers", BOUGHT)
    for name in ("ada", "bob", "cleo"):
        await stage.track(name, "bought")
    await stage.drain()

    async def touch() -> None:
        await stage.identify("ada", tier="gold")
        await segments.work(stage.database)
        await stage.identify("bob", tier="gold")

    once(builds, "_apply_some", touch)
    await stage.edit("buyers", {"event": "looked"})
    await stage.drain()
    await stage.check()


# ---- sizes ----


@pytest.mark.parametrize("gone", ["merged", "erased"])
async def test_who_goes_during_a_first_build_is_counted_off_once(stage: Stage, once: Any, gone: str) -> None:
    for name in ("ada", "bob", "cleo"):
        await stage.track(name, "bought")
    once(builds, "_go_live", lambda: stage.merge("ada", "bob") if gone == "merged" else stage.erase("ada"))
    await stage.make("bought", BOUGHT)
    await stage.drain()
    await stage.check()
    await check_sizes(stage)


# ---- archives ----


async def test_a_segment_that_is_archived_while_its_first_members_are_looked_up_has_none(
    stage: Stage, once: Any
) -> None:
    for name in ("ada", "bob", "cleo"):
        await stage.track(name, "bought")
    once(builds, "_look", lambda: segments.archive(stage.database, "bought"), after=True)
    made = await segments.create(stage.database, "bought", document(BOUGHT))
    assert (made.state, await stage.members("bought")) == ("archived", set())
    await segments.restore(stage.database, "bought")
    assert len(await stage.members("bought")) == 3
    await check_sizes(stage)


async def test_a_segment_that_is_brought_back_before_it_was_emptied_keeps_its_members(stage: Stage, once: Any) -> None:
    making = importlib.import_module("antiphon.segments.making")
    for n in range(4):
        await stage.track(f"p{n}", "bought")
    await stage.make("bought", BOUGHT)
    once(making, "_empty", lambda: segments.restore(stage.database, "bought"))
    await segments.archive(stage.database, "bought")
    await stage.drain()
    await stage.check()
    await check_sizes(stage)


async def test_a_list_that_nobody_ever_was_in_can_be_archived(stage: Stage) -> None:
    await stage.make_list("vip")
    assert (await segments.archive(stage.database, "vip")).state == "archived"


# ---- segments that name segments ----


async def test_a_rule_that_names_a_draft_is_not_published(stage: Stage) -> None:
    """Nobody would be told when the first members come."""
    await stage.track("ada", "bought")
    await stage.identify("bob")
    await stage.database.repeat(lambda tx: segments.create_draft(tx, "active", document(ACTIVE)))
    with pytest.raises(segments.NamesUnpublished, match='"others" names active'):
        await segments.create(stage.database, "others", document({"not": {"segment": "active"}}))
    await segments.publish(stage.database, "active")
    await segments.publish(stage.database, "others")
    assert await stage.members("others") == {stage.ids["bob"]}


async def test_a_segment_that_is_being_built_is_built_before_one_that_names_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.track("ada", "bought")
    await stage.identify("bob")
    with monkeypatch.context() as patch:
        patch.setattr(builds, "_look", _fail)
        with pytest.raises(ConnectionError):
            await segments.create(stage.database, "active", document(ACTIVE))
    await segments.create(stage.database, "others", document({"not": {"segment": "active"}}))
    await stage.drain()
    assert await stage.members("active") == {stage.ids["ada"]}
    assert await stage.members("others") == {stage.ids["bob"]}


async def _fail(*_: object, **__: object) -> None:
    raise ConnectionError


async def test_a_draft_that_is_named_is_not_discarded(stage: Stage) -> None:
    await stage.database.repeat(lambda tx: segments.create_draft(tx, "active", document(ACTIVE)))
    await stage.database.repeat(
        lambda tx: segments.create_draft(tx, "others", document({"any": [GOLD, {"segment": "active"}]}))
    )
    with pytest.raises(segments.InUse, match="named by others"):
        await stage.database.repeat(lambda tx: segments.discard_draft(tx, "active"))


async def test_two_editors_at_once_do_not_make_segments_name_each_other(stage: Stage) -> None:
    await stage.make("a", ACTIVE)
    await stage.make("b", BOUGHT)
    both = asyncio.Barrier(2)

    async def edit(one: str, other: str) -> None:
        async with stage.database.transaction() as tx:
            await segments.save_draft(tx, one, document({"not": {"segment": other}}))
            try:
                async with asyncio.timeout(0.5):
                    await both.wait()
            except (TimeoutError, asyncio.BrokenBarrierError):
                pass  # one at a time

    found = await asyncio.gather(edit("a", "b"), edit("b", "a"), return_exceptions=True)
    assert [type(each) for each in found if each is not None] == [Invalid]


# ---- builds that fail, and what they build on ----


async def test_a_build_that_fails_holds_up_nobody_else(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    active = await stage.make("active", ACTIVE)
    real = builds._look

    async def look(tx: Any, *, segment: int, **named: Any) -> None:
        if segment == active.id + 1:
            raise ValueError("too much")
        await real(tx, segment=segment, **named)

    monkeypatch.setattr(builds, "_look", look)
    with pytest.raises(ValueError, match="too much"):
        await stage.make("bad", BOUGHT)
    await stage.track("ada", "bought")
    while await segments.work(stage.database):
        pass
    assert await stage.members("active") == {stage.ids["ada"]}
    monkeypatch.setattr(builds, "_look", real)
    monkeypatch.setattr(builds, "RETRY_S", 0.0)
    await stage.drain()
    assert await stage.members("bad") == {stage.ids["ada"]}


@pytest.mark.parametrize("step", ["_merge_timers", "_apply_some"])
async def test_what_was_looked_up_and_is_lost_between_two_steps_throws_nobody_out(
    stage: Stage, once: Any, step: str
) -> None:
    """A crash of the database empties the table; whoever builds may not have noticed."""
    for n in range(40):
        await stage.track(f"p{n}", "bought")
    await stage.make("s", ACTIVE)
    stage.changes.clear()
    once(builds, step, lambda: rows(stage, "DELETE FROM segment_build"), n=3)
    await stage.edit("s", {"event": "bought", "within": "23h"})
    await stage.drain()
    await stage.check()
    assert stage.changes == []
    await stage.move(25 * HOUR)
    await stage.drain()
    await stage.check()


async def test_a_third_version_overtakes_a_second_whose_changes_are_not_all_written(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(20):
        await stage.identify(f"p{n}", tier="gold" if n % 2 else "old", n=n)
    await stage.make("s", GOLD)
    real, calls = builds._apply_some, [0]

    async def fail(*given: Any, **named: Any) -> None:
        calls[0] += 1
        if calls[0] == 3:
            raise ConnectionError
        await real(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(builds, "_apply_some", fail)
        with pytest.raises(ConnectionError):
            await stage.edit("s", {"trait": "tier", "op": "eq", "value": "old"})
    await stage.edit("s", {"trait": "n", "op": "gte", "value": 10})
    await stage.drain()
    await stage.check()
    await check_sizes(stage)


async def test_more_are_published_at_once_than_there_are_connections(stage: Stage) -> None:
    """Each build keeps a connection and needs another."""
    await stage.track("ada", "bought")
    async with asyncio.timeout(30):
        await asyncio.gather(*(stage.make(f"s{n}", BOUGHT) for n in range(12)))
    await stage.check()


# ---- merges ----


@pytest.mark.parametrize("stays", ["ada", "bob"])
async def test_a_merge_during_the_last_look_of_a_worker_makes_nobody_enter_or_leave(
    stage: Stage, once: Any, stays: str
) -> None:
    """Whoever was in all along stays in, whichever of the numbers stays."""
    first, second = (stays, "bob" if stays == "ada" else "ada")
    for name in (first, second):
        await stage.identify(name)
    await stage.make("bought", BOUGHT)
    await stage.make("gold", GOLD)
    await stage.track("ada", "bought")
    await stage.drain()
    stage.changes.clear()
    await stage.track("bob", "bought", at=stage.now + HOUR)
    merging: list[asyncio.Task[None]] = []

    async def merge() -> None:
        merging.append(asyncio.ensure_future(stage.merge("ada", "bob")))
        await asyncio.wait(merging, timeout=0.5)

    once(store, "members_among", merge, n=2)
    await segments.work(stage.database)
    await asyncio.gather(*merging)
    await stage.drain()
    await stage.check()
    assert stage.changes == []
