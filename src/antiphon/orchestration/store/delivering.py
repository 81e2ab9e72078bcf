"""What the delivery loop and receipts write."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import (
    Cleared,
    DeliveryId,
    ProfileId,
    ProviderId,
)
from antiphon.orchestration.store.base import queries
from antiphon.orchestration.store.people import in_order, lock_people


async def clear(tx: Transaction, claimed: Sequence[tuple[DeliveryId, int]], *, wall: float) -> list[Cleared]:
    rows = await queries.rows(tx, "clear", ids=[i for i, _ in claimed], leases=[lease for _, lease in claimed])
    return [Cleared(row["id"], row["lease"], ProviderId(row["provider_id"]), wall) for row in rows]


async def read_refused_marks(tx: Transaction, claimed: Sequence[tuple[DeliveryId, int]]) -> list[Row]:
    ids, leases = [i for i, _ in claimed], [lease for _, lease in claimed]
    return await queries.rows(tx, "read_refused_marks", ids=ids, leases=leases)


async def park(tx: Transaction, claimed: Sequence[tuple[DeliveryId, int]]) -> None:
    await queries.run(tx, "park", ids=[i for i, _ in claimed], leases=[lease for _, lease in claimed])


async def reroute(tx: Transaction, claimed: Sequence[tuple[DeliveryId, int]], *, provider: ProviderId) -> None:
    ids, leases = [i for i, _ in claimed], [lease for _, lease in claimed]
    await queries.run(tx, "reroute", ids=ids, leases=leases, provider_id=provider)


async def withdraw(tx: Transaction, deliveries: Sequence[DeliveryId], *, state: str, code: str) -> list[Row]:
    return await queries.rows(tx, "withdraw", ids=list(deliveries), state=state, code=code)


async def read_queued_of_people(tx: Transaction, people: Collection[ProfileId]) -> list[Row]:
    return await queries.rows(tx, "read_queued_of_people", profiles=in_order(people))


async def read_for_render(tx: Transaction, deliveries: Sequence[DeliveryId]) -> list[Row]:
    return await queries.rows(tx, "read_for_render", ids=list(deliveries))


async def record(tx: Transaction, columns: Mapping[str, Sequence[Any]]) -> list[Row]:
    return await queries.rows(tx, "record", **{name: list(values) for name, values in columns.items()})


async def doubt(
    tx: Transaction, claimed: Sequence[tuple[DeliveryId, int]], watch_s: Sequence[float | None]
) -> list[Row]:
    ids, leases = [i for i, _ in claimed], [lease for _, lease in claimed]
    return await queries.rows(tx, "doubt", ids=ids, leases=leases, watch_s=list(watch_s))


async def expire(tx: Transaction, claimed: Sequence[tuple[DeliveryId, int]]) -> list[Row]:
    return await queries.rows(tx, "expire", ids=[i for i, _ in claimed], leases=[lease for _, lease in claimed])


async def hand_over_notifications(tx: Transaction, notifications: Sequence[int]) -> None:
    if notifications:
        await queries.run(tx, "hand_over_notifications", notifications=sorted(notifications))


async def lock_deliveries(tx: Transaction, deliveries: Sequence[DeliveryId]) -> list[Row]:
    """Their people first: a decision under way must not miss what a receipt says of an older attempt."""
    await lock_people(tx, [row["profile_id"] for row in await queries.rows(tx, "read_people_of", ids=list(deliveries))])
    return await queries.rows(tx, "lock_deliveries", ids=list(deliveries))


async def write_folded(tx: Transaction, columns: Mapping[str, Sequence[Any]]) -> None:
    await queries.run(tx, "write_folded", **{name: list(values) for name, values in columns.items()})


async def write_outcomes(tx: Transaction, outcomes: Sequence[tuple[int, str, str | None]]) -> None:
    if outcomes:
        await queries.run(
            tx,
            "write_outcomes",
            notifications=[n for n, _, _ in outcomes],
            states=[state for _, state, _ in outcomes],
            reasons=[reason for *_, reason in outcomes],
        )
