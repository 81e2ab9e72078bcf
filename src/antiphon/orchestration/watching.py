"""Listening for signs of life: what was handed over and not heard of in time is expired, its people are decided."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon import channels, metrics
from antiphon.kernel.db import Transaction
from antiphon.kernel.due import Claimed
from antiphon.kernel.records import Count, DeliveryId, ProfileId, ProviderId, SourceId
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import store
from antiphon.orchestration.store import delivering

BATCH = 500
LEASE_S = 60.0


async def work_silence(runtime: Runtime) -> int:
    """One batch of each provider. Returns how many it looked at."""
    async with runtime.database.transaction(read_only=True) as tx:
        known = [each.id for each in await channels.providers(tx)]
        due = await delivering.read_due(tx, known, lane=delivering.SILENCE_LANE)
    return sum([await _work_one(runtime, provider) for provider in due])


async def _work_one(runtime: Runtime, provider: ProviderId) -> int:
    database = runtime.database
    async with database.transaction() as tx:
        claimed = await delivering.SILENT.claim(tx, provider, batch=BATCH, lease_s=LEASE_S)
    if claimed:
        await database.repeat(lambda tx: _expire(tx, claimed))
    return len(claimed)


async def _expire(tx: Transaction, claimed: Sequence[Claimed]) -> None:
    await store.lock_people(tx, sorted({ProfileId(item.row["profile_id"]) for item in claimed}))
    rows = await store.expire(tx, [(DeliveryId(item.key[1]), item.lease) for item in claimed])
    rows = [row for row in rows if row["state"] == "expired"]
    await store.touch_people(tx, [ProfileId(row["profile_id"]) for row in rows])
    await metrics.add(
        tx, [Count(SourceId(r["source_id"]), r["channel"], r["variant"], "expired", tx.now, 1) for r in rows]
    )
