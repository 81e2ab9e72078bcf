"""What people wrote last, for whoever looks for it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from antiphon.channels.store import queries
from antiphon.kernel.db import Transaction


class Written(Struct, frozen=True):
    """`reading`: opt_out, opt_in or help, where it was one. `automatic`: no person wrote it."""

    id: int
    provider: int
    channel: str
    sender: str
    recipient: str
    subject: str
    text: str
    reading: str | None
    automatic: bool
    at: datetime


async def newest_inbound(tx: Transaction, *, most: int) -> list[Written]:
    rows = await queries.rows(tx, "newest_inbound", most=most)
    return [
        Written(
            id=row["id"],
            provider=row["provider_id"],
            channel=row["channel"],
            sender=row["sender"],
            recipient=row["recipient"],
            subject=row["subject"],
            text=row["text"],
            reading=row["reading"],
            automatic=row["automatic"],
            at=row["at"],
        )
        for row in rows
    ]
