"""Walking audiences: people become notifications in ranges, as the deliveries ahead of them leave."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon import content, orchestration, segments
from antiphon.campaigns import rules, store
from antiphon.campaigns.records import Campaign
from antiphon.kernel.db import Transaction
from antiphon.kernel.due import Claimed
from antiphon.kernel.records import ProfileId, Reopened
from antiphon.kernel.runtime import Runtime

BATCH = 500
LEASE_S = 60.0
BACKLOG_MAX = 3_000
"""Deliveries due and not handed over: above it nobody new is decided, so that late wishes still count."""


async def work_chunks(runtime: Runtime) -> int:
    """One batch of one range. Returns how many people it looked at; 0 while the backlog is full."""
    database = runtime.database
    async with database.transaction() as tx:
        if await orchestration.backlog(tx, limit=BACKLOG_MAX) >= BACKLOG_MAX:
            return 0
        claimed = await store.CHUNKS.claim(tx, batch=1, lease_s=LEASE_S)
    if not claimed:
        return 0
    return await database.repeat(lambda tx: _walk(tx, claimed[0]))


async def _walk(tx: Transaction, chunk: Claimed) -> int:
    campaign_id, stage, _n = chunk.key
    row = chunk.row
    campaign = await store.find(tx, str(campaign_id))
    assert campaign is not None
    people = await segments.member_range(tx, campaign.segment, from_id=row["cursor"], to_id=row["to_id"], limit=BATCH)
    done = len(people) < BATCH
    if not await store.CHUNKS.finish(tx, [chunk], [None if done else tx.now]):
        return 0
    if people:
        await store.write_cursor(tx, chunk.key, people[-1] + 1)
    await _notify(tx, campaign, str(stage), people)
    tx.wake("campaigns" if done else "chunks")
    return max(1, len(people))


async def _notify(tx: Transaction, campaign: Campaign, stage: str, people: list[ProfileId]) -> None:
    if stage == "pilot":
        share = campaign.pilot_share or 0.0
        people = [profile for profile in people if rules.in_pilot(campaign.id, profile, share)]
    if not people or campaign.source is None:
        return
    message = await content.find(tx, str(campaign.message))
    variants = [rules.variant_of(campaign.id, profile, list(message.message.variants)) for profile in people]
    await orchestration.notify(tx, campaign.source, people, variants)


async def on_reopened(tx: Transaction, reopened: Sequence[Reopened]) -> None:
    """A taker: a campaign that was done has something open again after a late bounce."""
    await store.reopen(tx, [record.source for record in reopened])
    for record in reopened:
        tx.wake(f"source:{record.source}")


async def work_ends(runtime: Runtime) -> int:
    """Campaigns whose audience is walked: the pilot is done, or nothing is open any more."""
    database = runtime.database
    async with database.transaction(read_only=True) as tx:
        candidates = await store.read_running(tx)
    ended = 0
    for number in candidates:
        ended += await database.repeat(lambda tx, number=number: _end(tx, number))  # type: ignore[misc]  # bound now
    return ended


async def _end(tx: Transaction, number: int) -> int:
    campaign = await store.lock(tx, number)
    if campaign is None or campaign.state != "running" or number not in await store.read_running(tx):
        return 0
    if campaign.stage == "pilot":
        await store.write_state(tx, number, "pilot_done", stage="pilot")
    elif campaign.source is not None and await orchestration.anything_open(tx, campaign.source):
        return 0
    else:
        await store.write_state(tx, number, "done", stage=campaign.stage)
    tx.wake(f"source:{campaign.source}")
    return 1
