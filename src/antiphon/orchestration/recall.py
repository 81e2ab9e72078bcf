"""Asking back what was handed over and is not needed any more, where the channel can.

Wanted when a notification turned out delivered while another attempt of it is on its way, and when a campaign is
cancelled. It is a due row in a lane of its own (8), worked by whoever is connected to the provider. What could be
stopped becomes `failed`, class `policy`, code `recalled`: a state of what had left, unlike `cancelled`. What could not
stays as it is.

| log event | when | fields |
|---|---|---|
| `delivery.recalled` | a provider was asked to take messages back | `provider`, `asked`, `done` |
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from antiphon import channels
from antiphon.kernel import outlet
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.due import Claimed
from antiphon.kernel.records import DeliveryId, ProviderId, Receipt, SourceId
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import store
from antiphon.orchestration.handed import watch_of
from antiphon.orchestration.records import Attempt, Source
from antiphon.orchestration.store import delivering

log = structlog.get_logger()

WITHIN = timedelta(days=1)
"""After that it has arrived or never will: nobody is asked any more."""

BATCH = 50
LEASE_S = 60.0
RECALLED = "recalled"


async def want(tx: Transaction, attempts: Sequence[Attempt]) -> None:
    """Their notifications have been delivered by another attempt."""
    if attempts:
        able = set(await channels.recallable(tx))
        await delivering.want_back(tx, [attempt.id for attempt in attempts if attempt.provider in able])
        tx.wake("recalls")


async def want_source(tx: Transaction, source: SourceId) -> None:
    """It was cancelled: what of it is on its way."""
    able = await channels.recallable(tx)
    if able:
        await delivering.want_source_back(tx, source, able, since=tx.now - WITHIN)
        tx.wake("recalls")


async def work_recalls(runtime: Runtime, connections: channels.Connections) -> int:
    """Ask for one batch of each provider. Returns how many it looked at."""
    async with runtime.database.transaction(read_only=True) as tx:
        able = await channels.recallable(tx)
        wanted = await delivering.read_due(tx, able, lane=delivering.RECALL_LANE) if able else []
    return sum([await _ask(runtime, connections, provider) for provider in wanted])


async def _ask(runtime: Runtime, connections: channels.Connections, provider: ProviderId) -> int:
    """While it cannot be asked, the rows wait for the end of their lease."""
    database = runtime.database
    async with database.transaction() as tx:
        claimed = await delivering.RECALLS.claim(tx, provider, batch=BATCH, lease_s=LEASE_S)
        fresh = [item for item in claimed if _is_fresh(item.row, tx.now)]
        addresses = [(DeliveryId(item.key[1]), item.row["address"]) for item in fresh]
        sent = await channels.to_recall(tx, runtime.signer, addresses) if fresh else []
        is_enabled = any(each.id == provider and each.enabled for each in await channels.providers(tx))
    answers = await channels.recall(connections, provider, sent) if sent and is_enabled else [False] * len(sent)
    if answers is None:
        return 0
    done = {each.delivery for each, is_done in zip(sent, answers, strict=True) if is_done}
    await database.repeat(lambda tx: _settle(tx, claimed, done))
    if claimed:
        log.info("delivery.recalled", provider=provider, asked=len(sent), done=len(done))
    return len(claimed)


def _is_fresh(row: Row, now: datetime) -> bool:
    return row["state"] in ("accepted", "sent") and row["handed_at"] is not None and row["handed_at"] > now - WITHIN


async def _settle(tx: Transaction, claimed: Sequence[Claimed], done: set[DeliveryId]) -> None:
    leases = {DeliveryId(item.key[1]): item.lease for item in claimed}
    rows = await store.lock_deliveries(tx, list(leases))
    sources = await store.read_sources(tx, {row["source_id"] for row in rows})
    learned = {each.id: each.silence_s for each in await channels.providers(tx)}
    due = [_next_look(row, sources[row["source_id"]], learned.get(row["provider_id"])) for row in rows]
    await delivering.settle_recalls(tx, [(DeliveryId(row["id"]), leases[row["id"]]) for row in rows], due)
    await outlet.publish(
        tx, [Receipt("failed", tx.now, delivery=i, failure="policy", code=RECALLED) for i in sorted(done)]
    )


def _next_look(row: Row, source: Source, learned_s: float | None) -> datetime | None:
    """When its silence would have meant something, had nobody asked for it."""
    handed_at = row["handed_at"]
    if row["notification_state"] != "open" or row["state"] not in ("accepted", "sent") or handed_at is None:
        return None
    watch_s = watch_of(source, row, learned_s=learned_s, now=handed_at)
    return handed_at + timedelta(seconds=watch_s) if watch_s is not None else None
