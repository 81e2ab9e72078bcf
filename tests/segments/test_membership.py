"""Entries and exits, one situation each."""

from __future__ import annotations

import asyncio
import importlib
from datetime import timedelta
from typing import Any

import pytest

from antiphon import segments
from antiphon.kernel.errors import NameTaken
from antiphon.kernel.records import SegmentChange
from segments.stage import Stage

builds = importlib.import_module("antiphon.segments.builds")
work = importlib.import_module("antiphon.segments.work")  # the package has a function of this name
HOUR = timedelta(hours=1)
LAPSED = {"event": "bought", "within": "24h", "count": {"op": "eq", "value": 0}}
ACTIVE = {"event": "bought", "within": "24h"}


async def test_somebody_new_without_events_is_in_a_segment_that_asks_for_none(stage: Stage) -> None:
    await stage.make("lapsed", LAPSED)
    ada = await stage.identify("ada")
    await stage.drain()
    assert await stage.members("lapsed") == {ada}


async def test_time_alone_moves_somebody_in_and_out(stage: Stage) -> None:
    await stage.track("ada", "bought")
    lapsed, active = await stage.make("lapsed", LAPSED), await stage.make("active", ACTIVE)
    await stage.move(24 * HOUR - timedelta(microseconds=1))
    await stage.drain()
    assert stage.changes == []
    await stage.move(timedelta(microseconds=1))
    await stage.drain()
    ada = stage.ids["ada"]
    assert sorted(stage.changes, key=lambda change: change.segment) == [
        SegmentChange(lapsed.id, ada, stage.now, True, "time", "rule"),
        SegmentChange(active.id, ada, stage.now, False, "time", "rule"),
    ]


async def test_the_first_members_are_no_entries(stage: Stage) -> None:
    await stage.track("ada", "bought")
    await stage.make("active", ACTIVE)
    await stage.drain()
    assert await stage.members("active") == {stage.ids["ada"]}
    assert stage.changes == []


async def test_an_event_dated_after_now_counts_from_its_time_on(stage: Stage) -> None:
    await stage.make("active", ACTIVE)
    await stage.track("ada", "bought", at=stage.now + 5 * HOUR)
    await stage.drain()
    assert await stage.members("active") == set()
    await stage.move(5 * HOUR)
    await stage.drain()
    assert await stage.members("active") == {stage.ids["ada"]}


async def test_an_event_that_comes_late_counts_at_its_own_time(stage: Stage) -> None:
    await stage.make("active", ACTIVE)
    await stage.track("ada", "bought", at=stage.now - 23 * HOUR)
    await stage.track("bob", "bought", at=stage.now - 24 * HOUR)
    await stage.drain()
    assert await stage.members("active") == {stage.ids["ada"]}


async def test_what_no_rule_speaks_of_touches_nobody(stage: Stage) -> None:
    await stage.track("ada", "bought")
    await stage.make("active", ACTIVE)
    await stage.drain()
    await stage.track("ada", "looked")
    assert await stage.due() == 0


async def test_a_segment_that_names_another_follows_it_in_the_same_work(stage: Stage) -> None:
    await stage.make("active", ACTIVE)
    await stage.make("sleepers", {"not": {"segment": "active"}})
    ada = await stage.identify("ada")
    await stage.drain()
    assert await stage.members("sleepers") == {ada}
    await stage.track("ada", "bought")
    await stage.drain()
    assert await stage.members("sleepers") == set()
    await stage.move(24 * HOUR)
    await stage.drain()
    assert await stage.members("sleepers") == {ada}


async def test_a_channel_that_is_wanted_for_a_topic_silences_the_others(stage: Stage) -> None:
    await stage.make("mail", {"reachable": "email", "topic": "coupons"})
    ada = await stage.identify("ada", email="ada@shop.example", phone="+447700900123")
    await stage.drain()
    assert await stage.members("mail") == {ada}
    await stage.prefer("ada", "coupons", "sms", "wanted")
    await stage.drain()
    assert await stage.members("mail") == set()
    await stage.prefer("ada", "coupons", "email", "wanted")
    await stage.drain()
    assert await stage.members("mail") == {ada}


async def test_an_opt_out_and_a_dead_address_make_somebody_unreachable(stage: Stage) -> None:
    await stage.make("mail", {"reachable": "email"})
    await stage.identify("ada", email="ada@shop.example")
    await stage.identify("bob", email="bob@shop.example")
    await stage.drain()
    await stage.opt_out("email", "ada@shop.example")
    await stage.lose("bob", "email", "bob@shop.example")
    await stage.drain()
    assert await stage.members("mail") == set()


async def test_what_happens_during_a_fill_is_not_lost(stage: Stage) -> None:
    """Touches before, between and after the snapshot of the fill, with workers at it all the while."""
    people = [f"p{n}" for n in range(40)]
    for name in people:
        await stage.identify(name)

    async def happen() -> None:
        for name in people:
            await stage.track(name, "bought")
            await segments.work(stage.database)

    made = [stage.make(f"s{n}", ACTIVE if n % 2 else LAPSED) for n in range(4)]
    await asyncio.gather(happen(), *made)
    await stage.drain()
    await stage.check()


async def test_a_fill_that_was_broken_off_is_done_by_a_worker(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.track("ada", "bought")
    with monkeypatch.context() as patch:
        patch.setattr(builds, "_go_live", _fail)
        with pytest.raises(ConnectionError):
            await stage.make("active", ACTIVE)
    assert await stage.due() == 1
    await stage.drain()
    assert await stage.members("active") == {stage.ids["ada"]}
    await stage.move(24 * HOUR)
    await stage.drain()
    assert await stage.members("active") == set()


async def _fail(*_: object, **__: object) -> None:
    raise ConnectionError


async def test_two_workers_and_touches_at_the_same_time_lose_nothing(stage: Stage) -> None:
    people = [f"p{n}" for n in range(60)]
    for name in people:
        await stage.identify(name)
    await stage.make("active", ACTIVE)
    await stage.make("buyers", {"event": "bought", "count": {"op": "gte", "value": 3}})
    working = True

    async def work() -> None:
        while working:
            await segments.work(stage.database)
            await asyncio.sleep(0)

    async def happen(some: list[str]) -> None:
        for _ in range(4):
            for name in some:
                await stage.track(name, "bought", at=stage.now - HOUR)
            await stage.move(timedelta(minutes=7))

    workers = [asyncio.create_task(work()) for _ in range(2)]
    await asyncio.gather(happen(people[:30]), happen(people[30:]))
    working = False
    await asyncio.gather(*workers)
    await stage.drain()
    await stage.check()
    for segment in ("active", "buyers"):
        async with stage.database.transaction() as tx:
            found = await segments.get(tx, segment)
        assert stage.replayed(found, set()) == await stage.members(segment)


async def test_a_worker_whose_lease_ran_out_writes_nothing(stage: Stage) -> None:

    await stage.make("active", ACTIVE)
    await stage.track("ada", "bought")
    async with stage.database.transaction() as tx:
        stale = await work._due.claim(tx, batch=10, lease_s=-1)
    await stage.drain()
    await stage.move(24 * HOUR)
    await stage.database.repeat(lambda tx: work.settle(tx, stale))
    assert await stage.members("active") == {stage.ids["ada"]}
    await stage.drain()
    assert await stage.members("active") == set()


async def test_a_taken_name_is_refused_with_a_sentence(stage: Stage) -> None:
    await stage.make("active", ACTIVE)
    with pytest.raises(NameTaken, match='There is a segment "active" already'):
        await stage.make("active", LAPSED)


async def test_an_unknown_segment_in_a_rule_is_named(stage: Stage) -> None:
    with pytest.raises(Exception, match="The rule is not valid"):
        await stage.make("self", {"not": {"segment": "self"}})


async def test_pages_and_ranges_cover_everybody_once(stage: Stage) -> None:
    ids = [await stage.identify(f"p{n}") for n in range(25)]
    made = await stage.make("lapsed", LAPSED)
    async with stage.database.transaction() as tx:
        bounds = await segments.bounds(tx, made.id)
        assert bounds == segments.Bounds(min(ids), max(ids), 25)
        first = await segments.members(tx, "lapsed", limit=10)
        second = await segments.members(tx, str(made.id), cursor=first[-1].profile, limit=100)
        assert [member.profile for member in [*first, *second]] == sorted(ids)
        assert {member.external_id for member in [*first, *second]} == {f"p{n}" for n in range(25)}
        then = await segments.members(tx, "lapsed", limit=100, as_of=stage.now - HOUR)
        assert [member.profile for member in then] == sorted(ids)
        middle = sorted(ids)[12]
        left = await segments.member_range(tx, made.id, bounds.lowest, middle)
        right = await segments.member_range(tx, made.id, middle, bounds.highest + 1, after=middle, limit=5)
        assert left == sorted(ids)[:12]
        assert right == sorted(ids)[13:18]


async def test_a_preview_says_how_many_can_be_reached(stage: Stage) -> None:
    await stage.identify("ada", email="ada@shop.example", phone="+447700900123")
    await stage.identify("bob", email="bob@shop.example")
    await stage.opt_out("email", "bob@shop.example")
    async with stage.database.transaction() as tx:
        preview = await segments.preview(tx, LAPSED)
    assert (preview.count, preview.reach) == (2, {"email": 1, "sms": 1})
    assert {member.external_id for member in preview.sample} == {"ada", "bob"}


async def test_verify_finds_a_membership_that_the_facts_do_not_bear_out(stage: Stage) -> None:
    ada, bob = await stage.identify("ada"), await stage.identify("bob")
    made = await stage.make("lapsed", LAPSED)
    async with stage.database.transaction() as tx:
        assert await segments.verify(tx, "lapsed") == segments.Verification(2, 0, 0, ())
        await tx.rows("DELETE FROM member WHERE profile_id = $1", ada)
        await tx.rows("INSERT INTO member VALUES ($1, $2, $3, $4)", 7, made.id, 7, tx.now)
        found = await segments.verify(tx, "lapsed")
    assert (found.count, found.missing, found.surplus, set(found.sample)) == (2, 1, 1, {ada, 7})
    assert bob not in found.sample


async def test_an_exit_before_an_event_dated_ahead_is_not_missed(stage: Stage) -> None:
    await stage.make("active", ACTIVE)
    await stage.track("ada", "bought", at=stage.now - HOUR)
    await stage.track("ada", "bought", at=stage.now + 50 * HOUR)
    await stage.drain()
    for hours, inside in ((23, False), (27, True), (24, False)):
        await stage.move(hours * HOUR)
        await stage.drain()
        assert bool(await stage.members("active")) is inside


async def test_work_on_one_rule_keeps_the_timers_of_the_others(stage: Stage) -> None:
    await stage.make("active", ACTIVE)
    await stage.make("gold", {"trait": "tier", "op": "eq", "value": "gold"})
    await stage.track("ada", "bought")
    await stage.drain()
    await stage.identify("ada", tier="gold")
    await stage.drain()
    await stage.move(24 * HOUR)
    await stage.drain()
    assert await stage.members("active") == set()
    assert await stage.members("gold") == {stage.ids["ada"]}


async def test_the_fill_of_one_rule_keeps_the_timers_of_the_others(stage: Stage) -> None:
    await stage.track("ada", "bought")
    await stage.make("active", ACTIVE)
    await stage.make("recent", ACTIVE | {"within": "72h"})
    await stage.move(24 * HOUR)
    await stage.drain()
    assert await stage.members("active") == set()
    assert await stage.members("recent") == {stage.ids["ada"]}


async def test_a_touch_after_the_claim_leaves_the_profile_due(stage: Stage) -> None:
    """The worker may have judged before it: only a finish with an unchanged version clears what happened."""
    await stage.make("active", ACTIVE)
    await stage.track("ada", "bought")
    async with stage.database.transaction() as tx:
        claimed = await work._due.claim(tx, batch=10, lease_s=60)
    await stage.track("ada", "bought")
    await stage.database.repeat(lambda tx: work.settle(tx, claimed))
    assert await stage.due() == 1
    await stage.drain()
    assert len(stage.changes) == 1


async def test_one_whose_facts_cannot_be_worked_out_holds_up_nobody(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.make("active", ACTIVE)
    for name in ("ada", "bob", "cleo", "dan", "eve"):
        await stage.track(name, "bought")
    settle = work.settle

    async def settle_but_cleo(tx: Any, claimed: Any) -> None:
        if any(item.key[1] == stage.ids["cleo"] for item in claimed):
            raise ArithmeticError
        await settle(tx, claimed)

    with monkeypatch.context() as patch:
        patch.setattr(work, "settle", settle_but_cleo)
        await segments.work(stage.database)
    assert await stage.members("active") == {stage.ids[name] for name in ("ada", "bob", "dan", "eve")}
    assert await stage.due() == 1
