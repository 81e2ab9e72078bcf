"""What waits for a provider that is down or switched off: it takes another way, or its time runs out."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon import channels
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import DeliveryId, ProviderId
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import store
from antiphon.orchestration.deliver import LANES, URGENT, send_some, withdraw
from antiphon.orchestration.handed import doubt
from antiphon.orchestration.prices import may_take_over
from antiphon.orchestration.silence import end_of
from antiphon.orchestration.store import delivering

BATCH = 500
LOOKED_AT = 2_000
"""Of so many that wait, the oldest, it is asked whether their time is over."""


async def work_down(runtime: Runtime, connections: channels.Connections, provider: ProviderId) -> int:
    """A round for a provider that cannot be used now."""
    return (
        await reroute(runtime, provider)
        or await drop_overdue(runtime, provider)
        or await send_some(runtime, connections, provider, URGENT, most=BATCH)
    )


async def reroute(runtime: Runtime, provider: ProviderId) -> int:
    """What waits for a provider that is down takes another of its channel; nothing waits for one switched off.

    Where the other one is dearer, whoever has a budget or a most that one message may cost is decided anew.
    """
    stale: dict[DeliveryId, int] = {}
    orphans: list[DeliveryId] = []
    code = "its provider is switched off"

    async def move(tx: Transaction) -> int:
        nonlocal code
        stale.clear()
        orphans.clear()
        accounts = {each.id: each for each in await channels.providers(tx)}
        this, other = accounts.get(provider), await channels.alternative(tx, provider)
        if this is None or this.up(wall_datetime()) or (this.enabled and other is None):
            return 0
        rows = await delivering.take(tx, provider, LANES, batch=BATCH)
        waiting = [DeliveryId(row["id"]) for row in rows if row["state"] == "queued"]
        left = [DeliveryId(row["id"]) for row in rows if row["state"] != "queued"]
        if other is None:
            orphans.extend(waiting)
        else:
            orphans.extend(await _not_movable(tx, rows, this, accounts[other]))
            code = "its provider is down, and the other one is dearer"
        held = await delivering.hold(tx, left + orphans)
        stale.update((i, held[i]) for i in left)
        if other is not None:
            await delivering.reroute(tx, [each for each in waiting if each not in set(orphans)], provider=other)
            tx.wake("deliveries")
        return len(rows)

    found = await runtime.database.repeat(move)
    if stale:
        await runtime.database.repeat(lambda tx: doubt(tx, stale))
    if orphans:
        await runtime.database.repeat(lambda tx: withdraw(tx, orphans, code=code))
    return found


async def _not_movable(
    tx: Transaction, rows: Sequence[Row], this: channels.Provider, other: channels.Provider
) -> list[DeliveryId]:
    waiting = [row for row in rows if row["state"] == "queued"]
    sources = await store.read_sources(tx, {row["source_id"] for row in waiting}) if waiting else {}
    stays = {number for number, each in sources.items() if not may_take_over(each, this=this, other=other)}
    return [DeliveryId(row["id"]) for row in waiting if row["source_id"] in stays]


async def drop_overdue(runtime: Runtime, provider: ProviderId) -> int:
    """Whose end came while the provider was away is decided anew: nobody is kept waiting for what is worthless."""

    async def drop(tx: Transaction) -> int:
        over = await _overdue(tx, provider, LANES)
        await withdraw(tx, over, code="its time is over")
        return len(over)

    return await runtime.database.repeat(drop)


async def _overdue(tx: Transaction, provider: ProviderId, lanes: Sequence[int]) -> list[DeliveryId]:
    rows = await delivering.read_overdue(tx, provider, lanes, batch=LOOKED_AT)
    sources = await store.read_sources(tx, {row["source_id"] for row in rows}) if rows else {}
    ends = [end_of(sources[r["source_id"]], created_at=r["created_at"], expires_at=r["expires_at"]) for r in rows]
    return [DeliveryId(r["id"]) for r, end in zip(rows, ends, strict=True) if end is not None and end <= tx.now]


async def work_switched_off(runtime: Runtime) -> int:
    """Deliveries of providers that have no loops of their own any more."""
    async with runtime.database.transaction(read_only=True) as tx:
        off = [each.id for each in await channels.providers(tx) if not each.enabled]
    return sum([await reroute(runtime, provider) for provider in off])
