"""The SQL of single sign-on. The row's `secret` seals the client's secret and whether the provider is trusted."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, json

from antiphon.access.records import StaffId
from antiphon.access.roles import Role
from antiphon.access.sso_records import Known, Provider
from antiphon.access.store import queries
from antiphon.access.store_staff import email_key
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.secrets import Secrets, secrets_of


class _Sealed(Struct):
    secret: str
    trusted: bool


async def list_all(tx: Transaction) -> Sequence[Provider]:
    secrets = await secrets_of(tx)
    return [_provider(row, secrets) for row in await queries.rows(tx, "list_sso")]


async def find(tx: Transaction, name: str) -> Provider | None:
    row = await queries.row(tx, "find_sso", sso_name=name)
    return _provider(row, await secrets_of(tx)) if row is not None else None


async def put(tx: Transaction, provider: Provider) -> None:
    clear = json.encode(_Sealed(provider.secret, provider.trusted))
    await queries.run(
        tx,
        "put_sso",
        sso_name=provider.name,
        title=provider.title,
        issuer=provider.issuer,
        client_id=provider.client_id,
        secret=(await secrets_of(tx)).encrypt(clear, use=_use(provider.name)),
        domains=list(provider.domains),
        role=provider.role,
        enabled=provider.enabled,
        second_factor=provider.second_factor,
        acr=list(provider.acr),
    )


async def remove(tx: Transaction, name: str) -> bool:
    return await queries.run(tx, "remove_sso", sso_name=name) > 0


async def find_bound(tx: Transaction, *, issuer: str, subject: str) -> Known | None:
    row = await queries.row(tx, "find_bound", issuer=issuer, subject=subject)
    return Known(StaffId(row["id"]), row["state"]) if row is not None else None


async def lock_by_email(tx: Transaction, email: str, *, issuer: str) -> Known | None:
    """`issuer`: whether this one means them already."""
    row = await queries.row(tx, "lock_by_email", email_key=email_key(email))
    if row is None:
        return None
    is_bound = await queries.value(tx, "is_bound", staff=row["id"], issuer=issuer)
    return Known(StaffId(row["id"]), row["state"], is_bound)


async def bring(tx: Transaction, *, email: str, name: str, role: Role) -> StaffId | None:
    """None when somebody has this address by now."""
    made = await queries.value(
        tx, "insert_brought", email=email, email_key=email_key(email), staff_name=name, role=role
    )
    return StaffId(made) if made is not None else None


async def bind(tx: Transaction, staff: StaffId, *, issuer: str, subject: str) -> bool:
    """False when this subject is somebody by now."""
    return await queries.run(tx, "bind_subject", staff=staff, issuer=issuer, subject=subject) > 0


async def activate(tx: Transaction, staff: StaffId) -> None:
    await queries.run(tx, "activate_invited", staff=staff)


async def unbind(tx: Transaction, staff: StaffId) -> None:
    await queries.run(tx, "unbind_subjects", staff=staff)


async def end_sessions(tx: Transaction, *, issuer: str, subject: str) -> int:
    return await queries.run(tx, "end_sso_sessions", issuer=issuer, subject=subject)


def _provider(row: Row, secrets: Secrets) -> Provider:
    sealed = json.decode(secrets.decrypt(bytes(row["secret"]), use=_use(row["name"])), type=_Sealed)
    return Provider(
        name=row["name"],
        title=row["title"],
        issuer=row["issuer"],
        client_id=row["client_id"],
        secret=sealed.secret,
        domains=tuple(row["domains"]),
        role=row["role"],
        enabled=row["enabled"],
        trusted=sealed.trusted,
        second_factor=row["second_factor"],
        acr=tuple(row["acr"]),
    )


def _use(name: str) -> str:
    return f"sso {name}"
