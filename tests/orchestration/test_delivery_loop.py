"""The loop between the decision and the answer: slots, stops, ends, and what is told of it to others."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from antiphon import campaigns, channels, metrics
from antiphon.kernel import stopping
from antiphon.kernel.db import LOST_CONNECTION, DatabaseError
from antiphon.kernel.records import Accepted, Identifier, Purpose, Refused
from antiphon.orchestration.store import delivering
from orchestration.stage import Stage, working
from orchestration.test_failover import MAIL, PHONE, _is, counts, receipt
from orchestration.test_outages import pause
from orchestration.test_stopping import opt_out

EVENTS = "SELECT e.name, sum(s.count)::integer AS n FROM event_sum s JOIN event_name e ON e.id = s.name_id GROUP BY 1"


async def leases_end(stage: Stage) -> None:
    await stage.sql("UPDATE delivery SET lease_until = clock_timestamp() - interval '1 second'")


class Slots:
    """A receiver that takes some at once and the others later."""

    def __init__(self, wait_s: float) -> None:
        self.wait_s, self.asked = wait_s, []

    async def __call__(self, _tx, _provider, addresses) -> list[float]:
        self.asked += addresses
        return [self.wait_s if address.startswith("p1") else 0.0 for address in addresses]


async def test_who_has_a_slot_goes_when_it_comes_and_is_not_asked_for_again(
    stage: Stage, worker: None, monkeypatch
) -> None:
    slots = Slots(0.8)
    monkeypatch.setattr(channels, "slots", slots)
    mail = await stage.account("email")
    await stage.people(3, "email")
    campaign = await stage.campaign("email")
    await stage.eventually(lambda: _is(len(mail.left) == 2))
    begun = time.time()
    (row,) = await stage.sql("SELECT code, version, attempts FROM delivery WHERE state = 'queued'")
    assert (row["code"], row["version"], row["attempts"]) == ("paced", 0, 0)
    view = await stage.until(campaign, "done")
    assert view.notifications == {"sent": 3}
    assert mail.to[-1] == "p1@example.org"
    assert mail.left[-1][0] - begun > 0.4
    assert sorted(slots.asked) == [f"p{n}@example.org" for n in range(3)]
    assert {row["code"] for row in await stage.sql("SELECT code FROM delivery")} == {None}


async def test_a_wait_that_is_an_estimate_is_asked_for_again(stage: Stage, worker: None, monkeypatch) -> None:
    slots = Slots(channels.SLOT_AHEAD_S + 10)
    monkeypatch.setattr(channels, "slots", slots)
    mail = await stage.account("email")
    await stage.people(2, "email")
    await stage.campaign("email")
    await stage.eventually(lambda: _is(mail.to == ["p0@example.org"]))
    (row,) = await stage.sql("SELECT code FROM delivery WHERE state = 'queued'")
    assert row["code"] == "receiver_busy"
    slots.wait_s = 0.0
    await leases_end(stage)
    await stage.eventually(lambda: _is(len(mail.left) == 2))
    assert slots.asked.count("p1@example.org") == 2


async def test_who_opts_out_while_they_wait_for_their_slot_gets_nothing(
    stage: Stage, worker: None, monkeypatch
) -> None:
    monkeypatch.setattr(channels, "slots", Slots(0.5))
    mail = await stage.account("email")
    await stage.people(2, "email")
    campaign = await stage.campaign("email")
    await stage.eventually(lambda: _is(mail.to == ["p0@example.org"]))
    await opt_out(stage, "p1@example.org")
    view = await stage.until(campaign, "done")
    assert view.reasons == {"opted_out": 1}
    assert mail.to == ["p0@example.org"]


async def test_while_product_time_runs_who_waits_stands_further_back_in_the_queue(stage: Stage, monkeypatch) -> None:
    """Else every look at the queue would read over them."""
    monkeypatch.setattr(channels, "slots", Slots(300.0))
    await stage.account("email")
    await stage.people(2, "email")
    await stage.database.move_clock(lambda state: state.released())
    async with working(stage.runtime):
        await stage.campaign("email")
        await stage.eventually(lambda: _is(len(stage.desks["email"].left) == 1))
        await asyncio.sleep(0.3)
    (row,) = await stage.sql("SELECT due_at FROM delivery WHERE state = 'queued'")
    assert row["due_at"] > stage.database.clock.now() + timedelta(seconds=250)


async def test_a_worker_told_to_stop_records_what_it_has_handed_over(stage: Stage) -> None:
    mail = await stage.account("email")
    mail.hold = asyncio.Event()
    await stage.people(5, "email")
    async with working(stage.runtime):
        campaign = await stage.campaign("email")
        await stage.eventually(lambda: _is(len(mail.left) == 5))
        asyncio.get_running_loop().call_later(0.5, mail.hold.set)
    assert {row["state"] for row in await stage.sql("SELECT state FROM delivery")} == {"accepted"}
    assert (await stage.view(campaign)).notifications == {"sent": 5}


async def test_a_worker_told_to_stop_does_not_wait_for_ever(stage: Stage, monkeypatch) -> None:
    monkeypatch.setattr(stopping, "STOP_S", 0.3)
    mail = await stage.account("email")
    mail.hold = asyncio.Event()
    await stage.people(2, "email")
    async with working(stage.runtime):
        await stage.campaign("email")
        await stage.eventually(lambda: _is(len(mail.left) == 2))
        begun = time.monotonic()
    assert time.monotonic() - begun < 3


async def test_delivered_before_it_was_noted_as_sent_and_the_worker_is_gone(stage: Stage, monkeypatch) -> None:
    """It was sent: on the timeline, in the counts, in what is known of how the person answers."""
    monkeypatch.setattr(stopping, "STOP_S", 0.1)
    mail = await stage.account("email")
    await stage.people(1, "email")
    mail.hold = asyncio.Event()
    async with working(stage.runtime):
        campaign = await stage.campaign("email")
        await stage.eventually(lambda: _is(len(mail.left) == 1))
    said = receipt(stage, "delivered", str(mail.left[0][1].delivery))
    await stage.hear(said)
    assert counts(await stage.view(campaign)) == {"notified": 1, "delivered": 1}
    await leases_end(stage)
    async with working(stage.runtime):

        async def told() -> bool:
            return counts(await stage.view(campaign)) == {"notified": 1, "sent": 1, "delivered": 1}

        await stage.eventually(told)
    await stage.hear(said)
    assert {row["name"]: row["n"] for row in await stage.sql(EVENTS)} == {"Email Sent": 1, "Email Delivered": 1}
    (row,) = await stage.sql("SELECT state, due_at, handed_at FROM delivery")
    assert (row["state"], row["due_at"]) == ("delivered", None)
    assert row["handed_at"] is not None
    assert len(mail.left) == 1


async def stand_still(stage: Stage) -> None:
    async with stage.database.transaction() as tx:
        assert len(await delivering.take(tx, stage.providers["email"], [4], batch=10)) == 1
        async with stage.database.transaction() as other:
            assert await delivering.take(other, stage.providers["email"], [4], batch=10) == []
        await asyncio.sleep(0.6)
        await tx.rows("SELECT 1")


async def test_a_worker_that_stands_still_before_the_mark_gives_back_what_it_took(stage: Stage, monkeypatch) -> None:
    monkeypatch.setattr(delivering, "IDLE_LIMIT", "300ms")
    mail = await stage.account("email")
    await stage.people(1, "email")
    await stage.campaign("email")
    while await campaigns.work_chunks(stage.runtime):
        pass
    with pytest.raises((DatabaseError, *LOST_CONNECTION)):
        await stand_still(stage)
    async with working(stage.runtime):
        await stage.eventually(lambda: _is(len(mail.left) == 1))


async def test_the_end_of_a_message_comes_while_its_provider_is_away(stage: Stage, worker: None, move) -> None:
    """Nobody has to wait for the provider to hear that it was in vain."""
    mail = await stage.account("email")
    mail.down = True
    await pause(stage, "email")
    message = await stage.message("email")
    soon = stage.database.clock.now() + timedelta(minutes=15)
    number = await stage.send(message, MAIL, purpose=Purpose.TRANSACTIONAL, expires_at=soon)
    await move(timedelta(minutes=14))
    await asyncio.sleep(0.5)
    assert (await stage.show(number)).state == "open"
    await move(timedelta(minutes=2))
    shown = await stage.until_state(number, "dropped")
    assert (shown.reason, shown.deliveries[0].state) == ("expired", "cancelled")
    assert mail.left == []


async def silent(stage: Stage, **options) -> None:
    await stage.people(1, "email", "phone")
    await stage.send(await stage.message("email", "sms"), MAIL, purpose=Purpose.ALERT, **options)
    await stage.eventually(lambda: _is(stage.desks["sms"].to == [PHONE]))

    async def recorded() -> bool:
        return bool(await stage.sql("SELECT FROM delivery WHERE state = 'accepted'"))

    await stage.eventually(recorded)


async def test_what_was_learned_of_a_provider_says_how_long_its_silence_is_borne(
    stage: Stage, worker: None, move
) -> None:
    mail, _ = await stage.account("email"), await stage.account("sms")
    await stage.sql("UPDATE provider_state SET silence_s = 20 WHERE provider_id = $1", stage.providers["sms"])
    await silent(stage)
    await move(timedelta(seconds=19))
    await asyncio.sleep(0.8)
    assert mail.left == []
    await move(timedelta(seconds=2))
    await stage.eventually(lambda: _is(mail.to == [MAIL.value]))


async def test_the_end_of_a_message_is_looked_at_when_it_comes_though_silence_would_be_borne_longer(
    stage: Stage, worker: None, move
) -> None:
    mail, _ = await stage.account("email"), await stage.account("sms")
    await silent(stage, expires_at=stage.database.clock.now() + timedelta(seconds=60))
    await move(timedelta(seconds=61))

    async def over() -> bool:
        return (await stage.sql("SELECT state FROM notification"))[0]["state"] == "sent"

    await stage.eventually(over)
    assert [row["state"] for row in await stage.sql("SELECT state FROM delivery")] == ["expired"]
    assert mail.left == []


async def test_another_account_of_the_channel_is_tried_before_another_channel(stage: Stage, worker: None) -> None:
    first, second = await stage.account("email", "first"), await stage.account("email", "second", rank=1)
    sms = await stage.account("sms")
    first.answer = lambda _: Refused("policy", "5.7.1", "not from you")
    await stage.people(1, "email", "phone")
    view = await stage.until(await stage.campaign("email", "sms"), "done")
    assert view.notifications == {"sent": 1}
    assert (first.to, second.to, sms.to) == ([MAIL.value], [MAIL.value], [])


async def test_answers_and_receipts_tell_how_a_provider_does(stage: Stage, worker: None, move) -> None:
    mail = await stage.account("email")
    mail.answer = lambda o: Refused("address", "5.1.1", "who?") if o.to.startswith("p2") else Accepted()
    await stage.people(3, "email")
    await stage.until(await stage.campaign("email"), "done")
    await move(timedelta(seconds=10))
    ids = {o.to: str(o.delivery) for _, o in mail.left}
    await stage.hear(
        receipt(stage, "delivered", ids["p0@example.org"]),
        receipt(stage, "failed", ids["p1@example.org"], failure="policy"),
    )
    rows = await stage.sql("SELECT kind, sum(n)::integer AS n FROM provider_tally GROUP BY 1")
    told = {row["kind"]: row["n"] for row in rows}
    latencies = [kind for kind in told if kind.startswith("latency:")]
    assert len(latencies) == 1
    assert told == {"accepted": 2, "refused": 1, "delivered": 1, "failed": 1, latencies[0]: 1}


async def test_how_people_answer_is_learned_once_from_each_message(stage: Stage, worker: None) -> None:
    mail = await stage.account("email")
    (who, other) = await stage.people(2, "email", traits={"timezone": "Asia/Tokyo"})
    await stage.until(await stage.campaign("email"), "done")
    ids = {o.to: str(o.delivery) for _, o in mail.left}
    click = receipt(stage, "clicked", ids["p0@example.org"])
    await stage.hear(receipt(stage, "opened", ids["p0@example.org"], machine=True))
    await stage.hear(click)
    await stage.hear(click, receipt(stage, "failed", ids["p1@example.org"], failure="address"))
    async with stage.database.transaction() as tx:
        found = await metrics.predict(tx, [who, other])
        hours = await metrics.hours(tx, [who])
    assert found[who]["email:campaign"].sent == 1
    assert found[who]["email:campaign"].answered == 1
    assert found[other]["email:campaign"].sent == 0, "it did not arrive"
    assert hours[who].counts[21] == 1, "12:00 UTC is 21:00 in Tokyo"


async def test_a_lane_less_urgent_waits_for_the_more_urgent(stage: Stage) -> None:
    mail = await stage.account("email", per_second=2)
    await stage.people(4, "email")
    await stage.campaign("email")
    while await campaigns.work_chunks(stage.runtime):
        pass
    await stage.send(await stage.message("email"), Identifier("email", "code@example.org"), purpose=Purpose.CODE)
    async with working(stage.runtime):
        await stage.eventually(lambda: _is(len(mail.left) >= 1))
    assert mail.to[0] == "code@example.org"
