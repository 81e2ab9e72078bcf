"""The SQL of passkeys, and of what was begun at a browser. `at` is wall time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from antiphon.access.records import StaffId
from antiphon.access.store import queries
from antiphon.kernel.db import Row, Transaction


async def begin(tx: Transaction, *, hash: bytes, kind: str, sealed: bytes, at: datetime, ends_at: datetime) -> None:
    await queries.run(tx, "insert_begun", hash=hash, kind=kind, sealed=sealed, at=at, ends_at=ends_at)


async def take(tx: Transaction, *, hash: bytes, kind: str) -> tuple[bytes, datetime] | None:
    """What was sealed, and until when it counted."""
    row = await queries.row(tx, "take_begun", hash=hash, kind=kind)
    return (bytes(row["sealed"]), row["ends_at"]) if row is not None else None


async def sweep_begun(tx: Transaction, *, at: datetime, keep: int) -> None:
    await queries.run(tx, "sweep_begun", at=at, keep=keep)


async def insert(
    tx: Transaction, staff: StaffId, *, id: bytes, name: str, public_key: bytes, sign_count: int, at: datetime
) -> bool:
    """False when this credential is known already."""
    made = await queries.value(
        tx, "insert_passkey", staff=staff, id=id, key_name=name, public_key=public_key, sign_count=sign_count, at=at
    )
    return made is not None


async def find(tx: Transaction, id: bytes) -> Row | None:
    """Locked: id, staff_id, public_key, sign_count, and the colleague's state and staff_name."""
    return await queries.row(tx, "find_passkey", id=id)


async def use(tx: Transaction, id: bytes, *, sign_count: int, at: datetime) -> None:
    await queries.run(tx, "use_passkey", id=id, sign_count=sign_count, at=at)


async def list_of(tx: Transaction, staff: StaffId) -> Sequence[Row]:
    return await queries.rows(tx, "list_passkeys", staff=staff)


async def rename(tx: Transaction, staff: StaffId, id: bytes, *, name: str) -> Row | None:
    return await queries.row(tx, "rename_passkey", staff=staff, id=id, key_name=name)


async def remove(tx: Transaction, staff: StaffId, id: bytes) -> bool:
    return await queries.run(tx, "remove_passkey", staff=staff, id=id) > 0


async def lock_ways_in(tx: Transaction, staff: StaffId) -> Row | None:
    """has_password, passkeys (how many), has_sso; nobody changes them meanwhile."""
    await queries.run(tx, "hold_ways_in", staff=staff)
    return await queries.row(tx, "read_ways_in", staff=staff)
