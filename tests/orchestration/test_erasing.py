"""Forgetting somebody to whom messages were sent, are being sent, or were about to be."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from antiphon import campaigns, orchestration, profiles
from antiphon.kernel.records import Accepted, Identifier, ProfileId, Purpose, Receipt, Refused
from antiphon.profiles import erasure
from orchestration.stage import Stage

P0 = Identifier("external_id", "p0")
MAIL = Identifier("email", "p0@example.org")


async def forget(stage: Stage, who: Identifier = P0, **how: Any) -> erasure.Erasure:
    return await erasure.erase(stage.database, who, **how)


async def tally(stage: Stage, campaign: campaigns.Campaign) -> orchestration.Tally:
    async with stage.database.transaction(read_only=True) as tx:
        found = await campaigns.find(tx, str(campaign.id))
        assert found.source is not None
        return await orchestration.tally(tx, found.source)


async def counts(stage: Stage) -> dict[str, int]:
    names = ("notification", "delivery", "person", "source_address", "idempotency", "provider_message")
    return {name: (await stage.sql(f"SELECT count(*) FROM {name}"))[0][0] for name in names}


async def test_nothing_is_left_of_the_ledger(stage: Stage, worker: None) -> None:
    desk = await stage.account("email")
    desk.answer = lambda outgoing: Accepted(f"id of {outgoing.to}")
    await stage.people(1, "email")
    await stage.until(await stage.campaign("email"), "done")
    number = await stage.send(await stage.message("email"), MAIL, variables={"code": "tok"})
    await stage.until_state(number, "open")
    await stage.eventually(lambda: _sent(desk, 2))
    await forget(stage)
    assert await counts(stage) == dict.fromkeys(await counts(stage), 0)


async def _sent(desk: Any, n: int) -> bool:
    return len(desk.to) >= n


async def test_with_keep_counts_a_campaign_counts_as_before(stage: Stage, worker: None) -> None:
    await stage.account("email")
    await stage.people(3, "email")
    campaign = await stage.campaign("email")
    await stage.until(campaign, "done")
    before, view = await tally(stage, campaign), await stage.view(campaign)
    done = await forget(stage, keep_counts=True)
    assert await tally(stage, campaign) == before
    assert (await stage.view(campaign)).counts == view.counts
    assert done.anonymised["delivery"] == done.anonymised["notification"] == 1
    (row,) = await stage.sql("SELECT address, code FROM delivery WHERE address = ''")
    assert row["code"] is None
    assert await stage.sql("SELECT FROM notification WHERE decision IS NULL AND variables IS NULL")
    assert [row["n"] for row in await stage.sql("SELECT count(*) AS n FROM source_address")] == [2]


async def test_what_was_queued_never_leaves(stage: Stage, worker: None) -> None:
    desk = await stage.account("email")
    desk.down = True
    (person,) = await stage.people(1, "email")
    await stage.send(await stage.message("email"), MAIL, purpose=Purpose.TRANSACTIONAL)
    assert (await counts(stage))["delivery"] == 1
    await forget(stage)
    desk.down = False
    await asyncio.sleep(1.5)
    assert desk.to == []
    assert not await stage.sql("SELECT FROM notification WHERE profile_id = $1", person)


async def test_what_is_just_leaving_is_passed_over_and_goes_with_the_next_look(
    stage: Stage, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker has it in hand: its answer finds the row, without an address; then the row goes."""
    monkeypatch.setattr(erasure, "SETTLE_S", 0.1)
    desk = await stage.account("email")
    desk.hold = asyncio.Event()
    await stage.people(1, "email")
    message = await stage.message("email")
    await stage.send(message, MAIL, purpose=Purpose.TRANSACTIONAL)
    await stage.eventually(lambda: _sent(desk, 1))
    await forget(stage)
    assert [tuple(row) for row in await stage.sql("SELECT state, address FROM delivery")] == [("sending", "")]
    desk.hold.set()

    async def recorded() -> bool:
        rows = await stage.sql("SELECT state FROM delivery")
        return not rows or rows[0]["state"] != "sending"

    await stage.eventually(recorded)
    monkeypatch.setattr(erasure, "LAST_LOOK", timedelta())
    await erasure.look_again(stage.database)
    assert await counts(stage) == dict.fromkeys(await counts(stage), 0)
    assert not await stage.sql("SELECT FROM event")
    assert len(desk.to) == 1


async def test_a_late_answer_about_somebody_forgotten_is_no_event(stage: Stage, worker: None) -> None:
    """Counts go on; nothing is learnt of an address that is not there any more."""
    desk = await stage.account("email")
    await stage.people(1, "email")
    await stage.until(await stage.campaign("email"), "done")
    delivery = desk.left[0][1].delivery
    await forget(stage, keep_counts=True)
    now = stage.database.clock.now()
    for kind in ("delivered", "opened", "clicked", "opted_out"):
        await stage.hear(Receipt(kind, now, delivery=delivery))
    await stage.hear(Receipt("failed", now, delivery=delivery, failure="address"))
    assert [row["state"] for row in await stage.sql("SELECT state FROM delivery")] == ["read"]
    assert not await stage.sql("SELECT FROM event")
    assert not await stage.sql("SELECT FROM opt_out")


async def test_whoever_opted_out_gets_nothing_when_they_come_back(stage: Stage, worker: None) -> None:
    desk = await stage.account("email")
    await stage.people(1, "email")
    await stage.database.repeat(lambda tx: profiles.opt_out(tx, "email", [MAIL.value], how="page"))
    await forget(stage)
    fact = profiles.Fact("test", "again", stage.database.clock.now(), (P0, MAIL), traits={"n": 0})
    await stage.database.repeat(lambda tx: profiles.record(tx, [fact]))
    number = await stage.send(await stage.message("email"), MAIL, purpose=Purpose.TRANSACTIONAL)
    await stage.until_state(number, "dropped")
    view = await stage.until(await stage.campaign("email"), "done")
    assert view.reasons == {"opted_out": 1}
    assert desk.to == []


async def test_two_who_shared_an_address_are_told_apart(stage: Stage, worker: None) -> None:
    """The directory of a campaign lets go of who was forgotten, not of who is there."""
    await stage.account("email")
    await stage.people(2, "email")
    campaign = await stage.campaign("email")
    await stage.until(campaign, "done")
    await forget(stage)
    rows = await stage.sql("SELECT profile_id FROM source_address")
    left = await stage.sql("SELECT profile_id FROM notification")
    assert [row[0] for row in rows] == [row[0] for row in left]
    assert len(rows) == 1


async def test_numbers_of_merged_people_go_with_them(stage: Stage, worker: None) -> None:
    """What was sent to each before they turned out to be one lies under the number that it was sent to."""
    await stage.account("email")
    await stage.account("sms")
    mail = await _identified(stage, "1", MAIL)
    phone = await _identified(stage, "2", Identifier("phone", "+34600111222"))
    await stage.until(await stage.campaign("email", "sms"), "done")
    await _identified(stage, "3", MAIL, Identifier("phone", "+34600111222"))

    async def merged() -> bool:
        return bool(await stage.sql("SELECT FROM alias"))

    await stage.eventually(merged)
    done = await forget(stage, MAIL)
    assert set(done.profiles) == {str(mail), str(phone)}
    assert await counts(stage) == dict.fromkeys(await counts(stage), 0)
    for table in ("alias", "event", "event_sum", "link", "identifier", "profile", "move_due", "identity_due"):
        assert not await stage.sql(f"SELECT FROM {table}"), table


async def _identified(stage: Stage, id: str, *who: Identifier) -> ProfileId:
    fact = profiles.Fact("test", id, stage.database.clock.now(), who, traits={"n": 1})
    recorded = await stage.database.repeat(lambda tx: profiles.record(tx, [fact]))
    assert recorded.profiles[0] is not None
    return recorded.profiles[0]


async def test_a_refusal_that_names_the_address_is_not_kept(stage: Stage, worker: None) -> None:
    desk = await stage.account("email")
    desk.answer = lambda outgoing: Refused("address", "5.1.1", f"<{outgoing.to}> is unknown")
    await stage.people(1, "email")
    await stage.until(await stage.campaign("email"), "done")
    await forget(stage, keep_counts=True)
    assert [row["code"] for row in await stage.sql("SELECT code FROM delivery")] == [None]
