"""Notifications that a program asked for, each once by its key."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import NotificationId, ProfileId, Purpose, SourceId, bucket_of, directory_bucket
from antiphon.orchestration.store.base import queries


async def read_idempotent(tx: Transaction, key: str) -> NotificationId | None:
    number = await queries.value(tx, "read_idempotent", bucket=directory_bucket(key), key=key)
    return None if number is None else NotificationId(number)


async def take_key(tx: Transaction, key: str, notification: NotificationId) -> bool:
    """Whether it was free. A rival that has not committed yet is waited for."""
    taken = await queries.value(
        tx, "insert_idempotent", bucket=directory_bucket(key), key=key, notification_id=notification
    )
    return taken is not None


async def new_notification_id(tx: Transaction, profile: ProfileId) -> NotificationId:
    return NotificationId(await queries.value(tx, "new_notification_id", bucket=bucket_of(profile)))


async def count_critical(tx: Transaction, person: ProfileId, purposes: Collection[Purpose], *, since: datetime) -> int:
    names = sorted(purpose.value for purpose in purposes)
    return int(await queries.value(tx, "count_critical", profile_id=person, purposes=names, since=since))


async def insert_api_notification(
    tx: Transaction,
    number: NotificationId,
    source: SourceId,
    profile: ProfileId,
    *,
    expires_at: datetime | None,
    variables: Mapping[str, Any] | None,
) -> None:
    await queries.run(
        tx,
        "insert_api_notification",
        bucket=bucket_of(profile),
        id=number,
        profile_id=profile,
        source_id=source,
        expires_at=expires_at,
        variables=variables,
    )
