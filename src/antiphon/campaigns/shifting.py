"""What can be taken back: a launch while nobody was told, a shift while nobody more was. Under the campaign's lock."""

from __future__ import annotations

from datetime import timedelta

from antiphon import orchestration
from antiphon.campaigns import store, store_steps
from antiphon.campaigns.records import Campaign, Shifted
from antiphon.campaigns.steer import find, in_state, source_of, start_rest
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, invalid

UNDO_S_MAX = 60
"""Nobody is decided for so long at most: whoever wants longer pauses."""


async def shift(tx: Transaction, campaign: Campaign, *, channel: str, share: str, undo_s: float = 0.0) -> Campaign:
    """The rest takes this channel; who stated a channel for the topic keeps it. Starts the rest after a pilot.

    For `undo_s` nobody more is decided, and it can be taken back.
    """
    check_shift(campaign, channel, share)
    if not 0 <= undo_s <= UNDO_S_MAX:
        raise invalid("undo_s", "From 0 to {most} seconds.", most=UNDO_S_MAX)
    now = await in_state(tx, campaign, "running", "paused", "pilot_done", act="shifted")
    began, until = now.state == "pilot_done", tx.now + timedelta(seconds=undo_s)
    before = None if now.shifted is None else now.shifted.channel
    await orchestration.prefer(tx, source_of(now), channel)
    await store_steps.write_shifted(tx, now.id, Shifted(channel, tx.now, until, before, began))
    await store_steps.note(tx, now.id, "shifted", channel=channel, until=until if undo_s else None)
    if began:
        await start_rest(tx, now, due_at=until)
    elif undo_s and now.state == "running":
        await store_steps.hold_chunks(tx, now.id, until=until)
    tx.wake(f"source:{now.source}")
    return await find(tx, str(now.id))


def check_shift(campaign: Campaign, channel: str, share: str) -> None:
    if share != "rest":
        raise invalid("share", "Only the `rest` can be shifted: who has no notification of this campaign yet.")
    if channel not in campaign.channels:
        raise invalid("channel", "This campaign has the channels {channels}.", channels=list(campaign.channels))


async def undo_shift(tx: Transaction, campaign: Campaign) -> Campaign:
    """While a shift holds everybody back: the channel is as before, and a rest that it started waits again.

    Raises Conflict when its time is over: people were decided by it then. Shift to another channel instead.
    """
    now = await in_state(tx, campaign, "running", "paused", act="shifted back")
    shifted = now.shifted
    if shifted is None:
        raise Conflict("The campaign {name} was not shifted.", name=now.name)
    if tx.now >= shifted.until:
        raise Conflict("The time to take the shift back is over: people were decided by it. Shift to another channel.")
    await orchestration.prefer(tx, source_of(now), shifted.before)
    before = None if shifted.before is None else Shifted(shifted.before, tx.now, tx.now)
    await store_steps.write_shifted(tx, now.id, before)
    if shifted.began:
        await store_steps.delete_chunks(tx, now.id, stage="rest")
        await _release(tx, now)
        await store.write_state(tx, now.id, "pilot_done", stage="pilot")
        await store.write_stopped(tx, now.id, None, tolerated=now.tolerated)
    elif now.state == "running":
        await store.wake_chunks(tx, now.id, starts_at=now.starts_at)
    await store_steps.note(tx, now.id, "shifted_back", channel=shifted.before)
    tx.wake(f"source:{now.source}")
    return await find(tx, str(now.id))


async def _release(tx: Transaction, campaign: Campaign) -> None:
    """Somebody may have paused it meanwhile: those of the pilot who wait for that go on."""
    if campaign.state == "paused":
        await orchestration.resume(tx, source_of(campaign))


async def recall(tx: Transaction, campaign: Campaign) -> Campaign:
    """A draft again, as if it had never been launched. Raises Conflict once anybody was decided: `cancel` it then."""
    now = await in_state(tx, campaign, "running", "paused", act="recalled")
    source = source_of(now)
    await store_steps.delete_chunks(tx, now.id)  # whoever walks a range just now is waited for, and is seen below
    if await orchestration.recipients(tx, source, outcome=None, after=0, limit=1):
        raise Conflict(
            "People were decided already: {name} cannot be recalled. Cancel it: what has not left ends.", name=now.name
        )
    await orchestration.cancel(tx, source)
    await store_steps.write_draft_again(tx, now.id)
    await store_steps.note(tx, now.id, "recalled")
    tx.wake(f"source:{source}")
    return await find(tx, str(now.id))
