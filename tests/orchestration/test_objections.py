"""Complaints, opt-outs and bounces are owed to the message that they are about, once each."""

from __future__ import annotations

from antiphon import channels, metrics
from antiphon.kernel.records import Channel, Inbound, Receipt, Refused, SourceId
from orchestration.stage import Stage
from orchestration.test_decision_kept import make, notify
from orchestration.test_failover import _is


async def counted(stage: Stage, source: SourceId) -> dict[str, int]:
    async with stage.database.transaction(read_only=True) as tx:
        found = await metrics.totals(tx, [source])
    return {each.kind: each.n for each in found if each.kind in ("bounced", "complained", "opted_out")}


async def told(stage: Stage, n: int, channel: str = "email") -> tuple[SourceId, list[int]]:
    desk = await stage.account(channel)
    people = await stage.people(n, "email", "phone")
    source = await make(stage, channel)
    await notify(stage, source, people)

    async def all_recorded() -> bool:
        rows = await stage.sql("SELECT count(*) AS n FROM delivery WHERE state NOT IN ('queued', 'sending')")
        return bool(rows[0]["n"] == n and len(desk.left) == n)

    await stage.eventually(all_recorded)
    return source, [row["id"] for row in await stage.sql("SELECT id FROM delivery ORDER BY profile_id")]


async def test_a_complaint_counts_once_and_before_a_mere_opt_out(stage: Stage, worker: None) -> None:
    source, (first, second, _) = await told(stage, 3)
    now = stage.database.clock.now()
    complaint = Receipt("opted_out", now, delivery=first, failure="optout", code="complaint abuse")
    await stage.hear(complaint, complaint, Receipt("opted_out", now, delivery=second, code="unsubscribe"))
    await stage.hear(complaint)
    await stage.hear(Receipt("opted_out", now, delivery=first, code="unsubscribe"))
    assert await counted(stage, source) == {"complained": 1, "opted_out": 1}


async def test_a_stop_is_owed_to_what_that_number_was_told_last(stage: Stage, worker: None) -> None:
    source, _ = await told(stage, 2, "sms")
    stop = Inbound(stage.providers["sms"], Channel.SMS, "+447900000000", "12345", "STOP", stage.database.clock.now())
    for _ in range(2):
        await stage.database.repeat(lambda tx: channels.take_inbound(tx, [stop]))
    assert await counted(stage, source) == {"opted_out": 1}


async def test_a_dead_address_is_a_bounce_whether_it_is_said_at_once_or_later(stage: Stage, worker: None) -> None:
    source, (first, second, third) = await told(stage, 3)
    now = stage.database.clock.now()
    gone = Receipt("failed", now, delivery=first, failure="address", code="5.1.1 no_such_user")
    await stage.hear(gone, gone)
    await stage.hear(Receipt("failed", now, delivery=second, failure="policy", code="5.7.1"))
    assert await counted(stage, source) == {"bounced": 1}
    await stage.hear(Receipt("delivered", now, delivery=first))  # the report was about something else
    assert (await counted(stage, source)).get("bounced", 0) == 0
    assert third


async def test_a_refusal_at_the_door_is_a_bounce_too(stage: Stage, worker: None) -> None:
    desk = await stage.account("email")
    desk.answer = lambda _outgoing: Refused("address", "5.1.1", "no such user")
    people = await stage.people(2, "email")
    source = await make(stage, "email")
    await notify(stage, source, people)
    await stage.eventually(lambda: _is(len(desk.left) == 2))

    async def both() -> bool:
        return await counted(stage, source) == {"bounced": 2}

    await stage.eventually(both)


async def test_a_text_costs_what_it_costs_where_the_number_is(stage: Stage, worker: None) -> None:
    desk = await stage.account("sms", unit_cost=0.09, costs={"GB": 0.04})
    people = await stage.people(2, "phone")
    source = await make(stage, "sms")
    await notify(stage, source, people)
    await stage.eventually(lambda: _is(len(desk.left) == 2))

    async def paid() -> bool:
        async with stage.database.transaction(read_only=True) as tx:
            return [round(each.amount, 6) for each in await metrics.totals(tx, [source]) if each.kind == "sent"] == [
                0.08
            ]

    await stage.eventually(paid)


async def test_who_complains_has_it_so_that_no_other_channel_is_tried(stage: Stage, worker: None) -> None:
    mail, text = await stage.account("email"), await stage.account("sms")
    people = await stage.people(1, "email", "phone")
    source = await make(stage, "email", "sms")
    await notify(stage, source, people)
    await stage.eventually(lambda: _is(len(mail.left) == 1))
    (row,) = await stage.sql("SELECT id, notification_id FROM delivery")
    await stage.hear(Receipt("opted_out", stage.database.clock.now(), delivery=row["id"], code="complaint abuse"))
    await stage.until_state(row["notification_id"], "delivered")
    assert not text.left
