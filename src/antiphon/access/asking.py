"""Whose request this is, for handlers about colleagues: the guard has let it through, here is who and which session."""

from __future__ import annotations

from typing import Any

from litestar import Request

from antiphon.access import sessions
from antiphon.access.browser import client_address, client_words, session_token
from antiphon.access.records import Colleague, Session
from antiphon.access.signing_in import Browser
from antiphon.access.team import Giver
from antiphon.kernel.errors import Unauthorised
from antiphon.kernel.runtime import Runtime

Anything = Request[Any, Any, Any]


async def signed_in(runtime: Runtime, request: Anything) -> tuple[Colleague, Session]:
    """Raises Unauthorised for a program with a key: this is about somebody's own account."""
    found = await sessions.find_session(runtime.database, session_token(request, runtime))
    if found is None:
        raise Unauthorised("Sign in to the app: this is about your own account.")
    return found


async def giver(runtime: Runtime, request: Anything) -> Giver:
    return Giver(*await signed_in(runtime, request))


def browser_of(request: Anything) -> Browser:
    return Browser(client_words(request), client_address(request))
