"""What somebody was told or not, page by page: for a timeline."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.orchestration import asking
from antiphon.orchestration.asking import NotificationView
from antiphon.orchestration.store import story as store


async def told_before(
    tx: Transaction, profile: ProfileId, *, before: tuple[datetime, int], channels: Collection[str] | None, limit: int
) -> list[NotificationView]:
    """Under all their numbers, the newest first; `before` (when it was made, number) is exclusive."""
    ids = await store.read_notifications_before(tx, profile, before=before, channels=channels, limit=limit)
    return await asking._views(tx, ids) if ids else []
