"""Providers that are down, slow to connect, switched off or paced: a campaign survives them."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from antiphon import campaigns, channels, content
from antiphon.channels import breaker
from antiphon.kernel.records import Identifier, NotSent, Purpose, Refused
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import handed, store
from antiphon.orchestration.handed import GIVE_UP, PATIENT_S, outcome_of
from orchestration.stage import PaperAdapter, Stage, second_process, working
from orchestration.test_failover import _is, counts


async def pause(stage: Stage, account: str) -> None:
    away = "UPDATE provider_state SET paused_until = clock_timestamp() + interval '1 hour' WHERE provider_id = $1"
    await stage.sql(away, stage.providers[account])


async def test_the_only_provider_is_away_for_a_while(stage: Stage, worker: None, monkeypatch) -> None:
    """However often nothing could leave, nothing counts as tried; nobody is failed, nobody gets two."""
    monkeypatch.setitem(breaker.PAUSES_S, "unreachable", (0.05,))
    mail = await stage.account("email")
    await stage.people(50, "email")
    mail.down = True
    campaign = await stage.campaign("email")
    await asyncio.sleep(2.5)
    assert (await stage.view(campaign)).notifications == {"open": 50}
    assert {row["attempts"] for row in await stage.sql("SELECT attempts FROM delivery")} == {0}
    mail.down = False
    view = await stage.until(campaign, "done")
    assert view.notifications == {"sent": 50}
    assert len(mail.left) == 50


async def test_one_of_two_providers_is_away_and_the_other_takes_it_all(stage: Stage, worker: None) -> None:
    first, second = await stage.account("email", "first"), await stage.account("email", "second", rank=1)
    await stage.people(600, "email")
    first.slow_s = 0.2
    campaign = await stage.campaign("email")
    await stage.eventually(lambda: _is(len(first.left) > 100))
    first.down = True
    view = await stage.until(campaign, "done", seconds=10)
    assert view.notifications == {"sent": 600}
    assert sorted(first.to + second.to) == sorted(f"p{i}@example.org" for i in range(600))
    assert second.left


async def test_a_provider_switched_off_keeps_nothing(stage: Stage) -> None:
    await stage.account("email", "first")
    second = await stage.account("email", "second", rank=1)
    await stage.people(20, "email")
    await pause(stage, "second")
    campaign = await stage.campaign("email")
    while await campaigns.work_chunks(stage.runtime):
        pass
    async with stage.database.transaction() as tx:
        await channels.switch(tx, stage.providers["first"], enabled=False)
    await stage.sql("UPDATE provider_state SET paused_until = NULL")
    async with working(stage.runtime):
        await stage.until(campaign, "done")
    assert len(second.left) == 20


async def test_a_provider_that_connects_slowly_is_no_broken_one(stage: Stage, worker: None, monkeypatch) -> None:
    """Connecting takes longer than what is marked may wait."""

    async def slowly(self: PaperAdapter) -> None:
        await asyncio.sleep(0.8)

    monkeypatch.setattr(PaperAdapter, "connect", slowly)
    await stage.account("email")
    await stage.people(10, "email")
    view = await stage.until(await stage.campaign("email"), "done", seconds=6)
    assert view.notifications == {"sent": 10}
    (row,) = await stage.sql("SELECT failures FROM provider_state")
    assert row["failures"] == 0


async def test_two_workers_keep_one_pace(stage: Stage, worker: None) -> None:
    mail = await stage.account("email", per_second=50)
    await stage.people(220, "email")
    other = await second_process(stage.database)
    runtime = Runtime(other, stage.runtime.secrets, "http://127.0.0.1:1", sandbox=True)
    try:
        async with working(runtime):
            view = await stage.until(await stage.campaign("email"), "done")
    finally:
        await other.close()
    assert view.notifications == {"sent": 220}
    times = sorted(at for at, _ in mail.left)
    steady = [at for at in times if at > times[0] + 1]
    rate = (len(steady) - 1) / (steady[-1] - steady[0])
    assert 40 <= rate <= 60
    assert len(set(mail.to)) == 220


async def test_one_message_every_two_seconds_is_a_pace_too(stage: Stage, worker: None) -> None:
    mail = await stage.account("email", per_second=0.5)
    await stage.people(2, "email")
    begun = time.monotonic()
    await stage.until(await stage.campaign("email"), "done", seconds=10)
    assert time.monotonic() - begun > 1.5
    assert len(mail.left) == 2


async def test_patience_is_longer_than_an_outage_and_ends(stage: Stage) -> None:
    """Temporary refusals for more than an hour are survived under `definite`; under `silence` the next channel waits
    not half a minute."""
    await stage.account("email")
    number = await stage.send(await stage.message("email"), Identifier("email", "a@example.org"), purpose=Purpose.ALERT)
    async with stage.database.transaction() as tx:
        (row,) = await store.read_for_render(tx, [(await stage.sql("SELECT id FROM delivery"))[0]["id"]])
        source = next(iter((await store.read_sources(tx, [row["source_id"]])).values()))
    assert number
    later = Refused("temporary", "4.7.1", "greylisted")
    now = stage.database.clock.now()
    definite = replace(source, failover_on="definite")
    waits = [outcome_of(definite, dict(row) | {"attempts": n}, later, other=None, now=now) for n in range(20)]
    assert sum(o.retry_s or 0 for o in waits) == sum(PATIENT_S) > 3600
    assert waits[-1].state == "failed"
    urgent = [outcome_of(source, dict(row) | {"attempts": n}, later, other=None, now=now) for n in range(20)]
    assert sum(o.retry_s or 0 for o in urgent) <= 30
    gone = outcome_of(definite, dict(row), NotSent("down"), other=None, now=now + GIVE_UP * 2)
    assert (gone.state, gone.failure) == ("failed", "temporary")


async def test_an_alert_leaves_a_channel_that_lets_nothing_in(stage: Stage, worker: None, monkeypatch) -> None:
    monkeypatch.setattr(handed, "URGENT_S", (0.1, 0.1, 0.1))
    sms, mail = await stage.account("sms"), await stage.account("email")
    await stage.people(1, "email", "phone")
    sms.down = True
    who = Identifier("email", "p0@example.org")
    number = await stage.send(await stage.message("email", "sms"), who, purpose=Purpose.ALERT)
    await stage.eventually(lambda: _is(mail.to == [who.value]))
    shown = await stage.show(number)
    assert (shown.deliveries[0].state, shown.deliveries[0].failure) == ("failed", "temporary")
    assert sms.left == []


async def test_a_message_past_its_end_does_not_leave_when_the_provider_is_back(stage: Stage, move) -> None:
    mail = await stage.account("email")
    number = await stage.send(
        await stage.message("email"),
        Identifier("email", "a@example.org"),
        purpose=Purpose.CODE,
        expires_at=stage.database.clock.now() + timedelta(minutes=15),
    )
    await move(timedelta(minutes=16))
    async with working(stage.runtime):
        shown = await stage.until_state(number, "dropped")
    assert shown.reason == "expired"
    assert mail.left == []


async def test_one_that_cannot_be_rendered_fails_alone(stage: Stage, worker: None, monkeypatch) -> None:
    real = content.render

    def render(message, *, variables, **rest):
        if variables["profile"]["n"] == 3:
            raise ZeroDivisionError
        return real(message, variables=variables, **rest)

    monkeypatch.setattr(content, "render", render)
    await stage.account("email")
    await stage.people(20, "email")
    view = await stage.until(await stage.campaign("email"), "done")
    assert view.notifications == {"sent": 19, "failed": 1}
    assert counts(view)["failed"] == 1


@pytest.mark.parametrize(
    ("wish", "left", "ends"),
    [
        ({"budget": 0.020}, 2, {"sent": 2, "waiting": 18}),
        ({"cost_max": 0.005}, 0, {"dropped": 20}),
        ({}, 20, {"sent": 20}),
    ],
)
async def test_a_dearer_provider_takes_over_no_more_than_the_money_allows(
    stage: Stage, wish: dict[str, float], left: int, ends: dict[str, int]
) -> None:
    """Decided for a cheap provider, which then goes down: what they wait for now costs ten times as much."""
    await stage.account("email", "cheap", unit_cost=0.001)
    dear = await stage.account("email", "dear", rank=1, unit_cost=0.01)
    await stage.people(20, "email")
    draft = await stage.campaign("email", launched=False)
    changes = msgspec.convert(wish, campaigns.Changes)
    changed = await stage.database.repeat(lambda tx: campaigns.change(tx, draft, changes))
    campaign = await stage.steer(campaigns.launch, changed)
    while await campaigns.work_chunks(stage.runtime):
        pass
    assert (await stage.view(campaign)).notifications == {"open": 20}
    await pause(stage, "cheap")
    async with working(stage.runtime):
        await stage.eventually(lambda: _ended(stage, campaign, ends), seconds=10, what=lambda: stage.view(campaign))
    assert len(dear.left) == left


async def _ended(stage: Stage, campaign: campaigns.Campaign, ends: dict[str, int]) -> bool:
    return (await stage.view(campaign)).notifications == ends


async def test_what_could_not_leave_takes_no_dearer_way(stage: Stage) -> None:
    """It was handed over, and the connection did not come about: the dearer provider is no way round the most it may
    cost."""
    cheap = await stage.account("email", "cheap", unit_cost=0.001)
    dear = await stage.account("email", "dear", rank=1, unit_cost=0.01)
    await stage.people(20, "email")
    draft = await stage.campaign("email", launched=False)
    changes = msgspec.convert({"cost_max": 0.005}, campaigns.Changes)
    changed = await stage.database.repeat(lambda tx: campaigns.change(tx, draft, changes))
    campaign = await stage.steer(campaigns.launch, changed)
    cheap.down = True
    async with working(stage.runtime):
        await stage.eventually(
            lambda: _ended(stage, campaign, {"dropped": 20}), seconds=10, what=lambda: stage.view(campaign)
        )
    assert not dear.left
