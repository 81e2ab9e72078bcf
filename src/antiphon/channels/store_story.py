"""What people wrote to us: what came last, and what somebody wrote, page by page."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from antiphon.channels.store import queries
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import directory_bucket


class Written(Struct, frozen=True):
    """`reading`: opt_out, opt_in, help, or None. `delivery`: of ours that it answers. `automatic`: nobody wrote it."""

    id: int
    provider: int
    channel: str
    sender: str
    recipient: str
    subject: str
    text: str
    reading: str | None
    automatic: bool
    delivery: int | None
    at: datetime


async def newest_inbound(tx: Transaction, *, most: int) -> list[Written]:
    """Among the last numbers, and four times as many for as long as they are too few: numbers have gaps."""
    last = await queries.value(tx, "last_inbound")
    window = most
    while True:
        beyond = max(0, (last or 0) - window)
        rows = await queries.rows(tx, "newest_inbound", beyond=beyond, most=most)
        if len(rows) >= most or not beyond:
            return [Written(*row.values()) for row in rows]
        window *= 4


async def written_by(
    tx: Transaction, places: Collection[tuple[str, str]], *, before: tuple[datetime, int], limit: int
) -> list[Written]:
    """From these (channel, address), the newest first; `before` (when, number) is exclusive."""
    known = sorted(set(places))
    if not known:
        return []
    rows = await queries.rows(
        tx,
        "read_inbound_before",
        buckets=[directory_bucket(channel, sender) for channel, sender in known],
        channels=[channel for channel, _ in known],
        senders=[sender for _, sender in known],
        before=before[0],
        before_id=before[1],
        limit=limit,
    )
    return [Written(*row.values()) for row in rows]
