"""What retention reads and lets go of the ledger."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from antiphon.kernel.db import Row, Transaction
from antiphon.orchestration.store.base import queries


async def page(tx: Transaction, *, bucket: int, after: int, limit: int) -> list[Row]:
    """id, profile_id, source_id, created_at, kind, over: in the order they were made."""
    return await queries.rows(tx, "page_of_ledger", bucket=bucket, after=after, limit=limit)


async def lock(tx: Transaction, notifications: Sequence[int]) -> tuple[list[int], list[Row]]:
    """Those that are still closed, and their deliveries."""
    rows = await queries.rows(tx, "lock_old_notifications", ids=list(notifications))
    ids = [row["id"] for row in rows]
    return ids, await queries.rows(tx, "erasing_lock_deliveries", notifications=ids)


async def drop_sources(tx: Transaction, sources: Collection[int]) -> None:
    await queries.run(tx, "drop_old_sources", sources=sorted(sources))
