"""Whom a request is about: `/profiles/{who}/…` and `/people/{who}/…`, where `who` is `kind:value` or `id:number`."""

from __future__ import annotations

from typing import Any

from litestar import Request

from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Invalid, NotFound
from antiphon.kernel.http import author_of
from antiphon.kernel.paths import segment_after
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles.numbers import find_one, read_name

Anything = Request[Any, Any, Any]


def named(request: Anything) -> Identifier:
    """A number is told as of kind `id`. Raises Invalid where the path names nobody."""
    part = "people" if "/people/" in request.scope["path"] else "profiles"
    return read_name(segment_after(request, part))


async def person(tx: Transaction, request: Anything) -> ProfileId:
    """Raises Invalid or NotFound."""
    return await find_one(tx, named(request))


async def number(database: Database, request: Anything) -> ProfileId | None:
    """Of whom the path names; None where that is nobody."""
    try:
        async with database.transaction(read_only=True) as tx:
            return await person(tx, request)
    except (Invalid, NotFound):
        return None


def by(request: Anything) -> str:
    """Who asks, as records name it: `staff:12`, `key:3`."""
    return author_of(request)
