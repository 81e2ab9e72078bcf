"""The SQL of sessions. `at` is wall time: product time may be held, sessions end all the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from antiphon.access.records import Colleague, Factor, Session, SessionId, StaffId, Wishes
from antiphon.access.store import queries
from antiphon.kernel.db import Row, Transaction


async def insert(tx: Transaction, session: Session, *, hash: bytes) -> SessionId:
    """The id; that of `session` counts for nothing."""
    return SessionId(
        await queries.value(
            tx,
            "insert_session",
            staff=session.staff,
            hash=hash,
            factors=list(session.factors),
            waiting=session.waiting,
            enrolling=session.enrolling,
            client=session.client,
            address=session.address,
            at=session.created_at,
            ends_at=session.ends_at,
            proved_at=session.proved_at,
        )
    )


async def find(tx: Transaction, *, hash: bytes, at: datetime, idle_since: datetime) -> tuple[Colleague, Session] | None:
    row = await queries.row(tx, "find_session", hash=hash, at=at, idle_since=idle_since)
    return (_colleague(row), _session(row)) if row is not None else None


async def see(tx: Transaction, session: SessionId, *, at: datetime, before: datetime) -> None:
    await queries.run(tx, "see_session", id=session, at=at, before=before)


async def prove(tx: Transaction, session: SessionId, factor: Factor, *, at: datetime) -> None:
    await queries.run(tx, "prove_session", id=session, factor=factor, at=at)


async def list_of(
    tx: Transaction, staff: StaffId, *, at: datetime, idle_since: datetime, limit: int
) -> Sequence[Session]:
    rows = await queries.rows(tx, "list_sessions", staff=staff, at=at, idle_since=idle_since, limit=limit)
    return [_session(row) for row in rows]


async def end(tx: Transaction, session: SessionId, staff: StaffId) -> bool:
    """False when they have no such session."""
    return await queries.run(tx, "end_session", id=session, staff=staff) > 0


async def end_all(tx: Transaction, staff: StaffId, *, except_: SessionId | None) -> int:
    return await queries.run(tx, "end_sessions", staff=staff, except_id=except_)


async def end_enrolling(tx: Transaction, staff: StaffId) -> None:
    await queries.run(tx, "end_enrolling", staff=staff)


async def end_oldest(tx: Transaction, staff: StaffId, *, keep: int) -> None:
    await queries.run(tx, "end_oldest_sessions", staff=staff, keep=keep)


async def sweep(tx: Transaction, *, at: datetime, idle_since: datetime) -> None:
    await queries.run(tx, "sweep_sessions", at=at, idle_since=idle_since)


def _session(row: Row) -> Session:
    return Session(
        id=SessionId(row["id"]),
        staff=StaffId(row["staff_id"]),
        factors=tuple(row["factors"]),
        waiting=row["waiting"],
        client=row["client"],
        address=row["address"],
        created_at=row["created_at"],
        seen_at=row["seen_at"],
        ends_at=row["ends_at"],
        proved_at=row["proved_at"],
        enrolling=row["enrolling"],
    )


def _colleague(row: Row) -> Colleague:
    return Colleague(
        id=StaffId(row["staff_id"]),
        email=row["email"],
        name=row["name"],
        role=row["role"],
        state=row["state"],
        created_at=row["staff_created_at"],
        seen_at=row["staff_seen_at"],
        has_password=row["has_password"],
        has_totp=row["has_totp"],
        passkeys=row["passkeys"],
        wishes=msgspec.convert(row["wishes"], Wishes),
    )
