"""What stands behind a public link: the delivery that its token names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import DeliveryId, MessageId, ProfileId
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
