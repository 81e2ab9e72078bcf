"""What a campaign says is settled when it is launched; before that it is the newest there is."""

from __future__ import annotations

import pytest

from antiphon import campaigns, content
from antiphon.content import editing
from antiphon.kernel.db import Database
from orchestration.stage import Stage


def saying(text, **more):
    return {"name": "m", "topic": "coupons", "locales": {"en": {"sms": {"text": text}}}} | more


async def publish(database: Database, document):
    await database.repeat(lambda tx: editing.save_draft(tx, "m", document))
    await database.repeat(lambda tx: editing.publish(tx, "m"))


async def ready(stage: Stage):
    desk = await stage.account("sms")
    await stage.people(12, "phone")
    await stage.database.repeat(lambda tx: content.create(tx, content.parse(saying("One"))))
    return desk


def texts(desk):
    return sorted(outgoing.body.text for _, outgoing in desk.left)


async def test_a_draft_takes_the_newest_when_it_is_launched(stage: Stage, worker: None) -> None:
    desk = await ready(stage)
    campaign = await stage.campaign("sms", message="m", launched=False)
    await publish(stage.database, saying("Two"))
    await stage.steer(campaigns.launch, campaign)
    await stage.until(campaign, "done")
    assert texts(desk) == ["Two"] * 12


async def test_the_rest_after_a_pilot_says_what_the_pilot_said(stage: Stage, worker: None) -> None:
    """Also where the newest version has variants that the launched one has not, and the message is archived."""
    desk = await ready(stage)
    campaign = await stage.campaign("sms", message="m", pilot_share=0.5)
    await stage.until(campaign, "pilot_done")
    await publish(stage.database, saying("Two", variants={"z": {"en": {"sms": {"text": "Z"}}}}))
    await stage.database.repeat(lambda tx: editing.archive(tx, "m"))
    await stage.steer(campaigns.resume, campaign)
    await stage.until(campaign, "done")
    assert texts(desk) == ["One"] * 12


async def test_an_archived_message_is_launched_by_nobody(stage: Stage) -> None:
    await ready(stage)
    campaign = await stage.campaign("sms", message="m", launched=False)
    await stage.database.repeat(lambda tx: editing.archive(tx, "m"))
    with pytest.raises(content.Archived):
        await stage.steer(campaigns.launch, campaign)
