"""Campaigns that stop by themselves: a look at the counts of a running one when they have changed.

One task for each running campaign sleeps until its counts change, looks, and rests for several times as long as the
look took: a look reads counters, never messages. Logs `campaign.stopped` with `campaign`, `reason`, `share`, `limit`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

import structlog

from antiphon import metrics
from antiphon.campaigns import planning, stops, store
from antiphon.campaigns.steer import stop
from antiphon.kernel.db import LOST_CONNECTION, Database, DatabaseError, Transaction
from antiphon.kernel.records import SourceId
from antiphon.kernel.runtime import Runtime

log = structlog.get_logger()

CAMPAIGNS_MAX = 500
LOOK_FOR_NEW_S = 1.0
PACE_S = 0.5
IDLE_S = 60.0
"""Looked at anyway: a wake-up that got lost is made good."""
COST_FACTOR = 10.0
"""A campaign's task is busy for at most an eleventh of the time."""


async def watch(runtime: Runtime) -> None:
    """Until cancelled."""
    database = runtime.database
    tasks: dict[int, asyncio.Task[None]] = {}
    try:
        while True:
            await _keep_up(database, tasks)
            await database.sleep("campaigns.watch", LOOK_FOR_NEW_S)
    finally:
        await _stop(list(tasks.values()))


async def _keep_up(database: Database, tasks: dict[int, asyncio.Task[None]]) -> None:
    """A task for each that runs, none for the others."""
    try:
        async with database.transaction(read_only=True) as tx:
            running = await store.read_watched(tx, limit=CAMPAIGNS_MAX)
    except (*LOST_CONNECTION, DatabaseError) as error:
        log.info("work.database_lost", topic="campaigns.watch", error=type(error).__name__)
        return
    for number in [number for number, task in tasks.items() if number not in running or task.done()]:
        await _stop([tasks.pop(number)])
    for number, source in running.items():
        if number not in tasks:
            tasks[number] = asyncio.create_task(_follow(database, number, source))


async def _follow(database: Database, number: int, source: SourceId) -> None:
    while True:
        started = time.monotonic()
        with contextlib.suppress(*LOST_CONNECTION, DatabaseError):
            if await look(database, number, source):
                return
        await asyncio.sleep(max(PACE_S, COST_FACTOR * (time.monotonic() - started)))
        await database.sleep(f"source:{source}", IDLE_S)


async def look(database: Database, number: int, source: SourceId) -> bool:
    """Whether it was stopped."""
    async with database.transaction(read_only=True) as tx:
        if not await _is_over(tx, number, source):
            return False
    return await database.repeat(lambda tx: _stop_it(tx, number, source))


async def _is_over(tx: Transaction, number: int, source: SourceId) -> bool:
    campaign = await store.find(tx, str(number))
    if campaign is None:
        return False
    limits = await planning.limits_of(tx, campaign.plan)
    return stops.over(await metrics.totals(tx, [source]), limits, campaign.tolerated, at=tx.now) is not None


async def _stop_it(tx: Transaction, number: int, source: SourceId) -> bool:
    """Once more under its lock: somebody may just have let it go on."""
    campaign = await store.lock(tx, number)
    if campaign is None or campaign.state != "running":
        return False
    limits = await planning.limits_of(tx, campaign.plan)
    found = stops.over(await metrics.totals(tx, [source]), limits, campaign.tolerated, at=tx.now)
    if found is None:
        return False
    await stop(tx, campaign, found)
    log.warning("campaign.stopped", campaign=number, reason=found.reason, share=found.share, limit=found.limit)
    return True


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
