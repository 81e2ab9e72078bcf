"""SQL of what was done with a campaign, and of taking it back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from antiphon.campaigns.records import Shifted, Stage
from antiphon.campaigns.store import queries
from antiphon.kernel.db import Row, Transaction


async def note(tx: Transaction, campaign: int, what: str, **details: Any) -> None:  # Any: whatever JSON tells of it
    said = msgspec.json.encode({name: value for name, value in details.items() if value is not None}).decode()
    await queries.run(tx, "insert_step", campaign_id=campaign, what=what, details=said)


async def read(tx: Transaction, campaign: int, *, before: int | None, limit: int) -> list[Row]:
    return await queries.rows(tx, "read_steps", campaign_id=campaign, before=before, limit=limit)


async def write_draft_again(tx: Transaction, campaign: int) -> None:
    await queries.run(tx, "write_draft_again", id=campaign)


async def delete_chunks(tx: Transaction, campaign: int, *, stage: Stage | None = None) -> None:
    await queries.run(tx, "delete_chunks", campaign_id=campaign, stage=stage)


async def hold_chunks(tx: Transaction, campaign: int, *, until: datetime) -> None:
    await queries.run(tx, "hold_chunks", campaign_id=campaign, until=until)
    tx.wake("chunks")


async def read_unwalked(tx: Transaction, campaign: int) -> list[tuple[int, int]]:
    """The ranges of profile ids that are still to come: from, and to (exclusive)."""
    rows = await queries.rows(tx, "read_unwalked", campaign_id=campaign)
    return [(row["cursor"], row["to_id"]) for row in rows]


async def write_shifted(tx: Transaction, campaign: int, shifted: Shifted | None) -> None:
    said = None if shifted is None else msgspec.json.encode(shifted).decode()
    await queries.run(tx, "write_shifted", id=campaign, shifted=said)
