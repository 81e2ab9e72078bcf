"""Keys of programs over HTTP: listed, made, revoked. A key is shown once, in the answer that makes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon.access import guard, keys
from antiphon.access.records import Key, KeyId, Scope
from antiphon.access.roles import SCOPES_OF_KEYS
from antiphon.kernel.digits import number_in
from antiphon.kernel.errors import Forbidden, NotFound
from antiphon.kernel.http import delete, get, post, principal_of
from antiphon.kernel.permissions import PERMISSIONS, Permission
from antiphon.kernel.principal import Principal
from antiphon.kernel.runtime import Runtime

Anything = Request[Any, Any, Any]  # Litestar's three type parameters say nothing here


class KeyView(Struct):
    """Never the key itself. `made_by` is such as `staff:12` or `command`, `maker` the colleague's name; `used_at` is
    right to within two minutes. `per_second`: requests; null: as many as it likes."""

    id: str
    name: str
    scope: Scope
    permissions: list[Permission]
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    made_by: str
    maker: str | None
    per_second: int | None


class Keys(Struct):
    """The newest first, revoked ones too."""

    keys: list[KeyView]


class NewKey(Struct, forbid_unknown_fields=True):
    """`per_second`: how many requests it may make; more are answered 429. Null: as many as it likes."""

    name: str
    scope: Scope
    per_second: int | None = None


class MadeKey(Struct):
    """`key` is shown only this once."""

    id: str
    key: str


@get("/keys", permission="developer.read")
async def list_all(runtime: NamedDependency[Runtime]) -> Keys:
    async with runtime.database.transaction(read_only=True) as tx:
        return Keys([_view(key) for key in await keys.list_keys(tx)])


@post("/keys", permission="keys.write")
async def create(runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[NewKey]) -> MadeKey:
    """Nobody makes a key that may more than they may themselves; the password, a code or a passkey is asked for."""
    who = principal_of(request)
    _demand_all(who, data.scope)
    guard.demand_fresh(request)
    async with runtime.database.transaction() as tx:
        id, clear = await keys.create_key(tx, data.name, data.scope, made_by=who.by(), per_second=data.per_second)
    return MadeKey(str(id), clear)


@delete("/keys/{key:str}", permission="keys.write", status_code=204)
async def revoke(runtime: NamedDependency[Runtime], key: FromPath[str]) -> None:
    """In force in every process within five seconds."""
    if (number := number_in(key)) is None:
        raise NotFound("There is no such key. A key is named by its id, which GET /api/v1/keys lists.")
    async with runtime.database.transaction() as tx:
        await keys.revoke(tx, KeyId(number))


def _demand_all(who: Principal, scope: Scope) -> None:
    missing = _sorted(SCOPES_OF_KEYS[scope] - {"public"} - who.may)
    if missing:
        raise Forbidden(
            "A key of the scope {scope} may more than you may yourself: {known}. Make one of a narrower scope, or ask"
            " somebody who has these permissions.",
            scope=scope,
            known=", ".join(missing),
        )


def _view(key: Key) -> KeyView:
    return KeyView(
        str(key.id),
        key.name,
        key.scope,
        _sorted(SCOPES_OF_KEYS[key.scope] - {"public"}),
        key.created_at,
        key.used_at,
        key.revoked_at,
        key.made_by,
        key.maker,
        key.per_second,
    )


def _sorted(may: frozenset[Permission]) -> list[Permission]:
    return [permission for permission in PERMISSIONS if permission in may]


routes = [list_all, create, revoke]
