"""The only code that runs campaigns' SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from antiphon.campaigns.records import Campaign, Stage, State
from antiphon.kernel.db import Queries, Row, Transaction
from antiphon.kernel.due import DueTable
from antiphon.kernel.records import FailoverOn, MessageId, SegmentId, SourceId

queries = Queries("campaigns")

CHUNKS = DueTable(
    "campaign_chunk",
    key={"campaign_id": "integer", "stage": "text", "n": "integer"},
    columns=("cursor", "to_id"),
)


async def insert(
    tx: Transaction,
    *,
    name: str,
    message: MessageId,
    segment: SegmentId,
    channels: Sequence[str],
    topic: str,
    pilot_share: float | None,
    failover_on: FailoverOn,
) -> int | None:
    number: int | None = await queries.value(
        tx,
        "insert_campaign",
        name=name,
        message_id=message,
        segment_id=segment,
        channels=list(channels),
        topic=topic,
        pilot_share=pilot_share,
        failover_on=failover_on,
    )
    return number


async def find(tx: Transaction, id_or_name: str) -> Campaign | None:
    number = int(id_or_name) if id_or_name.isdecimal() and len(id_or_name) < 10 else None
    row = await queries.row(tx, "find_campaign", id=number, name=id_or_name)
    return _campaign(row) if row else None


async def lock(tx: Transaction, campaign: int) -> Campaign | None:
    row = await queries.row(tx, "lock_campaign", id=campaign)
    return _campaign(row) if row else None


async def list_all(tx: Transaction, *, limit: int = 200) -> list[Campaign]:
    return [_campaign(row) for row in await queries.rows(tx, "list_campaigns", limit=limit)]


async def write_state(
    tx: Transaction, campaign: int, state: State, *, stage: Stage, source: SourceId | None = None
) -> None:
    await queries.run(tx, "write_state", id=campaign, state=state, stage=stage, source_id=source)


async def reopen(tx: Transaction, sources: Sequence[SourceId]) -> None:
    """The look whether one is done takes its lock: it sees what we open, or we see that it is done."""
    await queries.rows(tx, "hold_by_source", sources=list(sources))
    await queries.run(tx, "reopen", sources=list(sources))


async def insert_chunks(tx: Transaction, campaign: int, stage: Stage, ranges: Sequence[tuple[int, int]]) -> None:
    await queries.run(
        tx,
        "insert_chunks",
        campaign_id=campaign,
        stage=stage,
        ns=list(range(len(ranges))),
        from_ids=[first for first, _ in ranges],
        to_ids=[last for _, last in ranges],
    )
    tx.wake("chunks")


async def write_cursor(tx: Transaction, key: tuple[int, str, int], cursor: int) -> None:
    await queries.run(tx, "write_cursor", campaign_id=key[0], stage=key[1], n=key[2], cursor=cursor)


async def set_chunks_due(tx: Transaction, campaign: int, due_at: datetime | None) -> None:
    await queries.run(tx, "set_chunks_due", campaign_id=campaign, due_at=due_at)
    tx.wake("chunks")


async def read_running(tx: Transaction) -> list[int]:
    return [row["id"] for row in await queries.rows(tx, "read_running")]


async def count_due(tx: Transaction) -> int:
    return int(await queries.value(tx, "count_due"))


def _campaign(row: Row) -> Campaign:
    return Campaign(
        id=row["id"],
        name=row["name"],
        message=MessageId(row["message_id"]),
        segment=SegmentId(row["segment_id"]),
        channels=tuple(row["channels"]),
        topic=row["topic"],
        pilot_share=row["pilot_share"],
        failover_on=row["failover_on"],
        state=row["state"],
        stage=row["stage"],
        source=None if row["source_id"] is None else SourceId(row["source_id"]),
        created_at=row["created_at"],
        launched_at=row["launched_at"],
        ended_at=row["ended_at"],
    )
