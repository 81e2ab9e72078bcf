"""What handlers about colleagues want to know of a request: who asks, in which session, from which browser."""

from __future__ import annotations

from typing import Any

from litestar import Request

from antiphon.access.browser import client_address, client_words
from antiphon.access.guard import signed_in
from antiphon.access.records import Colleague, Session
from antiphon.access.sessions import demand_proof
from antiphon.access.signing_in import Browser
from antiphon.access.team import Giver

Anything = Request[Any, Any, Any]


def giver(request: Anything) -> Giver:
    return Giver(*signed_in(request))


def proved(request: Anything) -> tuple[Colleague, Session]:
    """Raises ProveAgain unless they have proved lately that it is they."""
    who, session = signed_in(request)
    demand_proof(session)
    return who, session


def browser_of(request: Anything) -> Browser:
    return Browser(client_words(request), client_address(request))
