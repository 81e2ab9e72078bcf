"""Sources and what comes from them: made, told to people, paused, resumed, shifted, cancelled."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon import channels, metrics
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict
from antiphon.kernel.records import Count, FailoverOn, MessageId, ProfileId, Purpose, SourceId
from antiphon.orchestration import recall, store
from antiphon.orchestration.conduct import CRITICAL
from antiphon.orchestration.decide import decide
from antiphon.orchestration.records import Source
from antiphon.orchestration.terms import NO_TERMS, Budget, Terms


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
    terms: Terms = NO_TERMS,
) -> SourceId:
    """Raises Conflict for a campaign of a purpose that passes people's wishes."""
    if kind not in ("api", "system") and purpose in CRITICAL:
        raise Conflict(
            "A message of the purpose {purpose} passes people's wishes, so it is never sent to many; it goes to one"
            " person by /send. Give the message the purpose campaign or transactional.",
            purpose=purpose,
        )
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
        terms=terms,
    )
    number = await store.insert_source(tx, source)
    if terms.budget is not None:
        await store.set_budget(tx, number, terms.budget)
    return number


async def set_budget(tx: Transaction, source: SourceId, amount: float) -> None:
    """More of it is for whoever waits for it; less stops what is decided from now on. Raises Conflict for a source that
    was made without one."""
    await store.lock_budgets(tx, [source])  # of two who set it at once the second sees what the first set
    budget = await store.read_budget(tx, source)
    if budget is None:
        raise Conflict("It was launched without a budget, so what it spends is not counted against one.")
    await store.set_budget(tx, source, amount)
    if amount > budget["amount"]:
        await store.touch_people(tx, await store.read_waiting_for_money(tx, source))
        tx.wake("people")


async def budget(tx: Transaction, source: SourceId) -> Budget | None:
    found = await store.read_budget(tx, source)
    return Budget(found["amount"], found["reserved"]) if found is not None else None


async def notify(tx: Transaction, source: SourceId, people: Sequence[ProfileId], variants: Sequence[str]) -> int:
    """One notification for each, decided at once; who has one of this source already is passed over."""
    found = await store.read_sources(tx, [source])
    fresh = store.Fresh(found[source], dict(zip(people, variants, strict=True)))
    decided = await decide(tx, people, fresh=fresh)
    made = [notification for _, notification, _ in decided if notification.is_new]
    await metrics.add(tx, [Count(source, "", notification.variant, "notified", tx.now, 1) for notification in made])
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
    await recall.want_source(tx, source)
    tx.wake(f"source:{source}")


async def prefer(tx: Transaction, source: SourceId, channel: str | None) -> None:
    """Later decisions of this source put the channel before what people answer most; None: no longer."""
    await store.set_prefer(tx, source, channel)


async def anything_open(tx: Transaction, source: SourceId) -> bool:
    return await store.anything_open(tx, source)


async def backlog(tx: Transaction, *, limit: int) -> int:
    """Deliveries due at providers that are up and not handed over, counted up to `limit`.

    What waits for a provider that is down holds up nobody else.
    """
    up = [provider.id for provider in await channels.providers(tx) if provider.up(wall_datetime())]
    return await store.count_backlog(tx, up, limit=limit)


async def count_due(tx: Transaction) -> int:
    return await store.count_due(tx)
