"""Letting go of the old ledger, never of what keeps a campaign from telling somebody twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from antiphon import campaigns, profiles
from antiphon.kernel import settings
from antiphon.kernel.records import Accepted, Identifier, Purpose
from orchestration.stage import Stage

MAIL = Identifier("email", "p0@example.org")
Move = Callable[[timedelta], Awaitable[datetime]]


async def keep_one_month(stage: Stage) -> None:
    """The worker may have been faster: time was moved."""
    await stage.database.repeat(lambda tx: settings.write(tx, {"retention": {"ledger_months": 1}}))
    await profiles.keep_to_rules(stage.database)


async def counts(stage: Stage) -> dict[str, int]:
    names = ("notification", "delivery", "source_address", "idempotency", "provider_message")
    return {name: (await stage.sql(f"SELECT count(*) FROM {name}"))[0][0] for name in names}


async def test_a_campaign_that_is_done_is_let_go_with_all_that_belongs_to_it(
    stage: Stage, worker: None, move: Move
) -> None:
    desk = await stage.account("email")
    desk.answer = lambda outgoing: Accepted(f"id of {outgoing.to}")
    await stage.people(3, "email")
    await stage.until(await stage.campaign("email"), "done")
    before = await counts(stage)
    await move(timedelta(days=20))
    await keep_one_month(stage)
    assert await counts(stage) == before
    await move(timedelta(days=45))
    await keep_one_month(stage)
    assert await counts(stage) == dict.fromkeys(await counts(stage), 0)


async def test_a_campaign_that_goes_on_keeps_its_ledger_and_tells_nobody_twice(
    stage: Stage, worker: None, move: Move
) -> None:
    """A pilot that waits for months: the rest goes to the rest, not to those who had it."""
    desk = await stage.account("email")
    await stage.people(20, "email")
    campaign = await stage.campaign("email", pilot_share=0.5)
    await stage.until(campaign, "pilot_done")
    piloted = len(await stage.sql("SELECT FROM notification"))

    async def told() -> bool:
        return len(desk.to) == piloted > 0

    await stage.eventually(told)
    await move(timedelta(days=100))
    await keep_one_month(stage)
    assert len(await stage.sql("SELECT FROM notification")) == piloted
    await stage.steer(campaigns.shift, campaign, channel="email", share="rest")

    async def everybody() -> bool:
        return len(desk.to) >= 20

    await stage.eventually(everybody)
    await stage.until(campaign, "done")
    assert len(desk.to) == len(set(desk.to)) == 20


async def test_calls_go_with_their_keys_and_sources_unless_they_are_open(
    stage: Stage, worker: None, move: Move
) -> None:
    desk = await stage.account("email")
    await stage.people(1, "email")
    message = await stage.message("email")
    done = await stage.send(message, MAIL, purpose=Purpose.TRANSACTIONAL)
    await stage.until_state(done, "sent")
    desk.down = True
    waiting = await stage.send(message, MAIL, purpose=Purpose.TRANSACTIONAL)
    await stage.sql("UPDATE source SET state = 'paused' WHERE id = (SELECT max(id) FROM source)")
    await move(timedelta(days=65))
    await keep_one_month(stage)
    assert [row["id"] for row in await stage.sql("SELECT id FROM notification")] == [waiting]
    assert len(await stage.sql("SELECT FROM source")) == 1
    assert len(await stage.sql("SELECT FROM idempotency")) == 1
