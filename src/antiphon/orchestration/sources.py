"""Sources and what comes from them: made, told to people, paused, resumed, shifted, cancelled."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon import metrics
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Count, FailoverOn, MessageId, ProfileId, Purpose, SourceId
from antiphon.orchestration import store
from antiphon.orchestration.decide import decide
from antiphon.orchestration.records import Source


async def make_source(
    tx: Transaction,
    *,
    kind: str,
    name: str,
    message: MessageId,
    version: int,
    topic: str,
    purpose: Purpose,
    channels: Sequence[str],
    failover_on: FailoverOn,
) -> SourceId:
    source = Source(
        id=SourceId(0),
        kind=kind,
        name=name,
        message=message,
        version=version,
        topic=topic,
        purpose=purpose,
        channels=tuple(channels),
        failover_on=failover_on,
        state="running",
    )
    return await store.insert_source(tx, source)


async def notify(tx: Transaction, source: SourceId, people: Sequence[ProfileId], variants: Sequence[str]) -> int:
    """One notification for each, decided at once; who has one of this source already is passed over."""
    made = await store.insert_notifications(tx, source, people, variants)
    variant_of = dict(zip(people, variants, strict=True))
    await metrics.add(tx, [Count(source, "", variant_of[profile], "notified", tx.now, 1) for _, profile in made])
    await decide(tx, [profile for _, profile in made])
    return len(made)


async def pause(tx: Transaction, source: SourceId) -> None:
    """Whatever is not marked when this commits does not leave: every mark reads the flag."""
    await store.set_state(tx, source, "paused")
    tx.wake(f"source:{source}")


async def resume(tx: Transaction, source: SourceId) -> None:
    await store.set_state(tx, source, "running")
    await store.resume(tx, source)
    tx.wake(f"source:{source}")
    tx.wake("deliveries")
    tx.wake("people")


async def cancel(tx: Transaction, source: SourceId) -> None:
    await store.set_state(tx, source, "cancelled")
    await store.cancel_open(tx, source)
    tx.wake(f"source:{source}")


async def prefer(tx: Transaction, source: SourceId, channel: str) -> None:
    """Later decisions of this source put the channel before what people answer most."""
    await store.set_prefer(tx, source, channel)


async def anything_open(tx: Transaction, source: SourceId) -> bool:
    return await store.anything_open(tx, source)


async def backlog(tx: Transaction, *, limit: int) -> int:
    """Deliveries due and not handed over, counted up to `limit`."""
    return await store.count_backlog(tx, limit=limit)


async def count_due(tx: Transaction) -> int:
    return await store.count_due(tx)
