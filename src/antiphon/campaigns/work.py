"""Walking audiences: people become notifications in ranges, as the deliveries ahead of them leave."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from antiphon import orchestration, segments
from antiphon.campaigns import pace, rules, store, store_steps, terms
from antiphon.campaigns.records import Campaign, Stopped
from antiphon.campaigns.steer import stop
from antiphon.campaigns.watching import watch
from antiphon.kernel.db import Transaction
from antiphon.kernel.due import Claimed, work_loop
from antiphon.kernel.records import Halted, ProfileId, Reopened
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.stopping import to_the_end

BATCH = 500
LEASE_S = 60.0
WALKERS = 2
"""While one batch is decided, another is read or written."""
BACKLOG_MAX = 3_000
"""Deliveries due and not handed over: above it nobody new is decided, so that late wishes still count."""
BACKLOG_PAUSE_S = 0.1
"""What leaves wakes nobody here, and a second is as long as the whole backlog takes to leave."""


async def run(runtime: Runtime) -> None:
    """Until cancelled."""
    async with asyncio.TaskGroup() as group:
        for _ in range(WALKERS):
            group.create_task(work_loop(runtime.database, "chunks", lambda: to_the_end(_feed(runtime))))
        group.create_task(work_loop(runtime.database, "campaigns", lambda: work_ends(runtime)))
        group.create_task(watch(runtime))


async def _feed(runtime: Runtime) -> int:
    """`work_chunks`, and soon again where the backlog is full. Asked to stop, it walks what it has claimed: else the
    range would wait for the end of its lease."""
    if not await _is_full(runtime):
        return await _walk_one(runtime)
    await asyncio.sleep(BACKLOG_PAUSE_S)
    return 1


async def _is_full(runtime: Runtime) -> bool:
    async with runtime.database.transaction(read_only=True) as tx:
        return await orchestration.backlog(tx, limit=BACKLOG_MAX) >= BACKLOG_MAX


async def work_chunks(runtime: Runtime) -> int:
    """One batch of one range. Returns how many it walked; 0 also while the backlog is full."""
    return 0 if await _is_full(runtime) else await _walk_one(runtime)


async def _walk_one(runtime: Runtime) -> int:
    database = runtime.database
    async with database.transaction() as tx:
        claimed = await store.claim_chunk(tx, lease_s=LEASE_S)
    if claimed is None:
        return 0
    return await database.repeat(lambda tx: _walk(tx, claimed))


async def _walk(tx: Transaction, chunk: Claimed) -> int:
    """Where somebody paused or cancelled since the claim, the range is left as they put it."""
    campaign_id, stage, _n = chunk.key
    campaign = await store.find(tx, str(campaign_id))
    assert campaign is not None
    unchanged = (await store.CHUNKS.finish(tx, [chunk], [tx.now])).get(chunk.key, False)
    if not unchanged:
        return 0
    walked = await _batch(tx, campaign, str(stage), chunk)
    await store.write_walk(tx, (campaign_id, str(stage), _n), cursor=walked[0], paid_to=walked[1], due_at=walked[2])
    tx.wake("campaigns" if walked[2] is None else "chunks")
    return 1


async def _batch(
    tx: Transaction, campaign: Campaign, stage: str, chunk: Claimed
) -> tuple[int, datetime, datetime | None]:
    """Tells the next people. Returns the cursor, up to when time is spent, and when to go on."""
    cursor, paid_to, per_minute = chunk.row["cursor"], chunk.row["paid_to"], campaign.plan.per_minute
    most = BATCH if per_minute is None else pace.room(per_minute, paid_to=paid_to, now=tx.now)
    if per_minute is not None and most < 1:
        return cursor, paid_to, pace.next_at(per_minute, paid_to=paid_to, now=tx.now)
    people = await segments.member_range(tx, campaign.segment, from_id=cursor, to_id=chunk.row["to_id"], limit=BATCH)
    chosen = [profile for profile in people if _is_in(campaign, stage, profile)]
    told = chosen[:most]
    made = await _notify(tx, campaign, told)
    if per_minute is not None:
        paid_to = pace.paid(per_minute, made, paid_to=paid_to, now=tx.now)
    if len(told) < len(chosen):
        return told[-1] + 1, paid_to, tx.now
    if len(people) < BATCH:
        return (people[-1] + 1 if people else cursor), paid_to, None
    return people[-1] + 1, paid_to, tx.now


def _is_in(campaign: Campaign, stage: str, profile: ProfileId) -> bool:
    return stage != "pilot" or rules.in_pilot(campaign.id, profile, campaign.pilot_share or 0.0)


async def _notify(tx: Transaction, campaign: Campaign, people: list[ProfileId]) -> int:
    """How many had no notification of it before."""
    if not people or campaign.source is None:
        return 0
    return await orchestration.notify(tx, campaign.source, people, await variants_of(tx, campaign, people))


async def variants_of(tx: Transaction, campaign: Campaign, people: Sequence[ProfileId]) -> list[str]:
    message = (await terms.said_by(tx, campaign)).message
    return [rules.variant_of(campaign.id, profile, list(message.variants)) for profile in people]


async def on_reopened(tx: Transaction, reopened: Sequence[Reopened]) -> None:
    """A taker: a campaign that was done has something open again after a late bounce."""
    await store.reopen(tx, [record.source for record in reopened])
    for record in reopened:
        tx.wake(f"source:{record.source}")


async def on_halted(tx: Transaction, halted: Sequence[Halted]) -> None:
    """A taker: its money is spent. It is paused by `work_ends`: whoever says so holds locks of people."""
    await store.insert_halts(tx, halted)
    tx.wake("campaigns")


async def work_ends(runtime: Runtime) -> int:
    """Campaigns whose audience is walked: the pilot is done, or nothing is open any more. And those told to stop."""
    database = runtime.database
    async with database.transaction(read_only=True) as tx:
        candidates = await store.read_running(tx)
        halted = await store.read_halts(tx)
    ended = 0
    for number in halted:
        ended += await database.repeat(lambda tx, number=number: _halt(tx, number))  # type: ignore[misc]  # bound now
    for number in candidates:
        ended += await database.repeat(lambda tx, number=number: _end(tx, number))  # type: ignore[misc]  # bound now
    return ended


async def _halt(tx: Transaction, number: int) -> int:
    campaign = await store.lock(tx, number)
    if campaign is None or campaign.source is None:
        return 0
    said = await store.take_halt(tx, campaign.source)
    if said is None or campaign.state != "running":
        return 0
    because, at = said
    await stop(tx, campaign, Stopped("budget", at, because, limit=campaign.plan.budget))
    return 1


async def _end(tx: Transaction, number: int) -> int:
    campaign = await store.lock(tx, number)
    if campaign is None or campaign.state != "running" or number not in await store.read_running(tx):
        return 0
    if campaign.stage == "pilot":
        await store.write_state(tx, number, "pilot_done", stage="pilot")
        await store_steps.note(tx, number, "pilot_done")
    elif campaign.source is not None and await orchestration.anything_open(tx, campaign.source):
        return 0
    else:
        await store.write_state(tx, number, "done", stage=campaign.stage)
        await store_steps.note(tx, number, "done")
    tx.wake(f"source:{campaign.source}")
    return 1
