"""The gate of the web process: no request reaches a handler that may not, and no answer leaves without its headers."""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures.headers import MutableScopeHeaders
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard, HTTPResponseStartEvent, Message, Scope

from antiphon import access
from antiphon.kernel.db import LOST_CONNECTION, DatabaseError
from antiphon.kernel.errors import Forbidden, Invalid, NotFound
from antiphon.kernel.permissions import PERMISSIONS, Permission
from antiphon.kernel.principal import Principal
from antiphon.kernel.records import ProfileId
from antiphon.kernel.runtime import Runtime
from antiphon.profiles import asked

log = structlog.get_logger()

ENTERING = "antiphon_entering"
AUDITED = "antiphon_audited"
"""Where the connection's scope keeps the number of its line in the audit log."""
HEADERS = {
    "Content-Security-Policy": access.NOTHING_RUNS,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""Of every answer, unless it says otherwise itself, as pages do."""
API_HEADERS = {**HEADERS, "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"}
DESCRIPTION = "/api/openapi.json"
"""Litestar's own route: the one that cannot name its permission."""


async def permit(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Every route names its permission; one that does not is refused to everybody."""
    permission = handler.opt.get("permission")
    runtime: Runtime | None = connection.app.opt["runtime"]
    if runtime is None or connection.scope["path"] == DESCRIPTION:
        return
    if permission == "public":
        _permit_anybody(connection, runtime)
        connection.scope["state"][ENTERING] = await access.entering(connection, runtime)
        return
    if permission == "sandbox" and not runtime.sandbox:
        raise NotFound("There is no sandbox here; serve with --sandbox.")
    if permission not in PERMISSIONS:
        raise Forbidden()
    who = connection.scope["auth"] = await access.permit(connection, runtime, permission)
    connection.scope["state"][AUDITED] = await _note(connection, runtime, permission, who)


async def _note(
    connection: ASGIConnection[Any, Any, Any, Any], runtime: Runtime, permission: Permission, who: Principal
) -> int | None:
    """The line in the audit log, None where none is kept."""
    if not access.is_audited(permission, str(connection.scope.get("method", ""))):
        return None
    person = await _person(connection, runtime) if "who" in connection.path_params else None
    return await access.record(connection, runtime.database, permission, who, person=person)


async def _person(connection: ASGIConnection[Any, Any, Any, Any], runtime: Runtime) -> ProfileId | None:
    """Whom the path names; None where that is nobody, which the handler will say."""
    if not isinstance(connection, Request):
        return None
    try:
        async with runtime.database.transaction(read_only=True) as tx:
            return await asked.person(tx, connection)
    except (Invalid, NotFound):
        return None


def _permit_anybody(connection: ASGIConnection[Any, Any, Any, Any], runtime: Runtime) -> None:
    """Nobody is asked who they are, but no strange page acts in a colleague's name, and none signs them in as another.

    Outside of the API (one-click unsubscribe, webhooks) it is programs of others that ask.
    """
    if access.is_safe(connection) or not connection.scope["path"].startswith("/api/v1/"):
        return
    if access.session_token(connection, runtime):
        access.demand_our_page(connection, runtime)
    elif not access.comes_from_our_pages(connection, runtime):
        raise Forbidden("This was asked by a page of another site. Open the app at its own address and try again.")


GUARDS: list[Guard] = [permit]


async def answer(message: Message, scope: Scope) -> None:
    """Before an answer leaves: the audit log has how it ended, and a browser is told what not to do with it."""
    if message["type"] != "http.response.start":
        return
    runtime: Runtime | None = scope["litestar_app"].opt["runtime"]
    line = scope["state"].pop(AUDITED, None)
    tried = scope["state"].pop(ENTERING, None)
    if line is not None and runtime is not None:
        await _finish(runtime, line, message["status"])
    if tried is not None and runtime is not None:
        await _entered(runtime, tried, message)
    headers = MutableScopeHeaders(message)
    for name, value in (API_HEADERS if scope["path"].startswith("/api") else HEADERS).items():
        headers.setdefault(name, value)
    if runtime is not None and runtime.is_https:
        headers.setdefault("Strict-Transport-Security", access.HSTS)


async def _entered(runtime: Runtime, tried: access.Entering, message: HTTPResponseStartEvent) -> None:
    cookies = [value.decode("latin-1") for name, value in message["headers"] if name.lower() == b"set-cookie"]
    try:
        await access.entered(runtime, tried, status=message["status"], cookies=cookies)
    except (*LOST_CONNECTION, DatabaseError) as error:
        log.warning("audit.unfinished", line=None, error=type(error).__name__)


async def _finish(runtime: Runtime, line: int, status: int) -> None:
    try:
        await access.finish(runtime.database, line, status=status)
    except (*LOST_CONNECTION, DatabaseError) as error:  # the line stays without an ending, which says just that
        log.warning("audit.unfinished", line=line, error=type(error).__name__)
