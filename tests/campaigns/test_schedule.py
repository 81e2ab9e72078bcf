"""When a campaign begins, how fast it goes, and how it is taken back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import campaigns, profiles, segments
from antiphon.campaigns import pace
from antiphon.kernel.records import Identifier
from antiphon.kernel.runtime import Runtime
from campaigns.planned import advance, change, notified, planned, walk
from conftest import START
from orchestration.stage import Stage, second_process, working

LATER = "2026-01-01T18:00:00Z"
rates = st.integers(1, 1_000_000)


@given(rates, st.lists(st.floats(0.0, 50.0), max_size=40))
def test_no_span_of_time_pays_for_more_people_than_its_pace(per_minute, steps):
    """But what was left over from at most a minute before."""
    now = paid_to = START
    told: list[tuple[datetime, int]] = []
    for step in steps:
        now += timedelta(seconds=step)
        people = pace.room(per_minute, paid_to=paid_to, now=now)
        paid_to = pace.paid(per_minute, people, paid_to=paid_to, now=now)
        told.append((now, people))
        assert paid_to <= now + timedelta(seconds=0.02 * 60 / per_minute, microseconds=1)
    for n, (begin, _) in enumerate(told):
        for m, (end, _) in enumerate(told[n:], n):
            within = (end - begin).total_seconds()
            assert sum(people for _, people in told[n : m + 1]) <= per_minute * (within + 60) / 60 + 1


@given(rates)
def test_when_there_is_room_again_there_is_room(per_minute):
    at = pace.next_at(per_minute, paid_to=START, now=START)
    assert START < at <= START + timedelta(minutes=1)
    assert pace.room(per_minute, paid_to=START, now=at) >= max(1, per_minute // 60)


async def test_nobody_is_decided_before_the_start_and_a_jump_past_it_works(stage: Stage, worker: None) -> None:
    mail = await stage.account("email")
    await stage.people(10, "email")
    campaign = await planned(stage, launch_at=LATER)
    view = await stage.view(campaign)
    assert (view.state, view.starts_at) == ("running", datetime(2026, 1, 1, 18, tzinfo=UTC))
    await advance(stage, hours=5, minutes=59)
    await asyncio.sleep(0.3)
    assert await notified(stage) == 0
    await stage.people(3, "email", first=10)
    await stage.eventually(lambda: _members(stage, 13))
    await advance(stage, days=2)
    view = await stage.until(campaign, "done")
    assert view.notifications == {"sent": 13}
    assert len(mail.left) == 13


async def _members(stage: Stage, n: int) -> bool:
    async with stage.database.transaction(read_only=True) as tx:
        return len(await segments.members(tx, "all")) == n


async def test_cancelled_before_it_begins_it_leaves_nothing(stage: Stage, worker: None) -> None:
    mail = await stage.account("email")
    await stage.people(10, "email")
    campaign = await planned(stage, recall_s=60)
    await asyncio.sleep(0.2)
    assert await notified(stage) == 0
    await stage.steer(campaigns.cancel, campaign)
    await advance(stage, hours=1)
    await asyncio.sleep(0.2)
    assert await notified(stage) == 0
    assert mail.left == []
    assert (await stage.view(campaign)).state == "cancelled"


async def test_a_claim_that_a_cancel_overtook_tells_nobody(stage: Stage) -> None:
    """The walk had its range already: whoever cancelled is answered only when it can tell nobody more."""
    await stage.account("email")
    await stage.people(10, "email")
    campaign = await planned(stage)
    from antiphon.campaigns import store, work

    async with stage.database.transaction() as tx:
        claimed = await store.claim_chunk(tx, lease_s=60)
    await stage.steer(campaigns.cancel, campaign)
    assert await stage.database.repeat(lambda tx: work._walk(tx, claimed)) == 0
    assert await notified(stage) == 0


async def test_the_usual_recall_time_is_a_setting(stage: Stage) -> None:
    from antiphon.kernel import settings

    await stage.account("email")
    await stage.people(2, "email")
    await stage.database.repeat(lambda tx: settings.write(tx, {"recall_s": 90}))
    campaign = await planned(stage)
    assert campaign.starts_at == START + timedelta(seconds=90)
    at_once = await stage.campaign("email", launched=False)
    at_once = await change(stage, at_once, recall_s=0)
    assert (await stage.steer(campaigns.launch, at_once)).starts_at == START


async def test_paused_before_it_begins_it_still_waits_for_its_time(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(5, "email")
    campaign = await planned(stage, launch_at=LATER)
    await stage.steer(campaigns.pause, campaign)
    await stage.steer(campaigns.resume, campaign)
    await walk(stage)
    assert await notified(stage) == 0
    await advance(stage, hours=6)
    await walk(stage)
    assert await notified(stage) == 5


async def test_where_each_person_lives(stage: Stage, worker: None) -> None:
    """9:00 is first in Tokyo, then in Paris, then in New York; the audience is taken when it is 9:00 anywhere."""
    mail = await stage.account("email")
    zones = {"tokyo": "Asia/Tokyo", "paris": "Europe/Paris", "newyork": "America/New_York"}
    await stage.campaign("email", launched=False)  # makes the segment
    for name, zone in zones.items():
        who = (Identifier("external_id", name), Identifier("email", f"{name}@example.org"))
        fact = profiles.Fact("test", name, START, who, traits={"n": 1, "timezone": zone})
        await stage.database.repeat(lambda tx, fact=fact: profiles.record(tx, [fact]))
    campaign = await planned(stage, send_at={"local": "2026-01-03T09:00"})
    assert campaign.starts_at == datetime(2026, 1, 2, 19, tzinfo=UTC)

    async def came(n: int) -> bool:
        return len(mail.left) >= n

    for hours, expected in ((30, 0), (6.1, 1), (7.95, 2), (5.9, 2), (0.2, 3)):
        await advance(stage, hours=hours)
        await stage.eventually(partial(came, expected))
        await asyncio.sleep(0.2)
        assert len(mail.left) == expected
    assert [outgoing.to.partition("@")[0] for _, outgoing in mail.left] == ["tokyo", "paris", "newyork"]
    await stage.until(campaign, "done")


async def test_of_two_that_start_together_the_higher_priority_tells_its_people_first(stage: Stage) -> None:
    """Whichever was launched first: the place that is left under the cap is taken by the important one."""
    from antiphon.kernel import settings

    await stage.account("email")
    await stage.people(4, "email")
    cap = {"frequency_cap": {"count": 1, "within_s": 86_400}}
    await stage.database.repeat(lambda tx: settings.write(tx, cap))
    low = await planned(stage, launch_at=LATER, priority=-1)
    high = await planned(stage, launch_at=LATER, priority=1)
    await advance(stage, hours=7)
    await walk(stage)
    assert (await stage.view(high)).notifications == {"open": 4}
    assert (await stage.view(low)).reasons == {"capped": 4}


async def exactly(stage: Stage, n: int) -> None:
    """So many soon, and no more a while later."""

    async def reached() -> bool:
        return await notified(stage) >= n

    await stage.eventually(reached)
    await asyncio.sleep(0.4)
    assert await notified(stage) == n


async def test_a_throttle_holds_over_two_workers_and_both_stages(stage: Stage) -> None:
    """Ten a minute: nobody at the beginning of the first minute, ten at its end, whoever walks."""
    await stage.account("email")
    await stage.people(80, "email")
    other = await second_process(stage.database)
    campaign = await planned(stage, throttle={"per_minute": 10}, pilot={"share": 0.4})
    second = Runtime(other, stage.runtime.secrets, stage.runtime.base_url, sandbox=True)
    try:
        async with working(stage.runtime), working(second):
            for told in (0, 10, 20):
                await exactly(stage, told)
                await advance(stage, minutes=1)
            for _ in range(4):
                await asyncio.sleep(0.4)
                await advance(stage, minutes=1)
            await stage.until(campaign, "pilot_done")
            in_pilot = await notified(stage)
            await stage.steer(campaigns.resume, campaign)
            await exactly(stage, in_pilot)
            await advance(stage, minutes=1)
            await exactly(stage, in_pilot + 10)
            shown = await stage.view(campaign)
            left = 80 - in_pilot - 10
            assert shown.expected_end == stage.database.clock.now() + timedelta(minutes=left / 10)
    finally:
        await other.close()


async def test_a_long_halt_pays_for_one_minute_and_a_pause_for_nothing(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(100, "email")
    campaign = await planned(stage, throttle={"per_minute": 20})
    await advance(stage, hours=1)
    await walk(stage)
    assert await notified(stage) == 20
    await stage.steer(campaigns.pause, campaign)
    await advance(stage, hours=1)
    await stage.steer(campaigns.resume, campaign)
    await walk(stage)
    assert await notified(stage) == 20
    await advance(stage, seconds=30)
    await walk(stage)
    assert await notified(stage) == 30


async def test_whoever_waits_for_a_throttle_keeps_nobody_busy(stage: Stage) -> None:
    """Between two steps no range is due: a look finds nothing to claim."""
    await stage.account("email")
    await stage.people(50, "email")
    await planned(stage, throttle={"per_minute": 6})
    await walk(stage)
    async with stage.database.transaction() as tx:
        assert await campaigns.count_due(tx) == 0
    rows = await stage.sql("SELECT due_at FROM campaign_chunk")
    assert [row["due_at"] for row in rows] == [START + timedelta(seconds=10)]


async def test_a_small_one_is_given_a_pace_and_then_another(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its one range goes on as one."""
    from antiphon.campaigns import work

    monkeypatch.setattr(work, "BATCH", 5)
    await stage.account("email")
    await stage.people(60, "email")
    campaign = await planned(stage)
    await campaigns.work_chunks(stage.runtime)
    assert await notified(stage) == 5
    await change(stage, campaign, throttle={"per_minute": 10})
    await advance(stage, minutes=1)
    await walk(stage)
    assert await notified(stage) == 15
    await change(stage, campaign, throttle={"per_minute": 20})
    await advance(stage, minutes=1)
    await walk(stage)
    assert await notified(stage) == 35


async def test_a_running_one_is_given_a_pace(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was cut in several ranges: they become one, and nobody is told twice."""
    from antiphon.campaigns import rules, work

    monkeypatch.setattr(rules, "CHUNK_PEOPLE", 10)
    monkeypatch.setattr(work, "BATCH", 5)
    await stage.account("email")
    await stage.people(60, "email")
    campaign = await planned(stage)
    assert len(await stage.sql("SELECT FROM campaign_chunk WHERE due_at IS NOT NULL")) == 6
    for _ in range(3):
        await campaigns.work_chunks(stage.runtime)
    told = await notified(stage)
    assert 0 < told <= 15
    await change(stage, campaign, throttle={"per_minute": 10})
    await walk(stage)
    assert await notified(stage) == told
    for minute in range(1, 5):
        await advance(stage, minutes=1)
        await walk(stage)
        assert await notified(stage) == told + 10 * minute
    await change(stage, campaign, throttle=None)
    await walk(stage)
    assert await notified(stage) == 60
