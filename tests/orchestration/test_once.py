"""One notification, one address, one place under the cap: once, however often and by however many it is asked."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from antiphon import campaigns, orchestration
from antiphon.kernel import settings
from antiphon.kernel.records import Accepted, DeliveryId, Identifier, Purpose, Receipt
from antiphon.orchestration.fold import fold, higher
from orchestration.stage import Stage, working
from orchestration.test_failover import MAIL, _is, counts


async def set_up(stage: Stage, **changes) -> None:
    async with stage.database.transaction() as tx:
        await settings.write(tx, changes)


async def test_the_same_key_at_the_same_time_is_one_notification(stage: Stage, worker: None) -> None:
    """Also for somebody nobody knew before: all callers get the one number."""
    mail = await stage.account("email")
    message = await stage.message("email")
    for n in range(5):
        to = Identifier("email", f"new{n}@example.org")
        sent = [stage.send(message, to, key=f"key {n}") for _ in range(6)]
        numbers = await asyncio.gather(*sent)
        assert len(set(numbers)) == 1
        await stage.until_state(numbers[0], "open")
        assert await stage.send(message, to, key=f"key {n}") == numbers[0]
    await stage.eventually(lambda: _is(len(mail.left) == 5))
    (row,) = await stage.sql("SELECT count(*) AS n FROM notification")
    assert row["n"] == 5


async def test_a_refused_call_leaves_its_key_free(stage: Stage) -> None:
    with pytest.raises(Exception, match="no message"):
        await stage.send("nothing", MAIL, key="k")
    await stage.account("email")
    assert await stage.send(await stage.message("email"), MAIL, key="k")


async def test_the_cap_holds_over_campaigns_decided_apart_and_at_once(stage: Stage, worker: None, move) -> None:
    """Five campaigns, two a day: three wait, and come when a place is free, the oldest first."""
    mail = await stage.account("email")
    await stage.people(30, "email")
    await set_up(stage, frequency_cap={"count": 2, "within_s": 86400})
    made = [await stage.campaign("email", launched=False) for _ in range(5)]
    for campaign in made:
        await stage.steer(campaigns.launch, campaign)

    async def settled(n: int) -> bool:
        rows = await stage.sql("SELECT count(*) AS n FROM notification WHERE state IN ('sent', 'waiting')")
        return len(mail.left) == n and rows[0]["n"] == 150

    await stage.eventually(lambda: settled(60))
    await asyncio.sleep(0.3)
    assert {mail.to.count(f"p{i}@example.org") for i in range(30)} == {2}
    await move(timedelta(hours=25))
    await stage.eventually(lambda: settled(120))
    assert {mail.to.count(f"p{i}@example.org") for i in range(30)} == {4}
    await move(timedelta(hours=25))
    for campaign in made:
        await stage.until(campaign, "done")
    assert {mail.to.count(f"p{i}@example.org") for i in range(30)} == {5}
    every = "SELECT * FROM counter UNION ALL SELECT * FROM counter_part"
    waits = await stage.sql(f"SELECT sum(n) AS n FROM ({every}) c WHERE kind = 'waiting:capped'")
    assert waits[0]["n"] == 90  # who waits twice is counted once


async def test_two_places_taken_in_one_decision_are_two(stage: Stage, move) -> None:
    await stage.account("email")
    await set_up(stage, frequency_cap={"count": 2, "within_s": 86400})
    message = await stage.message("email")
    await set_up(stage, quiet_hours={"start": "11:00", "end": "13:00", "channels": ["email"]})
    for _ in range(2):
        await stage.send(message, MAIL, purpose=Purpose.CAMPAIGN)
    await move(timedelta(hours=1))
    mail = stage.desks["email"]
    async with working(stage.runtime):
        await stage.eventually(lambda: _is(len(mail.left) == 2))
        await stage.send(message, MAIL, purpose=Purpose.CAMPAIGN)
        await asyncio.sleep(0.3)
    assert len(mail.left) == 2


async def test_at_night_it_waits_until_the_persons_own_morning(stage: Stage, worker: None, move) -> None:
    """It is 12:00 UTC; in Los Angeles it is 4:00. Codes come at any time."""
    sms = await stage.account("sms")
    await set_up(stage, quiet_hours={"start": "21:00", "end": "08:00"})
    await stage.people(1, "phone", traits={"timezone": "America/Los_Angeles"})
    await stage.people(1, "phone", first=1, traits={"timezone": "Europe/Berlin"})
    campaign = await stage.campaign("sms")
    await stage.eventually(lambda: _is(len(sms.left) == 1))
    assert sms.to == ["+447900000001"]
    code = Identifier("phone", "+447900000000")
    await stage.send(await stage.message("sms"), code, purpose=Purpose.CODE)
    await stage.eventually(lambda: _is(len(sms.left) == 2))
    await move(timedelta(hours=3, minutes=59))
    await asyncio.sleep(0.3)
    assert (await stage.view(campaign)).notifications == {"sent": 1, "waiting": 1}
    await move(timedelta(minutes=1))
    view = await stage.until(campaign, "done")
    assert view.notifications == {"sent": 2}


async def test_any_order_of_receipts_in_any_chunks_by_many_at_once_ends_the_same(stage: Stage, worker: None) -> None:
    """The ledger equals the fold, and the counts equal the ledger."""
    mail = await stage.account("email")
    mail.answer = lambda _: Accepted()
    await stage.people(40, "email")
    campaign = await stage.campaign("email")
    await stage.until(campaign, "done")
    ids = [DeliveryId(row["id"]) for row in await stage.sql("SELECT id FROM delivery ORDER BY id")]
    chance = random.Random(4)
    now = stage.database.clock.now()
    kinds = ["sent", "delivered", "failed", "expired", "opened", "clicked"]
    said = [
        Receipt(
            chance.choice(kinds), now + timedelta(seconds=chance.randrange(50)), delivery=chance.choice(ids),
            failure=chance.choice(["policy", "temporary", "message"]), code=chance.choice(["a", "b"]),
            machine=chance.random() < 0.2,
        )
        for _ in range(150)
    ]  # fmt: skip
    heard = said * 2
    chance.shuffle(heard)
    chunks = [heard[at : at + 17] for at in range(0, len(heard), 17)]
    await asyncio.gather(*(stage.hear(*chunk) for chunk in chunks))
    rows = await stage.sql("SELECT id, state, failure, code, opened_at, clicked_at FROM delivery ORDER BY id")
    for row in rows:
        folded = fold([each for each in said if each.delivery == row["id"]])
        state = higher("accepted", folded.state)
        assert row["state"] == state
        assert (row["opened_at"], row["clicked_at"]) == (folded.opened_at, folded.clicked_at)
        if state == "failed":
            assert (row["failure"], row["code"] or "") == (folded.failure, folded.code)

    async def decided() -> bool:
        open_ones = await stage.sql("SELECT FROM notification WHERE state IN ('open', 'waiting')")
        return not open_ones

    await stage.eventually(decided)
    of_machines = [fold([each for each in said if each.delivery == row["id"]]) for row in rows]
    view, told = await stage.view(campaign), [row["state"] for row in rows]
    expected = {
        "notified": 40, "sent": 40, "delivered": sum(s in ("delivered", "read") for s in told),
        "failed": told.count("failed"), "expired": told.count("expired"),
        "opened": sum(row["opened_at"] is not None for row in rows),
        "clicked": sum(row["clicked_at"] is not None for row in rows),
        "machine_opened": sum(each.machine_opened_at is not None for each in of_machines),
        "machine_clicked": sum(each.machine_clicked_at is not None for each in of_machines),
    }  # fmt: skip
    assert counts(view) == {kind: n for kind, n in expected.items() if n}
    assert view.notifications.get("delivered", 0) == expected["delivered"]
    timelines = {
        "Email Sent": 40, "Email Delivered": expected["delivered"], "Email Opened": expected["opened"],
        "Email Link Clicked": expected["clicked"],
        "Email Opened By Machine": sum(each.machine_opened_at is not None for each in of_machines),
        "Email Link Clicked By Machine": sum(each.machine_clicked_at is not None for each in of_machines),
    }  # fmt: skip
    assert all(timelines.values())
    theirs = "SELECT e.name, sum(s.count) AS n FROM event_sum s JOIN event_name e ON e.id = s.name_id GROUP BY 1"
    assert {row["name"]: row["n"] for row in await stage.sql(theirs)} == timelines


async def test_a_complaint_about_what_arrived_is_an_opt_out(stage: Stage, worker: None) -> None:
    mail = await stage.account("email")
    await stage.people(1, "email")
    await stage.until(await stage.campaign("email"), "done")
    delivery = mail.left[0][1].delivery
    now = stage.database.clock.now()
    await stage.hear(Receipt("delivered", now, delivery=delivery))
    await stage.hear(Receipt("opted_out", now, delivery=delivery))
    assert (await stage.sql("SELECT state FROM delivery"))[0]["state"] == "delivered"
    view = await stage.until(await stage.campaign("email"), "done")
    assert view.reasons == {"opted_out": 1}


async def test_pages_of_recipients_are_complete_and_disjoint_and_so_are_outcomes(stage: Stage, worker: None) -> None:
    await stage.account("email")
    await stage.people(25, "email")
    await stage.people(10, first=25)
    campaign = await stage.campaign("email")
    await stage.until(campaign, "done")
    source = (await stage.sql("SELECT source_id FROM campaign"))[0]["source_id"]

    async def walk(outcome: str | None) -> list[str]:
        found: list[str] = []
        async with stage.database.transaction() as tx:
            while True:
                after = int(found[-1]) if found else 0
                page = await orchestration.recipients(tx, source, outcome=outcome, after=after, limit=7)
                found += [each.profile for each in page]
                if len(page) < 7:
                    return found

    everybody, sent, dropped = await walk(None), await walk("sent"), await walk("dropped")
    assert (len(everybody), len(sent), len(dropped)) == (35, 25, 10)
    assert sorted(sent + dropped) == sorted(set(everybody))
    assert everybody == sorted(everybody, key=int)
