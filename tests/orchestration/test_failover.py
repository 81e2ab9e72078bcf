"""Failover on evidence, and never twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from antiphon.kernel.records import Accepted, DeliveryId, Identifier, Purpose, Receipt, Refused
from antiphon.orchestration.decide import work_people
from antiphon.orchestration.watching import work_silence
from orchestration.stage import GONE, Stage, working

PHONE = "+447900000000"
MAIL = Identifier("email", "p0@example.org")


def receipt(stage: Stage, kind: str, delivery: str, **more) -> Receipt:
    return Receipt(kind, stage.database.clock.now(), delivery=DeliveryId(int(delivery)), **more)


async def test_a_dead_mailbox_is_followed_by_sms_and_never_asked_again(stage: Stage, worker: None) -> None:
    mail, sms = await stage.account("email"), await stage.account("sms")
    mail.answer = lambda _: GONE
    await stage.people(1, "email", "phone")
    view = await stage.until(await stage.campaign("email", "sms"), "done")
    assert view.notifications == {"sent": 1}
    assert (mail.to, sms.to) == ([MAIL.value], [PHONE])
    await stage.until(await stage.campaign("email", "sms"), "done")
    assert len(mail.left) == 1


async def test_silence_starts_the_next_channel_and_not_before_its_time(stage: Stage, worker: None, move) -> None:
    mail, sms = await stage.account("email"), await stage.account("sms")
    await stage.people(1, "email", "phone")
    number = await stage.send(await stage.message("email", "sms"), MAIL, purpose=Purpose.ALERT)
    await stage.eventually(lambda: _is(sms.to == [PHONE]))
    await move(timedelta(seconds=179))
    await asyncio.sleep(0.3)
    assert mail.to == []
    assert (await stage.show(number)).state == "open"
    await move(timedelta(seconds=2))
    await stage.eventually(lambda: _is(mail.to == [MAIL.value]))

    async def answered() -> bool:
        return [each.state for each in (await stage.show(number)).deliveries] == ["expired", "accepted"]

    await stage.eventually(answered)


async def test_definite_does_not_mind_silence(stage: Stage, worker: None, move) -> None:
    mail, sms = await stage.account("email"), await stage.account("sms")
    await stage.people(1, "email", "phone")
    await stage.until(await stage.campaign("email", "sms"), "done")
    await move(timedelta(days=30))
    await asyncio.sleep(0.3)
    assert len(mail.left) + len(sms.left) == 1


async def test_a_late_delivered_takes_back_what_is_queued(stage: Stage, move) -> None:
    """The second channel was decided and is not out yet: the first one's late proof stops it."""
    mail, sms = await stage.account("email"), await stage.account("sms")
    await stage.people(1, "email", "phone")
    async with working(stage.runtime):
        number = await stage.send(await stage.message("email", "sms"), MAIL)
        await stage.eventually(lambda: _is(sms.to == [PHONE]))
        mail.down = True
        away = "UPDATE provider_state SET paused_until = clock_timestamp() + interval '1 hour' WHERE provider_id = $1"
        await stage.sql(away, stage.providers["email"])
        await asyncio.sleep(0.1)
        await stage.database.sleep("nobody", 0.05)
    # without the loops of that provider: decide only
    await move(timedelta(seconds=200))
    assert await work_silence(stage.runtime) == 1
    assert await work_people(stage.runtime) == 1
    shown = await stage.show(number)
    assert [each.state for each in shown.deliveries] == ["expired", "queued"]
    await stage.hear(receipt(stage, "delivered", shown.deliveries[0].id))
    shown = await stage.show(number)
    assert shown.state == "delivered"
    assert [each.state for each in shown.deliveries] == ["delivered", "superseded"]
    mail.down = False
    await stage.sql("UPDATE provider_state SET paused_until = NULL")
    async with working(stage.runtime):
        await asyncio.sleep(0.5)
    assert mail.to == []


async def test_a_late_bounce_starts_the_next_channel(stage: Stage, worker: None) -> None:
    mail, sms = await stage.account("email"), await stage.account("sms")
    (person,) = await stage.people(1, "email", "phone")
    campaign = await stage.campaign("email", "sms")
    await stage.until(campaign, "done")
    (row,) = await stage.sql("SELECT id FROM delivery")
    bounce = receipt(stage, "failed", str(row["id"]), failure="address", code="5.1.1")
    await stage.hear(bounce, bounce)
    await stage.eventually(lambda: _is(sms.to == [PHONE]))
    assert len(mail.left) == 1
    (address,) = await stage.sql("SELECT state FROM address WHERE profile_id = $1 AND channel = 'email'", person)
    assert address["state"] == "dead"


async def test_a_bounce_after_the_end_changes_nothing(stage: Stage, worker: None) -> None:
    """All channels failed; a further failure heard late neither reopens nor counts again."""
    mail, sms = await stage.account("email"), await stage.account("sms")
    mail.answer = sms.answer = lambda _: GONE
    await stage.people(1, "email", "phone")
    campaign = await stage.campaign("email", "sms")
    before = await stage.until(campaign, "done")
    ids = [str(row["id"]) for row in await stage.sql("SELECT id FROM delivery ORDER BY id")]
    await stage.hear(*(receipt(stage, "failed", i, failure="policy", code="x") for i in ids))
    await asyncio.sleep(0.3)
    after = await stage.view(campaign)
    assert after.notifications == before.notifications == {"failed": 1}
    assert counts(after) == counts(before)


async def test_doubles_are_counted(stage: Stage, worker: None, move) -> None:
    mail, sms = await stage.account("email"), await stage.account("sms")
    await stage.people(1, "email", "phone")
    campaign = await stage.campaign("email", "sms", failover_on="silence")
    await stage.eventually(lambda: _is(len(mail.left) == 1))
    await move(timedelta(hours=2))
    await stage.eventually(lambda: _is(len(sms.left) == 1))
    rows = await stage.sql("SELECT id FROM delivery")
    await stage.hear(*(receipt(stage, "delivered", str(row["id"])) for row in rows))
    assert (await stage.view(campaign)).doubles == 1


async def test_a_worker_that_died_between_mark_and_record_leaves_doubt_and_nothing_is_sent_again(stage: Stage) -> None:
    mail = await stage.account("email")
    await stage.people(3, "email")
    mail.hold = asyncio.Event()
    async with working(stage.runtime):
        campaign = await stage.campaign("email")
        await stage.eventually(lambda: _is(len(mail.left) == 3))
    assert {row["state"] for row in await stage.sql("SELECT state FROM delivery")} == {"sending"}
    mail.hold = None
    await stage.sql("UPDATE delivery SET lease_until = clock_timestamp() - interval '1 second'")
    async with working(stage.runtime):
        view = await stage.until(campaign, "done")
        await asyncio.sleep(0.3)
    assert len(mail.left) == 3
    assert view.notifications == {"sent": 3}
    assert counts(view) == {"in_doubt": 3, "notified": 3}
    events = await stage.sql("SELECT count FROM event_sum")
    assert [row["count"] for row in events] == [1, 1, 1]
    (row, *_) = await stage.sql("SELECT id FROM delivery ORDER BY id")
    await stage.hear(receipt(stage, "delivered", str(row["id"])))
    assert counts(await stage.view(campaign)) == {"in_doubt": 2, "notified": 3, "sent": 1, "delivered": 1}


async def test_an_answer_that_comes_after_the_lease_is_a_receipt(stage: Stage) -> None:
    """The lease ran out while the provider took its time: in doubt, until it answers that it refused."""
    mail, sms = await stage.account("email"), await stage.account("sms")
    await stage.people(1, "email", "phone")
    mail.answer, mail.hold = (lambda _: GONE), asyncio.Event()
    async with working(stage.runtime):
        campaign = await stage.campaign("email", "sms")
        await stage.eventually(lambda: _is(len(mail.left) == 1))
        await stage.sql("UPDATE delivery SET lease_until = clock_timestamp() - interval '1 second'")
        await stage.until(campaign, "done")
        mail.hold.set()
        await stage.eventually(lambda: _is(sms.to == [PHONE]))

        async def counted() -> bool:
            return counts(await stage.view(campaign)) == {"failed": 1, "bounced": 1, "sent": 1, "notified": 1}

        await stage.eventually(counted)


async def test_a_receipt_faster_than_the_record_loses_nothing(stage: Stage) -> None:
    """A push is shown before the push service's answer is written down: it is sent, delivered, and told once."""
    mail = await stage.account("email", unit_cost=0.5)
    await stage.people(1, "email")
    mail.hold, mail.answer = asyncio.Event(), lambda _: Accepted("id-1")
    async with working(stage.runtime):
        campaign = await stage.campaign("email")
        await stage.eventually(lambda: _is(len(mail.left) == 1))
        shown = receipt(stage, "clicked", str(mail.left[0][1].delivery))
        await stage.hear(shown, shown)
        mail.hold.set()
        view = await stage.until(campaign, "done")
        await stage.eventually(lambda: _has(stage, "SELECT FROM provider_message"))
    view = await stage.view(campaign)
    assert view.notifications == {"delivered": 1}
    assert counts(view) == {"notified": 1, "sent": 1, "delivered": 1, "opened": 1, "clicked": 1}
    assert [row["due_at"] for row in await stage.sql("SELECT due_at FROM delivery")] == [None]
    assert sum(total.amount for total in view.counts) == 0.5


async def test_receipts_before_their_id_is_known_are_folded_when_it_is(stage: Stage, worker: None) -> None:
    sms = await stage.account("sms")
    await stage.people(1, "phone")
    sms.hold, sms.answer = asyncio.Event(), lambda _: Accepted("id-7")
    campaign = await stage.campaign("sms")
    await stage.eventually(lambda: _is(len(sms.left) == 1))
    now = stage.database.clock.now()
    faster = Receipt("delivered", now, provider=stage.providers["sms"], provider_message_id="id-7")
    stranger = Receipt("delivered", now, provider=stage.providers["sms"], provider_message_id="id-8")
    await stage.hear(faster, faster, stranger)
    sms.hold.set()

    async def delivered() -> bool:
        return (await stage.view(campaign)).notifications == {"delivered": 1}

    await stage.eventually(delivered)
    assert counts(await stage.view(campaign)) == {"notified": 1, "sent": 1, "delivered": 1}
    assert [row["id"] for row in await stage.sql("SELECT id FROM unmatched_receipt")] == ["id-8"]


async def test_what_the_provider_cannot_take_now_is_tried_again_and_a_refusal_for_good_is_not(
    stage: Stage, worker: None
) -> None:
    mail = await stage.account("email")
    await stage.people(2, "email")
    tries: list[str] = []

    def answer(outgoing):
        tries.append(outgoing.to)
        if outgoing.to.startswith("p1"):
            return Refused("policy", "5.7.1", "no")
        return Refused("temporary", "4.2.1", "later") if tries.count(outgoing.to) < 2 else Accepted()

    mail.answer = answer
    view = await stage.until(await stage.campaign("email"), "done")
    assert view.notifications == {"sent": 1, "failed": 1}
    assert sorted(tries) == ["p0@example.org", "p0@example.org", "p1@example.org"]


def counts(view) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for total in view.counts:
        if ":" not in total.kind and total.n:
            kinds[total.kind] = kinds.get(total.kind, 0) + total.n
    return kinds


async def _is(value: bool) -> bool:
    return value


async def _has(stage: Stage, text: str) -> bool:
    return bool(await stage.sql(text))
