"""What stands behind a public link: the delivery that its token names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import DeliveryId, MessageId, ProfileId, SourceId
from antiphon.orchestration import store


class Linked(Struct, frozen=True):
    delivery: DeliveryId
    profile: ProfileId
    channel: str
    address: str
    topic: str
    message: MessageId
    version: int
    variant: str
    handed_at: datetime | None
    traits: Mapping[str, Any]
    variables: Mapping[str, Any]
    accounts: Sequence[Mapping[str, Any]] = ()


class Visited(Struct, frozen=True):
    """What visits to a delivery have to go by, and count for. `done`: nothing new can be learned of who clicked."""

    delivery: DeliveryId
    source: SourceId
    channel: str
    variant: str
    handed_at: datetime | None
    opened: bool
    clicked: bool
    done: bool


async def read_visited(tx: Transaction, deliveries: Collection[DeliveryId]) -> dict[DeliveryId, Visited]:
    """Those that there are not are left out."""
    rows = await store.read_visited(tx, sorted(deliveries))
    return {
        row["id"]: Visited(
            row["id"],
            SourceId(row["source_id"]),
            row["channel"],
            row["variant"],
            row["handed_at"],
            opened=row["opened_at"] is not None,
            clicked=row["clicked_at"] is not None,
            done=row["clicked_at"] is not None and row["machine_clicked"],
        )
        for row in rows
    }


async def read_linked(tx: Transaction, deliveries: Collection[int]) -> dict[int, Linked]:
    """By delivery; those that there are not are left out."""
    rows = await store.read_public(tx, [DeliveryId(delivery) for delivery in deliveries])
    return {row["id"]: _linked(row) for row in rows}


def _linked(row: Row) -> Linked:
    return Linked(
        delivery=DeliveryId(row["id"]),
        profile=ProfileId(row["profile_id"]),
        channel=row["channel"],
        address=row["address"],
        topic=row["topic"],
        message=MessageId(row["message_id"]),
        version=row["version"],
        variant=row["variant"],
        handed_at=row["handed_at"],
        traits=row["traits"],
        variables=row["variables"] or {},
        accounts=row["accounts"] or (),
    )
