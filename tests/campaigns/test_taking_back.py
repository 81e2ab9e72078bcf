"""A launch is taken back while nobody was told, a shift while nobody more was; what was done is kept."""

from __future__ import annotations

import pytest

from antiphon import campaigns
from antiphon.campaigns import page
from antiphon.campaigns.asked import Throttle
from antiphon.kernel.errors import Conflict, Invalid
from campaigns.planned import advance, notified, planned, walk
from orchestration.stage import Stage


async def steps(stage: Stage, campaign: campaigns.Campaign) -> list[str]:
    async with stage.database.transaction(read_only=True) as tx:
        found = await page.timeline_of(tx, campaign, before=None, limit=50)
    return [step.what for step in reversed(found.steps)]


async def chosen(stage: Stage) -> dict[str, int]:
    rows = await stage.sql("SELECT channel, count(*) AS n FROM delivery GROUP BY 1")
    return {row["channel"]: row["n"] for row in rows}


async def piloted(stage: Stage, people: int = 60) -> campaigns.Campaign:
    """Half of them told by e-mail; it waits."""
    await stage.account("email")
    await stage.account("sms")
    await stage.people(people, "email", "phone")
    made = await planned(stage, "email", "sms", pilot={"share": 0.5})
    await walk(stage)
    await campaigns.work_ends(stage.runtime)
    return await found(stage, made)


async def found(stage: Stage, campaign: campaigns.Campaign) -> campaigns.Campaign:
    async with stage.database.transaction(read_only=True) as tx:
        return await campaigns.find(tx, str(campaign.id))


async def test_a_recalled_launch_is_a_draft_that_can_be_changed_and_launched_again(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(3, "email")
    made = await planned(stage, recall_s=60)
    await walk(stage)
    async with stage.database.transaction(read_only=True) as tx:
        shown = await page.page_of(tx, made)
    assert shown.recall_until == made.starts_at
    back = await stage.steer(campaigns.recall, made)
    assert (back.state, back.source, back.starts_at, back.launched_at) == ("draft", None, None, None)
    await advance(stage, minutes=5)
    await walk(stage)
    assert await notified(stage) == 0
    again = await stage.steer(campaigns.launch, back)
    assert again.source != made.source
    await advance(stage, minutes=2)
    await walk(stage)
    assert await notified(stage) == 3
    assert await steps(stage, made) == ["created", "changed", "launched", "recalled", "launched"]


async def test_it_cannot_be_recalled_once_somebody_was_decided_and_goes_on(stage: Stage) -> None:
    await stage.account("email")
    await stage.people(3, "email")
    made = await planned(stage)
    await walk(stage)
    with pytest.raises(Conflict, match="Cancel it"):
        await stage.steer(campaigns.recall, made)
    assert (await found(stage, made)).state == "running"
    await stage.people(2, "email", first=10)
    rows = await stage.sql("SELECT count(*) AS n FROM campaign_chunk")
    assert rows[0]["n"] == 1


async def test_a_shift_waits_for_its_undo_and_then_goes(stage: Stage) -> None:
    made = await piloted(stage)
    before = await chosen(stage)
    await stage.steer(campaigns.shift, made, channel="sms", share="rest", undo_s=10)
    await walk(stage)
    assert await chosen(stage) == before
    await advance(stage, seconds=11)
    await walk(stage)
    after = await chosen(stage)
    assert after["email"] == before["email"]
    assert after["sms"] == 60 - before["email"]
    with pytest.raises(Conflict, match="is over"):
        await stage.steer(campaigns.undo_shift, made)


async def test_an_undone_shift_leaves_the_pilot_waiting_and_the_channel_as_it_was(stage: Stage) -> None:
    made = await piloted(stage)
    before = await chosen(stage)
    await stage.steer(campaigns.shift, made, channel="sms", share="rest", undo_s=10)
    back = await stage.steer(campaigns.undo_shift, made)
    assert (back.state, back.stage, back.shifted) == ("pilot_done", "pilot", None)
    await advance(stage, seconds=60)
    await walk(stage)
    assert await chosen(stage) == before
    await stage.steer(campaigns.resume, back)
    await walk(stage)
    assert await chosen(stage) == {"email": 60}
    assert await steps(stage, made) == [
        "created", "changed", "launched", "pilot_done", "shifted", "shifted_back", "resumed",
    ]  # fmt: skip


async def test_a_second_shift_that_is_undone_leaves_the_first(stage: Stage) -> None:
    made = await piloted(stage)
    await stage.steer(campaigns.shift, made, channel="sms", share="rest")
    await stage.steer(campaigns.shift, made, channel="email", share="rest", undo_s=10)
    back = await stage.steer(campaigns.undo_shift, made)
    assert (back.state, back.stage) == ("running", "rest")
    assert back.shifted is not None
    assert back.shifted.channel == "sms"
    await walk(stage)
    assert "sms" in await chosen(stage)


async def test_a_shift_without_time_to_undo_is_in_force_at_once(stage: Stage) -> None:
    made = await piloted(stage)
    await stage.steer(campaigns.shift, made, channel="sms", share="rest")
    with pytest.raises(Conflict, match="is over"):
        await stage.steer(campaigns.undo_shift, made)
    with pytest.raises(Invalid):
        await stage.steer(campaigns.shift, made, channel="sms", share="rest", undo_s=3600)


async def test_a_pause_does_not_end_the_time_to_undo_a_shift(stage: Stage) -> None:
    made = await piloted(stage)
    before = await chosen(stage)
    shifted = await stage.steer(campaigns.shift, made, channel="sms", share="rest", undo_s=30)
    await stage.steer(campaigns.pause, shifted)
    await stage.steer(campaigns.resume, shifted)
    await advance(stage, seconds=10)
    await walk(stage)
    assert await chosen(stage) == before, "nobody is decided while it can be taken back"
    await stage.steer(campaigns.undo_shift, shifted)
    await walk(stage)
    assert await chosen(stage) == before


async def test_another_throttle_does_not_end_the_time_to_undo_a_shift(stage: Stage) -> None:
    made = await piloted(stage)
    before = await chosen(stage)
    shifted = await stage.steer(campaigns.shift, made, channel="sms", share="rest", undo_s=30)
    await stage.steer(campaigns.change, shifted, changes=campaigns.Changes(throttle=Throttle(600)))
    await walk(stage)
    assert await chosen(stage) == before
    await advance(stage, seconds=31)
    await walk(stage)
    assert (await chosen(stage)).get("sms", 0) > 0
