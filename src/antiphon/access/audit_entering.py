"""Lines of the audit log about coming in and going out, for which no guard knows who asks.

Written when the answer is known: whoever has a session then, or had one before, else nobody. Strangers cannot fill the
log: of what nobody succeeded in, a process keeps so many lines a minute, and nothing of what was not understood.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie

from msgspec import Struct

from antiphon.access import audit
from antiphon.access.browser import Connection, client_address, cookie_name, session_token
from antiphon.access.guard import is_safe
from antiphon.access.records import Detail
from antiphon.access.sessions import find_session
from antiphon.kernel.principal import Principal
from antiphon.kernel.runtime import Runtime

REFUSED_PER_MINUTE = 120
_LOOKS = ("/links/look", "/password/forgot", "/session/passkey/options", "/sandbox/clock")
_COMES_BACK = "/sso/{name}/callback"
_TOLD_OF = frozenset({401, 403})


class Entering(Struct, frozen=True):
    """Somebody is about to come in or to go out. `before`: who they are in this browser until then."""

    act: str
    before: Principal | None
    detail: Detail
    address: str


async def entering(connection: Connection, runtime: Runtime) -> Entering | None:
    """None for what only looks, and for what customers and providers do."""
    template = connection.scope["path_template"]
    ours = template.startswith("/api/v1/") and not is_safe(connection) and not template.endswith(_LOOKS)
    if not ours and template != _COMES_BACK:
        return None
    body = await audit.body_of(connection)
    return Entering(
        audit.act_of(str(connection.scope.get("method")), template, connection.path_params),
        await _who(runtime, session_token(connection, runtime)),
        audit.detail_of("self", body, ()),
        client_address(connection),
    )


async def entered(runtime: Runtime, tried: Entering, *, status: int, cookies: Iterable[str]) -> None:
    """`cookies`: the Set-Cookie headers of the answer."""
    now = await _who(runtime, _token(cookies, cookie_name(runtime)))
    who = now or tried.before
    if status >= 400 and (status not in _TOLD_OF or not _may_tell()):
        return
    await audit.note(
        runtime.database, tried.act, who=who or audit.NOBODY, detail=tried.detail, address=tried.address, status=status
    )


async def _who(runtime: Runtime, token: str) -> Principal | None:
    found = await find_session(runtime.database, token, even_waiting=True, counts=False) if token else None
    return Principal("staff", found[0].id, found[0].name, frozenset(), found[1].id) if found is not None else None


def _token(cookies: Iterable[str], name: str) -> str:
    for cookie in cookies:
        try:
            if morsel := SimpleCookie(cookie).get(name):
                return morsel.value
        except CookieError:
            continue
    return ""


_told: list[float] = []


def _may_tell() -> bool:
    now = time.monotonic()
    _told[:] = [at for at in _told if at > now - 60][-REFUSED_PER_MINUTE:]
    if len(_told) >= REFUSED_PER_MINUTE:
        return False
    _told.append(now)
    return True
