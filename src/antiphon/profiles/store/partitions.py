"""Partitions of the events."""

from __future__ import annotations

from datetime import datetime

import structlog

from antiphon.kernel.db import DatabaseError, Transaction
from antiphon.profiles.store.base import queries

log = structlog.get_logger()


async def make_partition(tx: Transaction, name: str, *, start: datetime | None, end: datetime) -> str:
    """A partition of `event`, in a savepoint; empty where it exists or cannot be made now.

    It is built aside and then attached: attaching lets others write to the months that exist.
    """
    if await queries.value(tx, "partition_exists", name=name):
        return ""
    since = "MINVALUE" if start is None else f"'{start.isoformat()}'"
    try:
        async with tx.connection.transaction():
            await tx.rows("SET LOCAL lock_timeout = '200ms'")
            await tx.rows(f"CREATE TABLE {name} (LIKE event INCLUDING ALL)")
            await tx.rows(
                f"ALTER TABLE event ATTACH PARTITION {name} FOR VALUES FROM ({since}) TO ('{end.isoformat()}')"
            )
            await tx.rows("SET LOCAL lock_timeout = DEFAULT")
    except DatabaseError as error:
        log.info("partition.skipped", partition=name, error=type(error).__name__)
        return ""
    return name
