"""What is not needed any more is asked back from where it waits, and only there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

import pytest_asyncio

from antiphon import campaigns
from antiphon.channels import registry
from antiphon.channels.adapter import Recalled, Sent
from antiphon.kernel.records import Accepted, Channel, Purpose
from orchestration.stage import PaperAdapter, PaperSettings, Stage
from orchestration.test_failover import MAIL, PHONE, _is, counts, receipt


class Operator(PaperAdapter):
    """It gives back what it is told to."""

    asked: ClassVar[list[Sent]] = []
    answer = Recalled.DONE

    async def recall(self, sent: Sequence[Sent]) -> Sequence[Recalled]:
        Operator.asked += sent
        return [Operator.answer] * len(sent)


@pytest_asyncio.fixture
async def operator(stage: Stage) -> type[Operator]:
    Operator.asked, Operator.answer = [], Recalled.DONE
    registry.ADAPTERS["paper_sms"] = registry.Entry(
        Channel.SMS, PaperSettings, lambda settings, _around: Operator(stage.desks[settings.desk]), recalls=True
    )
    sms = await stage.account("sms")
    sms.answer = lambda outgoing: Accepted(f"id-{outgoing.delivery}")
    return Operator


async def both_under_way(stage: Stage, move) -> tuple[int, str, str]:
    """An alert by SMS, not heard of in time, then by e-mail: notification, SMS, e-mail."""
    mail = await stage.account("email")
    await stage.people(1, "email", "phone")
    number = await stage.send(await stage.message("email", "sms"), MAIL, purpose=Purpose.ALERT)
    await stage.eventually(lambda: _is(stage.desks["sms"].to == [PHONE]))
    await settled(stage, "accepted")
    await move(timedelta(seconds=181))
    await stage.eventually(lambda: _is(mail.to == [MAIL.value]))
    await settled(stage, "expired", "accepted")
    sms, email = (await stage.show(number)).deliveries
    return number, sms.id, email.id


async def settled(stage: Stage, *states: str) -> None:
    async def reached() -> bool:
        rows = await stage.sql("SELECT state FROM delivery ORDER BY n, id")
        return [row["state"] for row in rows] == list(states)

    await stage.eventually(reached, what=lambda: stage.sql("SELECT state, code FROM delivery ORDER BY n, id"))


async def test_the_second_channel_is_asked_back_when_the_first_turns_out_to_have_arrived(
    stage: Stage, worker: None, operator, move
) -> None:
    """E-mail first, so that what is under way is an SMS: it can be asked back."""
    mail = await stage.account("email")
    await stage.people(1, "email", "phone")
    message = await stage.message("email", "sms")
    topic = "INSERT INTO topic (name, channels, changed_at) VALUES ('coupons', '{email,sms}', '2026-01-01')"
    await stage.sql(topic)
    number = await stage.send(message, MAIL, purpose=Purpose.TRANSACTIONAL)
    await stage.sql("UPDATE source SET failover_on = 'silence'")
    await stage.eventually(lambda: _is(mail.to == [MAIL.value]))
    await settled(stage, "accepted")
    await move(timedelta(hours=2))
    await stage.eventually(lambda: _is(stage.desks["sms"].to == [PHONE]))
    await settled(stage, "expired", "accepted")
    first, second = (await stage.show(number)).deliveries
    await stage.hear(receipt(stage, "delivered", first.id))
    await settled(stage, "delivered", "failed")
    assert [(each.delivery, each.to, each.provider_message_id) for each in operator.asked] == [
        (int(second.id), PHONE, f"id-{second.id}")
    ]
    shown = await stage.show(number)
    assert shown.state == "delivered"
    assert (shown.deliveries[1].failure, shown.deliveries[1].code) == ("policy", "recalled")
    assert (await stage.sql("SELECT due_at FROM delivery WHERE due_at IS NOT NULL")) == []
    await stage.hear(receipt(stage, "failed", second.id, failure="policy", code="DELETED"))
    assert (await stage.show(number)).deliveries[1].state == "failed"


async def test_mail_is_not_asked_back(stage: Stage, worker: None, operator, move) -> None:
    number, sms, _ = await both_under_way(stage, move)
    await stage.hear(receipt(stage, "delivered", sms))
    await asyncio.sleep(0.3)
    assert operator.asked == []
    assert (await stage.show(number)).deliveries[1].state == "accepted"


async def test_what_comes_too_late_to_be_asked_back_is_a_double_where_it_arrived(
    stage: Stage, worker: None, operator
) -> None:
    operator.answer = Recalled.TOO_LATE
    await stage.people(2, "phone")
    campaign = await stage.campaign("sms")
    await stage.until(campaign, "done")
    await stage.sql("UPDATE campaign SET state = 'running', ended_at = NULL")
    await stage.steer(campaigns.cancel, await campaign_of(stage))
    await stage.eventually(lambda: _is(len(operator.asked) == 2))
    await settled(stage, "accepted", "accepted")
    rows = await stage.sql("SELECT id FROM delivery ORDER BY id")
    await stage.hear(receipt(stage, "delivered", str(rows[0]["id"])))
    view = await stage.view(campaign)
    assert counts(view) == {"notified": 2, "sent": 2, "delivered": 1}


async def campaign_of(stage: Stage) -> campaigns.Campaign:
    async with stage.database.transaction() as tx:
        (row,) = await tx.rows("SELECT id FROM campaign")
        return await campaigns.find(tx, str(row["id"]))


async def test_a_cancelled_campaign_is_asked_back(stage: Stage, worker: None, operator) -> None:
    """And stays cancelled: nobody is told by another channel instead."""
    await stage.account("email")
    await stage.people(3, "phone", "email")
    await stage.sql("INSERT INTO topic (name, channels, changed_at) VALUES ('coupons', '{sms,email}', '2026-01-01')")
    campaign = await stage.campaign("sms", "email")
    await stage.until(campaign, "done")
    await stage.sql("UPDATE campaign SET state = 'running', ended_at = NULL")
    rows = await stage.sql("SELECT id FROM delivery ORDER BY id")
    await stage.hear(receipt(stage, "delivered", str(rows[0]["id"])))
    await stage.steer(campaigns.cancel, await campaign_of(stage))
    await stage.eventually(lambda: _is(len(operator.asked) == 2))
    await settled(stage, "delivered", "failed", "failed")

    async def over() -> bool:
        return (await stage.view(campaign)).notifications == {"delivered": 1, "cancelled": 2}

    await stage.eventually(over, what=lambda: stage.view(campaign))
    assert stage.desks["email"].left == []
    assert (await stage.view(campaign)).state == "cancelled"


async def test_under_silence_a_campaign_that_could_not_be_asked_back_still_comes_to_its_end(
    stage: Stage, worker: None, operator, move
) -> None:
    operator.answer = Recalled.CANNOT
    await stage.people(1, "phone")
    await stage.campaign("sms", failover_on="silence")
    await stage.eventually(lambda: _is(stage.desks["sms"].to == [PHONE]))
    await settled(stage, "accepted")
    await stage.steer(campaigns.cancel, await campaign_of(stage))
    await stage.eventually(lambda: _is(len(operator.asked) == 1))

    async def watched() -> bool:
        return bool(await stage.sql("SELECT FROM delivery WHERE lane = 9 AND due_at IS NOT NULL"))

    await stage.eventually(watched)
    await move(timedelta(seconds=181))
    await settled(stage, "expired")

    async def over() -> bool:
        return not await stage.sql("SELECT FROM notification WHERE is_open")

    await stage.eventually(over)
    assert len(operator.asked) == 1


async def test_nobody_asks_for_what_left_long_ago(stage: Stage, worker: None, operator, move) -> None:
    await stage.people(1, "phone")
    campaign = await stage.campaign("sms")
    await stage.until(campaign, "done")
    await move(timedelta(hours=25))
    await stage.sql("UPDATE campaign SET state = 'paused', ended_at = NULL")  # one that runs would end again at once
    await stage.steer(campaigns.cancel, await campaign_of(stage))
    await asyncio.sleep(0.4)
    assert operator.asked == []
    assert (await stage.sql("SELECT FROM delivery WHERE due_at IS NOT NULL")) == []
