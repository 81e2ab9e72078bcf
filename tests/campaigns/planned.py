"""Campaigns with a plan, and the ways to look at what became of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec

from antiphon import campaigns, metrics
from antiphon.kernel.outlet import take
from antiphon.kernel.records import Count, Halted
from orchestration.stage import Stage


async def planned(stage: Stage, *forms: str, launched: bool = True, **wishes: Any) -> campaigns.Campaign:
    """For everybody, with these wishes as they come over HTTP."""
    draft = await stage.campaign(*(forms or ("email",)), launched=False)
    changes = msgspec.convert(wishes, campaigns.Changes)
    changed = await stage.database.repeat(lambda tx: campaigns.change(tx, draft, changes))
    return await stage.steer(campaigns.launch, changed) if launched else changed


async def change(stage: Stage, campaign: campaigns.Campaign, **wishes: Any) -> campaigns.Campaign:
    changes = msgspec.convert(wishes, campaigns.Changes)
    return await stage.database.repeat(lambda tx: campaigns.change(tx, campaign, changes))


async def advance(stage: Stage, **by: float) -> None:
    await stage.database.move_clock(lambda state: state.moved(state.now() + timedelta(**by)))


async def walk(stage: Stage) -> None:
    """Until no range is due, without a worker's loops."""
    while await campaigns.work_chunks(stage.runtime):
        pass


async def notified(stage: Stage) -> int:
    return (await stage.sql("SELECT count(*) AS n FROM notification"))[0]["n"]


async def count(stage: Stage, campaign: campaigns.Campaign, channel: str = "email", **kinds: int) -> None:
    assert campaign.source is not None
    async with stage.database.transaction() as tx:
        counts = [Count(campaign.source, channel, "", kind, tx.now, n) for kind, n in kinds.items()]
        await metrics.add(tx, counts)


@contextlib.asynccontextmanager
async def watching(stage: Stage) -> AsyncIterator[None]:
    """The loops of campaigns, without those that send."""
    if campaigns.on_halted not in stage.database.takers.get(Halted, []):
        take(stage.database, Halted, campaigns.on_halted)
    task = asyncio.create_task(campaigns.run(stage.runtime))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
