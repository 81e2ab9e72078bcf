"""The only code that runs campaigns' SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.campaigns.records import Campaign, Plan, Shifted, Stage, State, Stopped
from antiphon.kernel.db import Queries, Row, Transaction
from antiphon.kernel.digits import INTEGER_MAX, number_in
from antiphon.kernel.due import Claimed, DueTable
from antiphon.kernel.errors import Conflict
from antiphon.kernel.records import FailoverOn, Halted, MessageId, SegmentId, SourceId

queries = Queries("campaigns")

CHUNKS = DueTable(
    "campaign_chunk",
    key={"campaign_id": "integer", "stage": "text", "n": "integer"},
    columns=("cursor", "to_id", "paid_to"),
    where="priority >= $4",
)


class Draft(Struct, frozen=True):
    """All that a draft says, with names resolved."""

    name: str
    message: MessageId
    message_name: str
    segment: SegmentId
    segment_name: str
    channels: tuple[str, ...]
    topic: str
    pilot_share: float | None
    failover_on: FailoverOn
    plan: Plan

    def columns(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "message_id": self.message,
            "message_name": self.message_name,
            "segment_id": self.segment,
            "segment_name": self.segment_name,
            "channels": list(self.channels),
            "topic": self.topic,
            "pilot_share": self.pilot_share,
            "failover_on": self.failover_on,
            "plan": _json(self.plan),
        }


async def insert(tx: Transaction, draft: Draft) -> int:
    """Raises Conflict for a taken name."""
    number: int | None = await queries.value(tx, "insert_campaign", **draft.columns())
    if number is None:
        raise _taken(draft.name)
    return number


async def write_draft(tx: Transaction, campaign: int, draft: Draft) -> None:
    """Raises Conflict for a taken name."""
    if await is_taken(tx, draft.name, but=campaign):
        raise _taken(draft.name)
    await queries.run(tx, "write_draft", id=campaign, **draft.columns())


async def is_taken(tx: Transaction, name: str, *, but: int = 0) -> bool:
    return bool(await queries.value(tx, "is_taken", name=name, id=but))


def _taken(name: str) -> Conflict:
    return Conflict("There is a campaign named {name} already.", name=name)


async def write_plan(tx: Transaction, campaign: int, plan: Plan) -> None:
    await queries.run(tx, "write_plan", id=campaign, plan=_json(plan))


async def find(tx: Transaction, id_or_name: str) -> Campaign | None:
    number = number_in(id_or_name, most=INTEGER_MAX)
    row = await queries.row(tx, "find_campaign", id=number, name=id_or_name)
    return campaign_of(row) if row else None


async def lock(tx: Transaction, campaign: int) -> Campaign | None:
    row = await queries.row(tx, "lock_campaign", id=campaign)
    return campaign_of(row) if row else None


async def list_all(tx: Transaction, *, limit: int = 200) -> list[Campaign]:
    return [campaign_of(row) for row in await queries.rows(tx, "list_campaigns", limit=limit)]


async def write_state(
    tx: Transaction,
    campaign: int,
    state: State,
    *,
    stage: Stage,
    source: SourceId | None = None,
    starts_at: datetime | None = None,
) -> None:
    await queries.run(tx, "write_state", id=campaign, state=state, stage=stage, source_id=source, starts_at=starts_at)


async def write_stopped(
    tx: Transaction, campaign: int, stopped: Stopped | None, *, tolerated: dict[str, float]
) -> None:
    await queries.run(
        tx,
        "write_stopped",
        id=campaign,
        stopped=None if stopped is None else _json(stopped),
        tolerated=_json(tolerated),
    )


async def reopen(tx: Transaction, sources: Sequence[SourceId]) -> None:
    """The look whether one is done takes its lock: it sees what we open, or we see that it is done."""
    await queries.rows(tx, "hold_by_source", sources=list(sources))
    await queries.run(tx, "reopen", sources=list(sources))


async def insert_chunks(
    tx: Transaction, campaign: int, stage: Stage, ranges: Sequence[tuple[int, int]], *, priority: int, due_at: datetime
) -> None:
    await queries.run(
        tx,
        "insert_chunks",
        campaign_id=campaign,
        stage=stage,
        ns=list(range(len(ranges))),
        from_ids=[first for first, _ in ranges],
        to_ids=[last for _, last in ranges],
        priority=priority,
        due_at=due_at,
    )
    tx.wake("chunks")


async def join_chunks(tx: Transaction, campaign: int, stage: Stage, *, paid_to: datetime, due_at: datetime) -> None:
    await queries.run(tx, "join_chunks", campaign_id=campaign, stage=stage, paid_to=paid_to, due_at=due_at)


async def write_walk(
    tx: Transaction, key: tuple[int, str, int], *, cursor: int, paid_to: datetime, due_at: datetime | None
) -> None:
    await queries.run(
        tx,
        "write_walk",
        campaign_id=key[0],
        stage=key[1],
        n=key[2],
        cursor=cursor,
        paid_to=paid_to,
        due_at=due_at,
    )


async def set_chunks_due(tx: Transaction, campaign: int, due_at: datetime | None) -> None:
    await queries.run(tx, "set_chunks_due", campaign_id=campaign, due_at=due_at)
    tx.wake("chunks")


async def wake_chunks(tx: Transaction, campaign: int, *, starts_at: datetime | None) -> None:
    await queries.run(tx, "wake_chunks", campaign_id=campaign, starts_at=starts_at)
    tx.wake("chunks")


async def claim_chunk(tx: Transaction, *, lease_s: float) -> Claimed | None:
    """Of the campaigns that may be walked now, one of the highest priority: it takes scarce places first."""
    first = await queries.value(tx, "read_first")
    if first is None:
        return None
    claimed = await CHUNKS.claim(tx, first, batch=1, lease_s=lease_s)
    return claimed[0] if claimed else None


async def read_running(tx: Transaction) -> list[int]:
    return [row["id"] for row in await queries.rows(tx, "read_running")]


async def read_watched(tx: Transaction, *, limit: int) -> dict[int, SourceId]:
    """Campaign → source."""
    return {row["id"]: SourceId(row["source_id"]) for row in await queries.rows(tx, "read_watched", limit=limit)}


async def insert_halts(tx: Transaction, halted: Sequence[Halted]) -> None:
    await queries.run(
        tx,
        "insert_halts",
        sources=[each.source for each in halted],
        reasons=[each.reason for each in halted],
        because=[each.because for each in halted],
    )


async def read_halts(tx: Transaction) -> list[int]:
    return [row["id"] for row in await queries.rows(tx, "read_halts") if row["id"] is not None]


async def take_halt(tx: Transaction, source: SourceId) -> tuple[str, datetime] | None:
    """Because of what, and since when."""
    row = await queries.row(tx, "take_halt", source_id=source)
    return (row["because"], row["at"]) if row else None


async def count_due(tx: Transaction) -> int:
    return int(await queries.value(tx, "count_due"))


async def bound_statements(tx: Transaction, *, most_s: float) -> None:
    await queries.rows(tx, "bound_statements", most=f"{int(1000 * most_s)}ms")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def campaign_of(row: Row) -> Campaign:
    return Campaign(
        id=row["id"],
        name=row["name"],
        message=MessageId(row["message_id"]),
        message_name=row["message_name"],
        segment=SegmentId(row["segment_id"]),
        segment_name=row["segment_name"],
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
        plan=msgspec.convert(row["plan"], Plan),
        starts_at=row["starts_at"],
        stopped=None if row["stopped"] is None else msgspec.convert(row["stopped"], Stopped),
        tolerated=row["tolerated"],
        shifted=None if row["shifted"] is None else msgspec.convert(row["shifted"], Shifted),
    )
