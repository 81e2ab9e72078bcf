"""What handlers about colleagues want to know of a request: who asks, in which session, from which browser."""

from __future__ import annotations

from typing import Any

from litestar import Request

from antiphon.access.browser import client_address, client_words, session_token
from antiphon.access.guard import signed_in
from antiphon.access.records import Colleague, Session
from antiphon.access.sessions import demand_proof, find_session
from antiphon.access.signing_in import Browser
from antiphon.access.team import Giver
from antiphon.kernel.runtime import Runtime

Anything = Request[Any, Any, Any]


def giver(request: Anything) -> Giver:
    return Giver(*signed_in(request))


def proved(request: Anything) -> tuple[Colleague, Session]:
    """Raises ProveAgain unless they have proved lately that it is they."""
    who, session = signed_in(request)
    demand_proof(session)
    return who, session


async def found_in(request: Anything, runtime: Runtime) -> tuple[Colleague, Session] | None:
    """Who is signed in in this browser, or has still to give a code: for routes that no guard stands before."""
    return await find_session(runtime.database, session_token(request, runtime), even_waiting=True)


def browser_of(request: Anything) -> Browser:
    return Browser(client_words(request), client_address(request))
