"""What people's timelines say of our messages: what rules about engagement ask for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from antiphon import profiles
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import DeliveryId, Identifier, InDoubt, Purpose, Receipt
from antiphon.orchestration.handed import doubt
from conftest import START
from orchestration.stage import Stage
from orchestration.test_fold import told

MAIL = Identifier("email", "p0@example.org")


async def timeline(stage: Stage) -> list[tuple[str, datetime, dict[str, Any]]]:
    rows = await stage.sql("""
        SELECT n.name, e.at, e.properties::text
          FROM event e JOIN event_name n ON n.id = e.name_id
         ORDER BY e.at, n.name""")
    return [(name, at, msgspec.json.decode(said or "{}")) for name, at, said in rows]


async def names(stage: Stage) -> list[str]:
    return [name for name, *_ in await timeline(stage)]


async def sent(stage: Stage, channel: str) -> tuple[DeliveryId, dict[str, str]]:
    """One message of a campaign to one person, and what every event of it carries."""
    desk = await stage.account(channel)
    await stage.people(1, "email", "phone")
    campaign = await stage.campaign(channel)
    await stage.until(campaign, "done")
    (row,) = await stage.sql("SELECT id FROM source")
    carried = {"source_id": str(row["id"]), "source": campaign.name, "topic": "coupons"}
    return desk.left[0][1].delivery, carried


async def test_every_event_says_which_campaign_and_topic_it_is_of(stage: Stage, worker: None) -> None:
    delivery, carried = await sent(stage, "email")
    now = stage.database.clock.now()
    for n, kind in enumerate(["delivered", "opened", "clicked"], 1):
        for machine in (True, False):
            await stage.hear(Receipt(kind, now + timedelta(seconds=n), delivery=delivery, machine=machine))
    said = await timeline(stage)
    assert [(name, (at - now).seconds) for name, at, _ in said] == [
        ("Email Sent", 0),
        ("Email Delivered", 1),
        ("Email Opened", 2),
        ("Email Opened By Machine", 2),
        ("Email Link Clicked", 3),
        ("Email Link Clicked By Machine", 3),
    ]
    assert all(properties == carried for *_, properties in said)


async def test_whoever_has_a_slow_clock_delivers_nothing_before_it_was_sent(stage: Stage, worker: None) -> None:
    delivery, _ = await sent(stage, "email")
    now = stage.database.clock.now()
    await stage.hear(Receipt("delivered", now - timedelta(days=30), delivery=delivery))
    await stage.hear(Receipt("opened", now - timedelta(seconds=3), delivery=delivery))
    assert [(name, at) for name, at, _ in await timeline(stage)] == [
        ("Email Delivered", now),
        ("Email Opened", now),
        ("Email Sent", now),
    ]


async def test_a_message_that_a_program_asked_for_says_so_and_without_a_topic_names_none(
    stage: Stage, worker: None
) -> None:
    mail = await stage.account("email")
    await stage.people(1, "email")
    message = await stage.message("email")
    number = await stage.send(message, MAIL, topic="", purpose=Purpose.TRANSACTIONAL)
    await stage.until_state(number, "sent")
    await stage.hear(Receipt("delivered", stage.database.clock.now(), delivery=mail.left[0][1].delivery))
    said = await timeline(stage)
    assert [name for name, *_ in said] == ["Email Delivered", "Email Sent"]
    (source,) = await stage.sql("SELECT id FROM source")
    assert all(properties == {"source_id": str(source["id"]), "source": message} for *_, properties in said)


async def test_what_was_perhaps_sent_carries_the_same(stage: Stage, worker: None) -> None:
    desk = await stage.account("email")
    desk.answer = lambda _: InDoubt("no answer")
    await stage.people(1, "email")
    campaign = await stage.campaign("email")
    await stage.until(campaign, "done")
    ((name, _, properties),) = await timeline(stage)
    assert (name, properties["source"], properties["topic"]) == ("Email Sent", campaign.name, "coupons")


async def test_what_a_dead_worker_had_in_hand_carries_the_same(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(1, "email")
    number = await stage.send(await stage.message("email"), MAIL)

    async def lose(tx: Transaction) -> None:
        (row,) = await tx.rows("UPDATE delivery SET state = 'sending' RETURNING id, lease")
        await doubt(tx, {row["id"]: row["lease"]})

    await stage.database.repeat(lose)
    assert (await stage.show(number)).deliveries[0].state == "in_doubt"
    ((name, _, properties),) = await timeline(stage)
    assert (name, properties["topic"]) == ("Email Sent", "coupons")


async def test_who_opened_is_told_to_have_got_it_once_though_the_proof_comes_later(stage: Stage, worker: None) -> None:
    delivery, _ = await sent(stage, "email")
    now = stage.database.clock.now()
    await stage.hear(Receipt("opened", now + timedelta(minutes=5), delivery=delivery))
    for _ in range(2):
        await stage.hear(Receipt("delivered", now + timedelta(minutes=1), delivery=delivery))
    said = [(name, at - now) for name, at, _ in await timeline(stage)]
    later = timedelta(minutes=5)
    assert said == [("Email Sent", timedelta()), ("Email Delivered", later), ("Email Opened", later)]


async def test_heard_together_it_arrived_at_the_earliest_proof(stage: Stage, worker: None) -> None:
    delivery, _ = await sent(stage, "sms")
    now = stage.database.clock.now()
    kinds = {"clicked": 30, "delivered": 10, "read": 20}
    await stage.hear(*(Receipt(k, now + timedelta(minutes=n), delivery=delivery) for k, n in kinds.items()))
    assert [(name, at - now) for name, at, _ in await timeline(stage)] == [
        ("SMS Sent", timedelta()),
        ("SMS Delivered", timedelta(minutes=10)),
        ("SMS Link Clicked", timedelta(minutes=30)),
    ]


async def test_what_failed_did_not_arrive(stage: Stage, worker: None) -> None:
    delivery, _ = await sent(stage, "sms")
    await stage.hear(Receipt("failed", stage.database.clock.now(), delivery=delivery, failure="policy"))
    assert await names(stage) == ["SMS Sent"]


def test_a_tap_on_a_push_is_told_as_opened_and_not_once_more_as_clicked() -> None:
    heard = [[Receipt(kind, START)] for kind in ("delivered", "opened", "clicked", "clicked")]
    assert [name for _, name, *_ in told("push", heard)] == ["Push Delivered", "Push Opened"]


async def test_a_machine_moves_no_figure_that_is_about_people(stage: Stage, worker: None) -> None:
    """It is counted apart, once for each message; conversions and what somebody reads on know nothing of it."""
    delivery, _ = await sent(stage, "email")
    now = stage.database.clock.now()
    for kind in ("opened", "clicked", "opened", "clicked"):
        await stage.hear(Receipt(kind, now, delivery=delivery, machine=True, device="mobile"))
    assert await names(stage) == [
        "Email Delivered",
        "Email Link Clicked By Machine",
        "Email Opened By Machine",
        "Email Sent",
    ]
    bought = profiles.Fact("test", "order", now, (MAIL,), event="Order Completed")
    await stage.database.repeat(lambda tx: profiles.record(tx, [bought]))
    every = (
        "SELECT kind, n FROM (SELECT kind, n FROM counter UNION ALL SELECT kind, n FROM counter_part) c"
        " WHERE kind NOT IN ('person', 'event')"  # of the company, not of a message
    )
    kinds = ["delivered", "machine_clicked", "machine_opened", "notified", "sent"]
    assert sorted(tuple(row) for row in await stage.sql(every)) == [(kind, 1) for kind in kinds]
    (address,) = await stage.sql("SELECT on_mobile, on_other FROM address WHERE channel = 'email'")
    assert tuple(address) == (0, 0)


async def test_where_somebody_answers_best_is_what_they_clicked_and_no_machine(stage: Stage, worker: None) -> None:
    mail = await stage.account("email")
    await stage.account("sms")
    await stage.people(3, "email", "phone")
    await stage.until(await stage.campaign("email"), "done")
    delivery_of = {outgoing.to: outgoing.delivery for _, outgoing in mail.left}
    now = stage.database.clock.now()
    await stage.hear(
        Receipt("clicked", now, delivery=delivery_of["p1@example.org"], machine=True),
        Receipt("clicked", now, delivery=delivery_of["p2@example.org"]),
    )
    message = await stage.message("email", "sms")
    scores = []
    for n in range(3):
        number = await stage.send(message, Identifier("email", f"p{n}@example.org"), purpose=Purpose.TRANSACTIONAL)
        options = ((await stage.show(number)).decision or {})["options"]
        scores += [option["score"] for option in options if option["channel"] == "email"]
    assert scores[0] == scores[1] < scores[2]
