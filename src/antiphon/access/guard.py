"""The guard of every route: who asks, whether they may, and whether it is one of our own pages that asks for them.

| sent along | who it is | what they may |
|---|---|---|
| `Authorization: Bearer KEY` | a program | what the scope of the key gives |
| the session cookie | a colleague | what their role gives |

A key counts before a cookie, and a key that is wrong is refused, cookie or not. A browser sends the cookie whoever
made it ask; so what changes something must say that one of our pages asked (Fetch metadata or Origin).
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from antiphon.access import keys
from antiphon.access.browser import Connection, comes_from_our_pages, session_token
from antiphon.access.records import Colleague, Session
from antiphon.access.roles import MAY, ROLES, SCOPES_OF_KEYS
from antiphon.access.sessions import demand_proof, find_session
from antiphon.kernel.errors import Forbidden, Unauthorised
from antiphon.kernel.permissions import Permission
from antiphon.kernel.principal import Principal
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.said import spoken, worded

log = structlog.get_logger()

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


async def permit(connection: Connection, runtime: Runtime, permission: Permission) -> Principal:
    """Who asks. Raises Unauthorised for nobody, Forbidden for who may not or asks from a strange page."""
    who = await who_asks(connection, runtime, enrolling=permission == "enrol")
    if who is None:
        raise Unauthorised(
            "Sign in, or send a key: Authorization: Bearer KEY. Make one in the app or with `antiphon keys create`."
        )
    try:
        demand(who, permission)
    except Forbidden:
        log.info("guard.refused", kind=who.kind, id=who.id, permission=permission)
        raise
    return who


async def who_asks(
    connection: Connection, runtime: Runtime, *, counts: bool = True, enrolling: bool = False
) -> Principal | None:
    """None: no key, and no session that is in force. `counts`: whether it keeps a session from ending unused.
    `enrolling`: also who must set up a second factor first.

    Raises Unauthorised for a key that is not valid, Forbidden for a cookie that a strange page made the browser send.
    """
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return await keys.find(runtime.database, key.strip())
    token = session_token(connection, runtime)
    found = await find_session(runtime.database, token, counts=counts, even_waiting=enrolling) if token else None
    if found is None or (found[1].waiting and not found[1].enrolling):
        return None
    demand_our_page(connection, runtime)
    connection.scope["user"] = found
    return principal_of_session(*found)


def signed_in(connection: Connection) -> tuple[Colleague, Session]:
    """In a handler whose permission no key has: the colleague and their session, as the guard found them."""
    found: tuple[Colleague, Session] = connection.scope["user"]
    return found


def demand_fresh(connection: Connection) -> None:
    """Raises ProveAgain where a colleague's session has not been proved of late."""
    demand_proof(signed_in(connection)[1])


def principal_of_session(colleague: Colleague, session: Session) -> Principal:
    return Principal("staff", colleague.id, colleague.name, MAY[colleague.role], session.id)


def is_safe(connection: Connection) -> bool:
    """Whether its method changes nothing (RFC 9110 9.2.1). A socket is not: what is heard over it is for us alone."""
    return connection.scope.get("method") in SAFE_METHODS


def demand_our_page(connection: Connection, runtime: Runtime) -> None:
    """Raises Forbidden where a cookie would change something for a page that does not say that it is ours."""
    if is_safe(connection):
        return
    says = "sec-fetch-site" in connection.headers or "origin" in connection.headers
    if not says or not comes_from_our_pages(connection, runtime):
        log.info("guard.strange_page", path=connection.scope.get("path_template", ""))
        raise Forbidden(
            "This was not asked by a page of this installation. Open the app at its own address and try again; "
            "a program needs a key instead of the cookie."
        )


def demand(who: Principal, permission: Permission) -> None:
    """Raises Forbidden, with the permission and who has it."""
    if permission in who.may:
        return
    if who.kind == "staff":
        holders = [role for role in ROLES if permission in MAY[role]]
        raise Forbidden(
            "This needs the permission {permission}; {roles} Ask an owner to change your role.",
            permission=permission,
            roles=_roles(holders),
        )
    scopes = [scope for scope, may in SCOPES_OF_KEYS.items() if permission in may]
    way_out = (
        worded("send a key of the scope {scope}.", scope=scopes[0])
        if scopes
        else worded("no key has it: sign in to the app.")
    )
    raise Forbidden(
        "This key may not do this. It needs the permission {permission}; {way_out}",
        permission=permission,
        way_out=way_out,
    )


def _roles(holders: Sequence[str]) -> str:
    if len(holders) == 1:
        return worded("the role {role} has it.", role=worded(holders[0]))
    *most, last = (spoken(role) for role in holders)
    return worded("the roles {most} and {last} have it.", most=", ".join(most), last=last)
