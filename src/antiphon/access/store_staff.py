"""The SQL of colleagues. A record that leaves here holds no hash and no secret, but for `Ways`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from antiphon.access.records import Colleague, StaffId, StaffState, Wishes
from antiphon.access.roles import Role
from antiphon.access.store import queries
from antiphon.kernel.db import Row, Transaction


class Ways(Struct, frozen=True):
    """What somebody signs in with. `password` is a hash, `totp` is sealed; it stays inside this part."""

    password: str | None
    totp: bytes | None
    totp_step: int
    recovery_left: int


class Known(Struct, frozen=True):
    colleague: Colleague
    ways: Ways


class SsoButton(Struct):
    name: str
    title: str


def email_key(email: str) -> str:
    """Nobody has two accounts by writing their address differently."""
    return email.strip().casefold()


async def find(tx: Transaction, staff: StaffId) -> Known | None:
    return _known(await queries.row(tx, "find_staff", id=staff, email_key=None))


async def find_by_email(tx: Transaction, email: str) -> Known | None:
    return _known(await queries.row(tx, "find_staff", id=None, email_key=email_key(email)))


async def lock(tx: Transaction, staff: StaffId) -> Known | None:
    return _known(await queries.row(tx, "lock_staff", id=staff))


async def list_all(tx: Transaction, *, after: StaffId, limit: int) -> Sequence[Colleague]:
    return [_colleague(row) for row in await queries.rows(tx, "list_staff", after=after, limit=limit)]


async def insert(
    tx: Transaction, *, email: str, name: str, role: Role, state: StaffState, at: datetime
) -> StaffId | None:
    """None when somebody has this address already."""
    return await queries.value(  # type: ignore[no-any-return]  # the driver's
        tx, "insert_staff", email=email, email_key=email_key(email), full_name=name, role=role, state=state, at=at
    )


async def lock_first(tx: Transaction) -> None:
    await queries.run(tx, "lock_first")


async def has_active(tx: Transaction) -> bool:
    return bool(await queries.value(tx, "has_active"))


async def write_first(tx: Transaction, *, email: str, name: str, password: str, at: datetime) -> StaffId:
    key = email_key(email)
    values = {"email": email, "email_key": key, "full_name": name, "password": password, "at": at}
    return StaffId(await queries.value(tx, "write_first", **values))


async def write_sample(tx: Transaction, *, email: str, name: str, role: Role, at: datetime) -> StaffId:
    key = email_key(email)
    values = {"email": email, "email_key": key, "full_name": name, "role": role, "at": at}
    return StaffId(await queries.value(tx, "write_sample", **values))


async def write_person(tx: Transaction, staff: StaffId, *, name: str, email: str, wishes: Wishes) -> None:
    key, kept = email_key(email), msgspec.to_builtins(wishes)
    await queries.run(tx, "write_person", id=staff, full_name=name, email=email, email_key=key, wishes=kept)


async def write_role(tx: Transaction, staff: StaffId, role: Role) -> None:
    await queries.run(tx, "write_role", id=staff, role=role)


async def lock_owners(tx: Transaction) -> set[StaffId]:
    return {StaffId(row["id"]) for row in await queries.rows(tx, "lock_owners")}


async def write_password(tx: Transaction, staff: StaffId, hash: str) -> None:
    await queries.run(tx, "write_password", id=staff, password=hash)


async def rehash_password(tx: Transaction, staff: StaffId, hash: str, *, before: str) -> None:
    await queries.run(tx, "rehash_password", id=staff, password=hash, before=before)


async def write_left(tx: Transaction, staff: StaffId) -> None:
    await queries.run(tx, "write_left", id=staff)
    await delete_passkeys(tx, staff)
    await queries.run(tx, "unbind_subjects", staff=staff)


async def delete_passkeys(tx: Transaction, staff: StaffId) -> None:
    await queries.run(tx, "delete_passkeys", id=staff)


async def write_invited(tx: Transaction, staff: StaffId) -> None:
    await queries.run(tx, "write_invited", id=staff)


async def sso_buttons(tx: Transaction) -> list[SsoButton]:
    return [SsoButton(row["name"], row["title"]) for row in await queries.rows(tx, "list_sso_titles")]


def _known(row: Row | None) -> Known | None:
    if row is None:
        return None
    totp = bytes(row["totp"]) if row["totp"] is not None else None
    return Known(_colleague(row), Ways(row["password"], totp, row["totp_step"], len(row["recovery"])))


def _colleague(row: Row) -> Colleague:
    return Colleague(
        id=StaffId(row["id"]),
        email=row["email"],
        name=row["name"],
        role=row["role"],
        state=row["state"],
        created_at=row["created_at"],
        seen_at=row["seen_at"],
        has_password=row["password"] is not None,
        has_totp=row["totp"] is not None,
        passkeys=row["passkeys"],
        wishes=msgspec.convert(row["wishes"], Wishes),
    )
