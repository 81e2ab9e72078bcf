"""What erasures lock and delete of the ledger."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId, directory_bucket
from antiphon.orchestration.store.base import queries
from antiphon.orchestration.store.writing import address_key


async def is_leaving(tx: Transaction, people: Sequence[ProfileId]) -> bool:
    return bool(await queries.value(tx, "is_leaving", ids=list(people)))


async def lock_ledger(tx: Transaction, people: Sequence[ProfileId]) -> tuple[list[int], list[Row]]:
    """Person, notification, delivery is the order of locks. The notifications, and the deliveries as rows."""
    await queries.rows(tx, "erasing_lock_people", ids=list(people))
    notifications = [row["id"] for row in await queries.rows(tx, "erasing_lock_notifications", ids=list(people))]
    return notifications, await queries.rows(tx, "erasing_lock_deliveries", notifications=notifications)


async def delete_people(tx: Transaction, people: Sequence[ProfileId]) -> None:
    await queries.run(tx, "erase_people", ids=list(people))


async def delete_keys(tx: Transaction, people: Sequence[ProfileId], deliveries: Sequence[Row]) -> None:
    """Of the directory that holds a source to one message an address."""
    used = sorted({(row["source_id"], row["channel"], row["address"]) for row in deliveries if row["address"]})
    await queries.run(
        tx,
        "erase_source_addresses",
        buckets=[directory_bucket(channel, address) for _, channel, address in used],
        sources=[source for source, _, _ in used],
        keys=[address_key(channel, address) for _, channel, address in used],
        ids=list(people),
    )


async def delete_idempotency(tx: Transaction, notifications: Collection[int]) -> None:
    await queries.run(tx, "erase_idempotency", notifications=sorted(notifications))


async def delete_ledger(tx: Transaction, notifications: Collection[int], deliveries: Collection[int]) -> None:
    await queries.run(tx, "erase_deliveries", deliveries=sorted(deliveries))
    await queries.run(tx, "erase_notifications", notifications=sorted(notifications))


async def anonymise_ledger(tx: Transaction, notifications: Collection[int], deliveries: Collection[int]) -> None:
    await queries.run(tx, "anonymise_deliveries", deliveries=sorted(deliveries))
    await queries.run(tx, "anonymise_notifications", notifications=sorted(notifications))
