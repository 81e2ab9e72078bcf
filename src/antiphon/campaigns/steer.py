"""What an operator does with a campaign: create, change, copy, launch, pause, resume, cancel. Under its lock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from antiphon import channels as channels_part
from antiphon import content, metrics, orchestration, segments
from antiphon.campaigns import planning, rules, stops, store, store_steps, terms
from antiphon.campaigns.asked import Changes, NewCampaign, Pilot, asked_of
from antiphon.campaigns.records import Campaign, Stage, Stopped
from antiphon.kernel.clock import FOREVER
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, Flaw, Invalid, NotFound
from antiphon.kernel.records import FailoverOn
from antiphon.kernel.said import worded

COPIES_MAX = 1_000
CHANGEABLE = frozenset({"budget", "throttle", "stop_above"})
"""Of a campaign that was launched: all else was said to people already, or decided for some."""


async def find(tx: Transaction, id_or_name: str) -> Campaign:
    found = await store.find(tx, id_or_name)
    if found is None:
        raise NotFound("There is no campaign {id_or_name}.", id_or_name=id_or_name)
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
    """A draft that asks for nothing special."""
    pilot = None if pilot_share is None else Pilot(pilot_share)
    return await make(tx, NewCampaign(name, message, segment, list(channels), topic, pilot, failover_on))


async def make(tx: Transaction, asked: NewCampaign) -> Campaign:
    """A draft. Raises Invalid that names the field, NotFound for message or segment, Conflict for a taken name."""
    number = await store.insert(tx, await _draft(tx, asked))
    await store_steps.note(tx, number, "created")
    return await find(tx, str(number))


async def _draft(tx: Transaction, asked: NewCampaign, *, itself: int = 0) -> store.Draft:
    stored = await content.find(tx, asked.message)
    audience = await segments.get(tx, asked.segment)
    share = asked.pilot.share if asked.pilot else None
    _check(asked.name, asked.channels, content.channels_of(stored.message), share)
    return store.Draft(
        name=asked.name.strip(),
        message=stored.id,
        message_name=stored.name,
        segment=audience.id,
        segment_name=audience.name,
        channels=tuple(dict.fromkeys(asked.channels)),
        topic=stored.message.topic if asked.topic is None else asked.topic,
        pilot_share=share,
        failover_on=asked.failover_on,
        plan=await planning.plan_of(tx, asked, audience=audience.id, itself=itself),
    )


def _check(name: str, channels: Sequence[str], possible: frozenset[str], pilot_share: float | None) -> None:
    flaws = []
    if not name.strip():
        flaws.append(Flaw("name", "A campaign needs a name."))
    if not channels:
        flaws.append(
            Flaw(
                "channels", worded("Tick at least one channel; the message has {possible}.", possible=sorted(possible))
            )
        )
    for n, channel in enumerate(channels):
        if channel not in possible:
            flaws.append(
                Flaw(
                    f"channels[{n}]",
                    worded(
                        "The message has no form for {channel}; it has {possible}.",
                        channel=channel,
                        possible=sorted(possible),
                    ),
                )
            )
    if pilot_share is not None and not 0 < pilot_share < 1:
        flaws.append(Flaw("pilot.share", "The share of a pilot is between 0 and 1."))
    if flaws:
        raise Invalid("The input is not valid.", flaws=flaws)


async def change(tx: Transaction, campaign: Campaign, changes: Changes) -> Campaign:
    """Of a draft everything, of a launched one what is CHANGEABLE. Raises as `make`; Conflict for one that is over."""
    now = await in_state(tx, campaign, "draft", "running", "paused", "pilot_done", act="changed")
    given = changes.given()
    if now.state != "draft" and (fixed := sorted(given.keys() - CHANGEABLE)):
        raise Conflict(
            "The campaign {name} was launched: {fixed} can no longer be changed, only {free}.",
            name=now.name,
            fixed=", ".join(fixed),
            free=", ".join(sorted(CHANGEABLE)),
        )
    if "message" in given and "topic" not in given and now.topic == (await _message(tx, now)).message.topic:
        given["topic"] = None  # it was the message's, so it follows the message
    asked = msgspec.structs.replace(asked_of(now), **given)
    if now.state == "draft":
        await store.write_draft(tx, now.id, await _draft(tx, asked, itself=now.id))
    else:
        await _change_launched(tx, now, asked)
    await store_steps.note(tx, now.id, "changed", fields=sorted(changes.given()))
    tx.wake(f"source:{now.source}")
    return await find(tx, str(now.id))


async def _message(tx: Transaction, campaign: Campaign) -> content.Stored:
    return await content.find(tx, str(campaign.message))


async def _change_launched(tx: Transaction, now: Campaign, asked: NewCampaign) -> None:
    asked = msgspec.structs.replace(asked, launch_at=None, send_at=None, exclude=[], follow=None)  # may be past by now
    checked = await planning.plan_of(tx, asked, audience=now.segment, itself=now.id)
    plan = msgspec.structs.replace(
        now.plan, budget=checked.budget, per_minute=checked.per_minute, stop_above=checked.stop_above
    )
    await store.write_plan(tx, now.id, plan)
    if plan.budget != now.plan.budget:
        if now.state == "paused":
            await orchestration.pause(tx, source_of(now))  # more money wakes who waits for it: not before it is resumed
        await orchestration.set_budget(tx, source_of(now), planning.MONEY_MAX if plan.budget is None else plan.budget)
    if plan.per_minute == now.plan.per_minute:
        return
    if plan.per_minute is not None:
        due_at = FOREVER if now.state == "paused" else tx.now
        await store.join_chunks(tx, now.id, now.stage, paid_to=tx.now, due_at=due_at)
    if now.state != "paused":
        await store.wake_chunks(tx, now.id, starts_at=now.starts_at)


async def copy(tx: Transaction, campaign: Campaign, *, name: str | None = None) -> Campaign:
    """A draft that says the same; what has passed, such as its launch time, is left out."""
    asked = msgspec.structs.replace(asked_of(campaign), name=name or await _free_name(tx, campaign.name))
    at, send_at = campaign.plan.launch_at, campaign.plan.send_at
    if at is not None and at <= tx.now:
        asked = msgspec.structs.replace(asked, launch_at=None)
    if send_at is not None and send_at.local is not None and send_at.local <= tx.now.replace(tzinfo=None):
        asked = msgspec.structs.replace(asked, send_at=None)
    return await make(tx, asked)


async def _free_name(tx: Transaction, name: str) -> str:
    for n in range(1, COPIES_MAX):
        wanted = f"{name} (copy)" if n == 1 else f"{name} (copy {n})"
        if not await store.is_taken(tx, wanted):
            return wanted
    raise Conflict("There are {most} copies of {name} already; give this one a name.", most=COPIES_MAX, name=name)


async def launch(tx: Transaction, campaign: Campaign) -> Campaign:
    """Running from now; who is told is decided from `starts_at` on."""
    now = await in_state(tx, campaign, "draft", act="launched")
    await _check_providers(tx, now)
    source = await terms.make_source(tx, now)
    starts_at = await planning.start_of(tx, now.plan)
    stage: Stage = "all" if now.pilot_share is None else "pilot"
    await store.write_state(tx, now.id, "running", stage=stage, source=source, starts_at=starts_at)
    await _cut(tx, now, stage, due_at=starts_at)
    await store_steps.note(tx, now.id, "launched", starts_at=starts_at)
    return await find(tx, str(now.id))


async def _check_providers(tx: Transaction, campaign: Campaign) -> None:
    """Nobody could be told anything: better said now than found in a list of the dropped."""
    up = {provider.channel for provider in await channels_part.providers(tx) if provider.enabled}
    if not up & set(campaign.channels):
        wanted = " or ".join(campaign.channels)
        raise Conflict("There is no provider for {wanted}; make one: `antiphon providers create FILE`.", wanted=wanted)


async def _cut(tx: Transaction, campaign: Campaign, stage: Stage, *, due_at: datetime) -> None:
    """A throttled one is walked in one range: one row keeps its pace, whoever walks it."""
    bounds = None if campaign.plan.per_minute else await segments.bounds(tx, campaign.segment)
    cut = rules.ranges(bounds.lowest, bounds.highest, bounds.count) if bounds else rules.ranges(0, 0, 0)
    await store.insert_chunks(tx, campaign.id, stage, cut, priority=campaign.plan.priority, due_at=due_at)


async def pause(tx: Transaction, campaign: Campaign) -> Campaign:
    """At once: whatever is not marked when this commits does not leave."""
    now = await in_state(tx, campaign, "running", act="paused")
    await _park(tx, now, holding=True)
    await store_steps.note(tx, now.id, "paused")
    return await find(tx, str(now.id))


async def stop(tx: Transaction, campaign: Campaign, why: Stopped) -> None:
    """By itself. A spent budget stops what is not decided yet: whoever was decided is paid for, and is told."""
    now = await in_state(tx, campaign, "running", act="stopped")
    await _park(tx, now, holding=why.reason != "budget")
    await store.write_stopped(tx, now.id, why, tolerated=now.tolerated)
    await store_steps.note(tx, now.id, "stopped", **msgspec.to_builtins(why))


async def _park(tx: Transaction, campaign: Campaign, *, holding: bool) -> None:
    await store.set_chunks_due(tx, campaign.id, FOREVER)  # chunks before their source: in the order of the walk
    if holding:
        await orchestration.pause(tx, source_of(campaign))
    await store.write_state(tx, campaign.id, "paused", stage=campaign.stage)
    tx.wake(f"source:{campaign.source}")


async def resume(tx: Transaction, campaign: Campaign) -> Campaign:
    """A paused one goes on; after a pilot, the rest goes as planned. Raises Conflict while its budget is spent."""
    now = await in_state(tx, campaign, "paused", "pilot_done", act="resumed")
    await store_steps.note(tx, now.id, "resumed")
    if now.state == "pilot_done":
        return await start_rest(tx, now, due_at=tx.now)
    await _check_budget(now)
    await store.wake_chunks(tx, now.id, starts_at=now.starts_at)
    await orchestration.resume(tx, source_of(now))
    await store.write_state(tx, now.id, "running", stage=now.stage)
    await store.write_stopped(tx, now.id, None, tolerated=await _tolerated(tx, now))
    return await find(tx, str(now.id))


async def _check_budget(campaign: Campaign) -> None:
    stopped, budget = campaign.stopped, campaign.plan.budget
    if stopped is not None and stopped.reason == "budget" and budget is not None and budget <= (stopped.limit or 0.0):
        raise Conflict(
            "The budget of {budget:g} is spent. Raise it first, or take it away; then resume.", budget=budget
        )


async def _tolerated(tx: Transaction, campaign: Campaign) -> dict[str, float]:
    """Whoever lets it go on has seen the shares as they are now: they do not stop it again until they grow."""
    if campaign.stopped is None or campaign.stopped.reason == "budget":
        return campaign.tolerated
    limits = await planning.limits_of(tx, campaign.plan)
    found = stops.shares(await metrics.totals(tx, [source_of(campaign)]), least=limits.least)
    now = {f"{name}/{channel}": share for (name, channel), share in found.items()}
    above = {key: share for key, share in now.items() if share > (getattr(limits, key.partition("/")[0]) or 1.0)}
    return {**campaign.tolerated, **above}


async def start_rest(tx: Transaction, campaign: Campaign, *, due_at: datetime) -> Campaign:
    await store.write_state(tx, campaign.id, "running", stage="rest")
    await _cut(tx, campaign, "rest", due_at=due_at)
    return await find(tx, str(campaign.id))


async def cancel(tx: Transaction, campaign: Campaign) -> Campaign:
    """What was handed over stays as it is; everything else ends as cancelled."""
    now = await in_state(tx, campaign, "draft", "running", "paused", "pilot_done", act="cancelled")
    await store.set_chunks_due(tx, now.id, None)
    if now.source is not None:
        await orchestration.cancel(tx, now.source)
    await store.write_state(tx, now.id, "cancelled", stage=now.stage)
    await store_steps.note(tx, now.id, "cancelled")
    return await find(tx, str(now.id))


async def in_state(tx: Transaction, campaign: Campaign, *states: str, act: str) -> Campaign:
    now = await store.lock(tx, campaign.id)
    if now is None or now.state not in states:
        state = now.state if now else "gone"
        raise Conflict(
            "The campaign {name} is {state}; only {known} ones can be {act}.",
            name=campaign.name,
            state=state,
            known=" or ".join(states),
            act=act,
        )
    return now


def source_of(campaign: Campaign) -> orchestration.SourceId:
    assert campaign.source is not None, "a launched campaign has a source"
    return campaign.source
