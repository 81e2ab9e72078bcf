"""Who was told another way after one had failed: the newest first."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from antiphon import channels
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import SourceId
from antiphon.orchestration import store


class Attempted(Struct, frozen=True):
    """An attempt as it stands. `provider` is a name; `failure` and `code` are the evidence, as far as there is any:
    `expired` without them was not heard of in time. `address` is empty for whoever may not read people."""

    channel: str
    address: str
    provider: str
    state: str
    failure: str | None
    code: str | None
    handed_at: datetime | None


class Failover(Struct, frozen=True):
    """`id` is that of the delivery that came `next`. `at`: when it was decided, or else handed over. `outcome`: of the
    notification, by now."""

    id: str
    notification: str
    profile: str
    person: str
    variant: str
    at: datetime | None
    failed: Attempted
    next: Attempted
    outcome: str
    reason: str | None


async def failovers(
    tx: Transaction, source: SourceId, *, addresses: bool, before: int | None = None, limit: int = 50
) -> list[Failover]:
    """`addresses`: whoever asks may know them."""
    rows = await store.read_failovers(tx, source, before=before, limit=limit)
    names = {each.id: each.name for each in await channels.providers(tx)} if rows else {}
    return [
        Failover(
            id=str(row["id"]),
            notification=str(row["notification_id"]),
            profile=str(row["profile_id"]),
            person=str(row["person"]),
            variant=row["variant"],
            at=row["decided_at"] or row["handed_at"],
            failed=Attempted(
                channel=row["failed_channel"],
                address=row["failed_address"] if addresses else "",
                provider=names.get(row["failed_provider"], str(row["failed_provider"])),
                state=row["failed_state"],
                failure=row["failure"],
                code=row["code"],
                handed_at=row["failed_handed_at"],
            ),
            next=Attempted(
                channel=row["channel"],
                address=row["address"] if addresses else "",
                provider=names.get(row["provider_id"], str(row["provider_id"])),
                state=row["state"],
                failure=None,
                code=None,
                handed_at=row["handed_at"],
            ),
            outcome=row["outcome"],
            reason=row["reason"],
        )
        for row in rows
    ]
