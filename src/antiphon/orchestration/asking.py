"""What people ask of the ledger: who got it, who did not, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import NotificationId, ProfileId, SourceId
from antiphon.kernel.said import again
from antiphon.orchestration import store


class Recipient(Struct, frozen=True):
    """`profile` is the number that it was written for, `person` whom that number leads to by now."""

    notification: str
    profile: str
    person: str
    state: str
    reason: str | None
    channel: str | None
    variant: str
    address: str | None
    delivery_state: str | None
    because: str


class DeliveryView(Struct, frozen=True):
    id: str
    n: int
    channel: str
    address: str
    provider: str
    state: str
    failure: str | None
    code: str | None
    handed_at: datetime | None
    opened_at: datetime | None
    clicked_at: datetime | None


class NotificationView(Struct, frozen=True):
    """`decision` is the newest: what, why, and the runners-up with their scores or reasons.

    `profile` is the number that it was written for, `person` whom that number leads to by now.
    """

    id: str
    profile: str
    person: str
    source: str
    source_kind: str
    state: str
    reason: str | None
    channel: str | None
    variant: str
    created_at: datetime
    expires_at: datetime | None
    decision: dict[str, Any] | None
    deliveries: list[DeliveryView]


async def recipients(
    tx: Transaction,
    source: SourceId,
    *,
    outcome: str | None,
    after: int,
    limit: int,
    reason: str | None = None,
    people: Collection[ProfileId] | None = None,
) -> list[Recipient]:
    """In the order of profile ids, after one; `outcome` is a notification state. `people`: only these."""
    rows = await store.list_recipients(
        tx, source, outcome=outcome, after=after, limit=limit, reason=reason, people=people
    )
    return [
        Recipient(
            notification=str(row["id"]),
            profile=str(row["profile_id"]),
            person=str(row["person"]),
            state=row["state"],
            reason=row["reason"],
            channel=row["channel"],
            variant=row["variant"],
            address=row["address"],
            delivery_state=row["delivery_state"],
            because=again((row["decision"] or {}).get("because", "")),
        )
        for row in rows
    ]


async def show(tx: Transaction, notification: NotificationId) -> NotificationView:
    """Raises NotFound."""
    found = await _views(tx, [notification])
    if not found:
        raise NotFound("There is no notification {notification}.", notification=notification)
    return found[0]


async def why(
    tx: Transaction, profile: ProfileId, *, source: SourceId | None = None, limit: int = 50
) -> list[NotificationView]:
    """What a person was told or not under all their numbers, the newest first."""
    return await _views(tx, await store.read_notifications_of(tx, profile, source=source, limit=limit))


async def _views(tx: Transaction, ids: Sequence[int]) -> list[NotificationView]:
    attempts: dict[int, list[DeliveryView]] = defaultdict(list)
    for row in await store.read_deliveries_of(tx, ids):
        attempts[row["notification_id"]].append(_delivery(row))
    rows = await store.read_notifications(tx, ids)
    return [
        NotificationView(
            id=str(row["id"]),
            profile=str(row["profile_id"]),
            person=str(row["person"]),
            source=row["source_name"],
            source_kind=row["source_kind"],
            state=row["state"],
            reason=row["reason"],
            channel=row["channel"],
            variant=row["variant"],
            created_at=row["created_at"],
            expires_at=row["expires_at"],
            decision=row["decision"] and store.decision_shown(row["decision"]),
            deliveries=attempts[row["id"]],
        )
        for row in sorted(rows, key=lambda row: (row["created_at"], row["id"]), reverse=True)
    ]


def _delivery(row: Row) -> DeliveryView:
    return DeliveryView(
        id=str(row["id"]),
        n=row["n"],
        channel=row["channel"],
        address=row["address"],
        provider=str(row["provider_id"]),
        state=row["state"],
        failure=row["failure"],
        code=row["code"],
        handed_at=row["handed_at"],
        opened_at=row["opened_at"],
        clicked_at=row["clicked_at"],
    )
