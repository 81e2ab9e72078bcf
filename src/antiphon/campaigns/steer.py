"""What an operator does with a campaign: create, launch, pause, resume, cancel, shift. Each under its lock."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon import channels as channels_part
from antiphon import content, orchestration, segments
from antiphon.campaigns import rules, store
from antiphon.campaigns.records import Campaign, Stage
from antiphon.kernel.clock import FOREVER
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, Flaw, Invalid, NotFound, invalid
from antiphon.kernel.records import FailoverOn, Purpose


async def find(tx: Transaction, id_or_name: str) -> Campaign:
    found = await store.find(tx, id_or_name)
    if found is None:
        raise NotFound(f"There is no campaign {id_or_name}.")
    return found


async def create(
    tx: Transaction,
    *,
    name: str,
    message: str,
    segment: str,
    channels: Sequence[str],
    topic: str | None = None,
    pilot_share: float | None = None,
    failover_on: FailoverOn = "definite",
) -> Campaign:
    """A draft. Raises Invalid that names the field, NotFound for message or segment, Conflict for a taken name."""
    stored = await content.find(tx, message)
    audience = await segments.get(tx, segment)
    _check(name, channels, content.channels_of(stored.message), pilot_share)
    number = await store.insert(
        tx,
        name=name.strip(),
        message=stored.id,
        segment=audience.id,
        channels=list(dict.fromkeys(channels)),
        topic=stored.message.topic if topic is None else topic,
        pilot_share=pilot_share,
        failover_on=failover_on,
    )
    if number is None:
        raise Conflict(f"There is a campaign named {name} already.")
    return await find(tx, str(number))


def _check(name: str, channels: Sequence[str], possible: frozenset[str], pilot_share: float | None) -> None:
    flaws = []
    if not name.strip():
        flaws.append(Flaw("name", "A campaign needs a name."))
    if not channels:
        flaws.append(Flaw("channels", f"Tick at least one channel; the message has {sorted(possible)}."))
    for n, channel in enumerate(channels):
        if channel not in possible:
            flaws.append(Flaw(f"channels[{n}]", f"The message has no form for {channel}; it has {sorted(possible)}."))
    if pilot_share is not None and not 0 < pilot_share < 1:
        flaws.append(Flaw("pilot.share", "The share of a pilot is between 0 and 1."))
    if flaws:
        raise Invalid("The input is not valid.", flaws=flaws)


async def launch(tx: Transaction, campaign: Campaign) -> Campaign:
    now = await _in_state(tx, campaign, "draft", act="launched")
    await _check_providers(tx, now)
    stored = await content.find(tx, str(now.message))
    source = await orchestration.make_source(
        tx,
        kind="campaign",
        name=now.name,
        message=stored.id,
        version=stored.version,
        topic=now.topic,
        purpose=stored.message.purpose or Purpose.CAMPAIGN,
        channels=now.channels,
        failover_on=now.failover_on,
    )
    stage: Stage = "all" if now.pilot_share is None else "pilot"
    await store.write_state(tx, now.id, "running", stage=stage, source=source)
    await _cut(tx, now, stage)
    return await find(tx, str(now.id))


async def _check_providers(tx: Transaction, campaign: Campaign) -> None:
    """Nobody could be told anything: better said now than found in a list of the dropped."""
    up = {provider.channel for provider in await channels_part.providers(tx) if provider.enabled}
    if not up & set(campaign.channels):
        wanted = " or ".join(campaign.channels)
        raise Conflict(f"There is no provider for {wanted}; make one: `antiphon providers create FILE`.")


async def _cut(tx: Transaction, campaign: Campaign, stage: Stage) -> None:
    bounds = await segments.bounds(tx, campaign.segment)
    cut = rules.ranges(bounds.lowest, bounds.highest, bounds.count) if bounds else rules.ranges(0, 0, 0)
    await store.insert_chunks(tx, campaign.id, stage, cut)


async def pause(tx: Transaction, campaign: Campaign) -> Campaign:
    """At once: whatever is not marked when this commits does not leave."""
    now = await _in_state(tx, campaign, "running", act="paused")
    await store.set_chunks_due(tx, now.id, FOREVER)  # chunks before their source: in the order of the walk
    await orchestration.pause(tx, _source(now))
    await store.write_state(tx, now.id, "paused", stage=now.stage)
    return await find(tx, str(now.id))


async def resume(tx: Transaction, campaign: Campaign) -> Campaign:
    """A paused one goes on; after a pilot, the rest goes as planned."""
    now = await _in_state(tx, campaign, "paused", "pilot_done", act="resumed")
    if now.state == "pilot_done":
        return await _start_rest(tx, now)
    await store.set_chunks_due(tx, now.id, tx.now)
    await orchestration.resume(tx, _source(now))
    await store.write_state(tx, now.id, "running", stage=now.stage)
    return await find(tx, str(now.id))


async def _start_rest(tx: Transaction, campaign: Campaign) -> Campaign:
    await store.write_state(tx, campaign.id, "running", stage="rest")
    await _cut(tx, campaign, "rest")
    return await find(tx, str(campaign.id))


async def shift(tx: Transaction, campaign: Campaign, *, channel: str, share: str) -> Campaign:
    """The rest takes this channel; who stated a channel for the topic keeps it. Starts the rest after a pilot."""
    if share != "rest":
        raise invalid("share", "Only the `rest` can be shifted: who has no notification of this campaign yet.")
    if channel not in campaign.channels:
        raise invalid("channel", f"This campaign has the channels {list(campaign.channels)}.")
    now = await _in_state(tx, campaign, "running", "paused", "pilot_done", act="shifted")
    await orchestration.prefer(tx, _source(now), channel)
    return await _start_rest(tx, now) if now.state == "pilot_done" else now


async def cancel(tx: Transaction, campaign: Campaign) -> Campaign:
    """What was handed over stays as it is; everything else ends as cancelled."""
    now = await _in_state(tx, campaign, "draft", "running", "paused", "pilot_done", act="cancelled")
    await store.set_chunks_due(tx, now.id, None)
    if now.source is not None:
        await orchestration.cancel(tx, now.source)
    await store.write_state(tx, now.id, "cancelled", stage=now.stage)
    return await find(tx, str(now.id))


async def _in_state(tx: Transaction, campaign: Campaign, *states: str, act: str) -> Campaign:
    now = await store.lock(tx, campaign.id)
    if now is None or now.state not in states:
        state = now.state if now else "gone"
        raise Conflict(f"The campaign {campaign.name} is {state}; only {' or '.join(states)} ones can be {act}.")
    return now


def _source(campaign: Campaign) -> orchestration.SourceId:
    assert campaign.source is not None, "a launched campaign has a source"
    return campaign.source
