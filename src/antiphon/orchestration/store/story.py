"""What somebody was told, page by page."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.orchestration.store.base import queries
from antiphon.orchestration.store.people import numbers_of, people_of


async def read_notifications_before(
    tx: Transaction, profile: ProfileId, *, before: tuple[datetime, int], channels: Collection[str] | None, limit: int
) -> list[int]:
    """Over all numbers of the person."""
    person = (await people_of(tx, [profile]))[profile]
    rows = await queries.rows(
        tx,
        "read_notifications_before",
        profiles=(await numbers_of(tx, [person]))[person],
        before=before[0],
        before_id=before[1],
        channels=None if channels is None else list(channels),
        limit=limit,
    )
    return [row["id"] for row in rows]
