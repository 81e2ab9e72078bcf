"""Whom a request is about: `/profiles/{kind}:{value}/…`."""

from __future__ import annotations

from typing import Any

from litestar import Request

from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.paths import segment_after
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import ingest
from antiphon.profiles.identifiers import parse

Anything = Request[Any, Any, Any]


def named(request: Anything) -> Identifier:
    """Raises Invalid where the path names nobody."""
    return parse(segment_after(request, "profiles"))


async def person(tx: Transaction, request: Anything) -> ProfileId:
    """Raises Invalid or NotFound."""
    identifier = named(request)
    found = await ingest.find(tx, [identifier])
    if identifier not in found:
        raise NotFound("There is no such profile.")
    return found[identifier]
