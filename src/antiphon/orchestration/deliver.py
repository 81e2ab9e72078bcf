"""The delivery loop: mark, hand over, record. Two transactions, none open while bytes travel.

The first takes what is due under row locks, renders it, and marks what may leave: a worker that dies in it leaves
nothing behind. A worker that dies after it leaves rows in `sending`; once their lease is over they are taken again and
become `in_doubt`: perhaps sent, and never sent again by itself. Asked to stop, it finishes the round it is in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog
from msgspec import Struct, field

from antiphon import channels
from antiphon.kernel.clock import wall
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import Cleared, DeliveryId, ProfileId, ProviderId, Refused
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import rendering, store
from antiphon.orchestration.handed import doubt, record
from antiphon.orchestration.rendering import Rendered
from antiphon.orchestration.silence import end_of
from antiphon.orchestration.store import delivering

log = structlog.get_logger()

HANDOVER_S = 0.5
"""Bytes leave within this time of the mark, or not at all: an opt-out is never older than that when they do."""

LANES = (0, 1, 2, 3, 4)
URGENT = (0, 1)
SLOT_STALE_S = 60.0
"""A slot that was reserved and not used by then is none any more."""


class Batch(Struct):
    """What one look at the queue came to. `held`: the leases of those that are looked at once more."""

    n: int = 0
    cleared: list[Cleared] = field(default_factory=list)
    going: list[Rendered] = field(default_factory=list)
    broken: list[Rendered] = field(default_factory=list)
    stale: list[DeliveryId] = field(default_factory=list)
    late: list[DeliveryId] = field(default_factory=list)
    refused: list[DeliveryId] = field(default_factory=list)
    held: dict[DeliveryId, int] = field(default_factory=dict)


async def one_round(runtime: Runtime, connections: channels.Connections, provider: ProviderId) -> int | None:
    """How many deliveries it took; None where there are some and the provider has no room for them now."""
    most = connections.batch(provider)
    async with runtime.database.transaction() as tx:
        ready = await delivering.count_ready(tx, provider, LANES, batch=most)
        room = await channels.room(tx, provider, wanted=ready) if ready else 0
        if room:
            await channels.spend(tx, provider, room)
    if not room:
        return None if ready else 0
    return await send_some(runtime, connections, provider, LANES, most=room, spent=room)


async def send_some(
    runtime: Runtime,
    connections: channels.Connections,
    provider: ProviderId,
    lanes: Sequence[int],
    *,
    most: int,
    spent: int = 0,
) -> int:
    """Mark, hand over, record. `spent`: what was taken out of the provider's budget for it; the rest goes back."""
    database = runtime.database

    async def mark(tx: Transaction) -> Batch:
        batch = await _mark(runtime, tx, provider, lanes, most=most)
        if spent > len(batch.cleared):
            await channels.spend(tx, provider, len(batch.cleared) - spent)
        return batch

    batch = await database.repeat(mark)
    if batch.going:
        outgoing = [each.outgoing for each in batch.going if each.outgoing is not None]
        results = await channels.send_many(connections, provider, batch.cleared, outgoing, within_s=HANDOVER_S)
        leases = {mark.delivery: mark.lease for mark in batch.cleared}
        await database.repeat(lambda tx: record(tx, batch.going, leases, results))
    await _settle_aside(runtime, batch)
    return batch.n


async def _mark(runtime: Runtime, tx: Transaction, provider: ProviderId, lanes: Sequence[int], *, most: int) -> Batch:
    """Take what is due, render it, mark what may leave. What must be settled otherwise is held for later."""
    rows = await delivering.take(tx, provider, lanes, batch=most)
    queued = await _with_slots(tx, provider, [row for row in rows if row["state"] == "queued"])
    leases = {DeliveryId(row["id"]): row["lease"] for row in queued}
    found, sources = await rendering.read(tx, list(leases))
    batch = Batch(n=len(rows), stale=[DeliveryId(row["id"]) for row in rows if row["state"] != "queued"])
    batch.late = [DeliveryId(row["id"]) for row in found if _is_late(row, sources, tx)]
    late = set(batch.late)
    rendered = await rendering.render(runtime, tx, [row for row in found if row["id"] not in late], sources)
    batch.broken = [each for each in rendered if each.outgoing is None]
    ready = {DeliveryId(each.row["id"]): each for each in rendered if each.outgoing is not None}
    batch.cleared = await delivering.clear(tx, [(i, leases[i]) for i in ready], wall=wall()) if ready else []
    batch.going = [ready.pop(mark.delivery) for mark in batch.cleared]
    batch.refused = list(ready)
    aside = leases.keys() - {mark.delivery for mark in batch.cleared}  # who was erased this moment is among them
    batch.held = await delivering.hold(tx, [*aside, *batch.stale])
    return batch


async def _with_slots(tx: Transaction, provider: ProviderId, queued: Sequence[Row]) -> list[Row]:
    """Those whose receivers take them now. The others go later, each touched once; the mark asks everything again."""
    fresh = [row for row in queued if not _has_slot(row)]
    waits = await channels.slots(tx, provider, [row["address"] for row in fresh]) if fresh else []
    deferred = {row["id"]: wait for row, wait in zip(fresh, waits, strict=True) if wait > 0}
    await delivering.defer(
        tx,
        [
            (DeliveryId(i), wait, delivering.PACED if wait <= channels.SLOT_AHEAD_S else delivering.BUSY)
            for i, wait in deferred.items()
        ],
    )
    return [row for row in queued if row["id"] not in deferred] if deferred else list(queued)


def _has_slot(row: Row) -> bool:
    return row["code"] == delivering.PACED and row["waited_s"] is not None and row["waited_s"] < SLOT_STALE_S


def _is_late(row: Row, sources: rendering.Sources, tx: Transaction) -> bool:
    end = end_of(sources[row["source_id"]], created_at=row["created_at"], expires_at=row["expires_at"])
    return end is not None and end <= tx.now


async def _settle_aside(runtime: Runtime, batch: Batch) -> None:
    """What was held, apart from the mark: here people are locked, and whoever locks a person may wait for the mark."""
    repeat = runtime.database.repeat
    if batch.broken:
        await repeat(lambda tx: _fail_unrendered(tx, batch.broken, batch.held))
    if batch.late:
        await repeat(lambda tx: withdraw(tx, batch.late, code="its time is over"))
    if batch.refused:
        await repeat(lambda tx: settle_refused(tx, [(i, batch.held[i]) for i in batch.refused]))
    if batch.stale:
        await repeat(lambda tx: doubt(tx, {i: batch.held[i] for i in batch.stale}))


async def clear(tx: Transaction, claimed: Sequence[tuple[DeliveryId, int]]) -> list[Cleared]:
    """Mark what may leave now. What may not is parked (paused), cancelled or decided anew."""
    if not claimed:
        return []
    cleared = await store.clear(tx, claimed, wall=wall())
    if len(cleared) < len(claimed):
        gone = {mark.delivery for mark in cleared}
        await settle_refused(tx, [(i, lease) for i, lease in claimed if i not in gone])
    return cleared


async def settle_refused(tx: Transaction, held: Sequence[tuple[DeliveryId, int]]) -> None:
    leases = dict(held)
    rows = await store.read_refused_marks(tx, list(leases.items()))
    paused = [row["id"] for row in rows if row["source_state"] == "paused"]
    await store.park(tx, [(i, leases[i]) for i in paused])
    await withdraw(tx, [row["id"] for row in rows if row["source_state"] != "paused"])


async def withdraw(tx: Transaction, deliveries: Sequence[DeliveryId], *, code: str = "decided anew") -> None:
    """Take back attempts that have not left; their people are decided anew at once."""
    rows = await store.withdraw(tx, deliveries, state="cancelled", code=code)
    await store.touch_people(tx, [ProfileId(row["profile_id"]) for row in rows])


async def _fail_unrendered(tx: Transaction, broken: Sequence[Rendered], held: Mapping[DeliveryId, int]) -> None:
    """A message that cannot be rendered for this person on this channel: a definite failure, never a hang."""
    marks = await store.clear(tx, [(each.row["id"], held[each.row["id"]]) for each in broken], wall=wall())
    leases = {mark.delivery: mark.lease for mark in marks}
    going = [each for each in broken if each.row["id"] in leases]
    if going:
        await record(tx, going, leases, [Refused("message", "render", each.problem[:200]) for each in going])
