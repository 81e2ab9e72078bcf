"""The SQL of the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from antiphon.access.records import AuditAct, AuditAsked, AuditLine
from antiphon.access.store import queries
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Row, Transaction


async def insert(tx: Transaction, done: AuditAct, *, status: int | None) -> int:
    who = done.who
    return int(
        await queries.value(
            tx,
            "insert_audit",
            at=wall_datetime(),
            actor_kind=who.kind,
            actor_id=who.id,
            actor=who.name,
            act=done.act,
            target=done.target,
            detail=dict(done.detail),
            address=done.address,
            status=status,
            session=who.session,
        )
    )


async def finish(tx: Transaction, id: int, *, status: int) -> None:
    await queries.run(tx, "finish_audit", id=id, status=status)


async def page(tx: Transaction, asked: AuditAsked, *, before: int | None, limit: int) -> Sequence[AuditLine]:
    rows = await queries.rows(
        tx,
        "list_audit",
        before=before,
        actor_kind=asked.kind,
        actor_id=asked.id,
        act=asked.act,
        since=asked.since,
        until=asked.until,
        limit=limit,
    )
    return [_line(row) for row in rows]


async def trim(tx: Transaction, before: datetime, *, limit: int) -> int:
    await queries.run(tx, "allow_trimming_audit", before=before)
    return await queries.run(tx, "trim_audit", before=before, limit=limit)


def _line(row: Row) -> AuditLine:
    detail: Mapping[str, object] = row["detail"]
    return AuditLine(
        id=str(row["id"]),
        at=row["at"],
        actor_kind=row["actor_kind"],
        actor_id=None if row["actor_id"] is None else str(row["actor_id"]),
        actor=row["actor"],
        act=row["act"],
        target=row["target"],
        detail=msgspec.convert(detail, dict[str, str | int | float | bool | None]),
        address=row["address"],
        status=row["status"],
        session=None if row["session_id"] is None else str(row["session_id"]),
    )
