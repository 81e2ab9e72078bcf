"""The SQL of second factors and one-time links: each is used up by the statement that finds it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from antiphon.access.records import StaffId
from antiphon.access.store import queries
from antiphon.kernel.db import Transaction

LinkKind = Literal["invitation", "password"]
Demanded = Literal["optional", "admins", "everybody"]


class LinkFor(Struct, frozen=True):
    staff: StaffId
    kind: LinkKind
    email: str
    name: str


async def write_totp(
    tx: Transaction, staff: StaffId, *, sealed: bytes | None, step: int, recovery: Sequence[bytes]
) -> None:
    await queries.run(tx, "write_totp", id=staff, sealed=sealed, step=step, recovery=list(recovery))


async def use_totp_step(tx: Transaction, staff: StaffId, step: int) -> bool:
    return await queries.run(tx, "use_totp_step", id=staff, step=step) > 0


async def write_recovery(tx: Transaction, staff: StaffId, recovery: Sequence[bytes]) -> bool:
    """False for who is asked for no code."""
    return await queries.run(tx, "write_recovery", id=staff, recovery=list(recovery)) > 0


async def use_recovery(tx: Transaction, staff: StaffId, hash: bytes) -> bool:
    return await queries.run(tx, "use_recovery", id=staff, hash=hash) > 0


async def read_rule(tx: Transaction) -> Demanded:
    found: Demanded | None = await queries.value(tx, "read_sign_in_rule")
    return found or "optional"


async def write_rule(tx: Transaction, demanded: Demanded) -> None:
    await queries.run(tx, "write_sign_in_rule", second_factor=demanded)


async def count_lacking(tx: Transaction, admins: Sequence[str]) -> tuple[int, int]:
    """How many of these roles, and how many in all."""
    (row,) = await queries.rows(tx, "count_lacking", admins=list(admins))
    return row["admins"], row["everybody"]


async def insert_link(
    tx: Transaction,
    staff: StaffId,
    kind: LinkKind,
    *,
    hash: bytes,
    made_by: StaffId | None,
    at: datetime,
    ends_at: datetime,
) -> None:
    await queries.run(tx, "insert_link", hash=hash, staff=staff, kind=kind, made_by=made_by, at=at, ends_at=ends_at)


async def find_link(tx: Transaction, hash: bytes, *, at: datetime) -> LinkFor | None:
    row = await queries.row(tx, "find_link", hash=hash, at=at)
    return LinkFor(StaffId(row["id"]), row["kind"], row["email"], row["name"]) if row is not None else None


async def take_link(tx: Transaction, hash: bytes, *, kind: LinkKind, at: datetime) -> StaffId | None:
    found = await queries.value(tx, "take_link", hash=hash, kind=kind, at=at)
    return StaffId(found) if found is not None else None


async def delete_links(tx: Transaction, staff: StaffId) -> None:
    await queries.run(tx, "delete_links", staff=staff)


async def sweep_links(tx: Transaction, *, at: datetime) -> None:
    await queries.run(tx, "sweep_links", at=at)
