"""What erasures delete and exports read of what came in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from antiphon.channels.store import queries
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import DeliveryId, directory_bucket

Addresses = Sequence[tuple[str, str]]


def _columns(addresses: Addresses) -> dict[str, list[int] | list[str]]:
    return {
        "buckets": [directory_bucket(channel, value) for channel, value in addresses],
        "channels": [channel for channel, _ in addresses],
        "values": [value for _, value in addresses],
    }


async def delete_inbound(tx: Transaction, addresses: Addresses) -> None:
    await queries.run(tx, "erase_inbound", **_columns(addresses))
    await queries.run(tx, "erase_windows", **_columns(addresses))
    await queries.run(tx, "erase_unmatched", values=sorted({value for _, value in addresses}))


async def delete_provider_messages(tx: Transaction, deliveries: Sequence[DeliveryId]) -> None:
    await queries.run(tx, "erase_provider_messages", deliveries=sorted(deliveries))


def inbound_of(tx: Transaction, addresses: Addresses) -> AsyncIterator[Row]:
    return queries.each(tx, "export_inbound", **_columns(addresses))
