"""What stands behind a public link: the delivery that its token names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from antiphon.kernel.db import Transaction
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


async def read_linked(tx: Transaction, delivery: int) -> Linked | None:
    row = await store.read_public(tx, DeliveryId(delivery))
    if row is None:
        return None
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
    )
