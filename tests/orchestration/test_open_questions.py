"""Promises that were open for long; each test says what is wanted."""

from __future__ import annotations

from datetime import timedelta

from antiphon.kernel.records import Purpose, Receipt
from orchestration.stage import Stage
from orchestration.test_failover import MAIL, _is


async def test_after_silence_without_a_further_channel_it_is_sent_and_not_failed(
    stage: Stage, worker: None, move
) -> None:
    """Handed over and no proof is `sent`; only proof that nothing arrived is `failed`."""
    mail = await stage.account("email")
    number = await stage.send(await stage.message("email"), MAIL, purpose=Purpose.ALERT)
    await stage.eventually(lambda: _is(len(mail.left) == 1))
    await move(timedelta(hours=2))

    async def ended() -> bool:
        return (await stage.show(number)).state != "open"

    await stage.eventually(ended)
    assert (await stage.show(number)).state == "sent"


async def test_a_campaign_is_not_done_while_a_late_bounce_has_started_the_next_channel(
    stage: Stage, worker: None
) -> None:
    await stage.account("email")
    sms = await stage.account("sms")
    await stage.people(1, "email", "phone")
    campaign = await stage.campaign("email", "sms")
    await stage.until(campaign, "done")
    sms.down = True
    (row,) = await stage.sql("SELECT id FROM delivery")
    bounce = Receipt("failed", stage.database.clock.now(), delivery=row["id"], failure="address")
    await stage.hear(bounce)

    async def opened() -> bool:
        return (await stage.view(campaign)).notifications == {"open": 1}

    await stage.eventually(opened)
    assert (await stage.view(campaign)).state == "running"
    sms.down = False
    assert (await stage.until(campaign, "done")).notifications == {"sent": 1}


async def test_an_alert_goes_round_a_channel_whose_only_provider_is_known_to_be_down(stage: Stage) -> None:
    await stage.account("sms")
    await stage.account("email")
    await stage.people(1, "email", "phone")
    away = "UPDATE provider_state SET failures = 5, paused_until = clock_timestamp() + interval '1 hour'"
    await stage.sql(f"{away} WHERE provider_id = $1", stage.providers["sms"])
    number = await stage.send(await stage.message("email", "sms"), MAIL, purpose=Purpose.ALERT)
    assert (await stage.show(number)).channel == "email"
