"""Sources and their flags."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import (
    MessageId,
    Purpose,
    SourceId,
)
from antiphon.orchestration.records import Source
from antiphon.orchestration.store.base import queries
from antiphon.orchestration.store.people import touch_people
from antiphon.orchestration.terms import NO_TERMS, Terms


async def insert_source(tx: Transaction, source: Source) -> SourceId:
    number = await queries.value(
        tx,
        "insert_source",
        kind=source.kind,
        name=source.name,
        message_id=source.message,
        version=source.version,
        topic=source.topic,
        purpose=source.purpose.value,
        channels=list(source.channels),
        failover_on=source.failover_on,
        silence_s=source.silence_s,
        terms=msgspec.to_builtins(source.terms),
    )
    return SourceId(number)


async def read_sources(tx: Transaction, ids: Collection[int]) -> dict[int, Source]:
    return {row["id"]: _source(row) for row in await queries.rows(tx, "read_sources", ids=list(set(ids)))}


def _source(row: Row) -> Source:
    return Source(
        id=SourceId(row["id"]),
        kind=row["kind"],
        name=row["name"],
        message=MessageId(row["message_id"]),
        version=row["version"],
        topic=row["topic"],
        purpose=Purpose(row["purpose"]),
        channels=tuple(row["channels"]),
        failover_on=row["failover_on"],
        state=row["state"],
        prefer=row["prefer"],
        silence_s=row["silence_s"],
        terms=msgspec.convert(row["terms"], Terms) if row["terms"] else NO_TERMS,
    )


async def lock_paused(tx: Transaction, sources: Sequence[int]) -> set[int]:
    """Those that are paused; until we have committed, they stay so."""
    rows = await queries.rows(tx, "lock_paused", ids=sorted(set(sources))) if sources else []
    return {row["id"] for row in rows}


async def set_state(tx: Transaction, source: SourceId, state: str) -> None:
    await queries.run(tx, "set_source_state", id=source, state=state)


async def resume(tx: Transaction, source: SourceId) -> None:
    await queries.run(tx, "resume_parked", source_id=source)
    await touch_people(tx, [row["profile_id"] for row in await queries.rows(tx, "read_paused", source_id=source)])


async def cancel_open(tx: Transaction, source: SourceId) -> None:
    found = [row["id"] for row in await queries.rows(tx, "lock_open_of_source", source_id=source)]
    await queries.run(tx, "cancel_queued", notifications=found)
    await queries.run(tx, "cancel_open", notifications=found)


async def set_prefer(tx: Transaction, source: SourceId, channel: str | None) -> None:
    await queries.run(tx, "set_source_prefer", id=source, prefer=channel)


async def anything_open(tx: Transaction, source: SourceId) -> bool:
    return bool(await queries.value(tx, "anything_open", source_id=source))
