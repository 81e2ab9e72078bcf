"""Whom a request is about: `/profiles/{who}/…` and `/people/{who}/…`, where `who` is `kind:value` or `id:number`."""

from __future__ import annotations

from typing import Any

from litestar import Request

from antiphon.kernel.db import Transaction
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


def by(request: Anything) -> str:
    """Who asks, as records name it: `staff:12`, `key:3`."""
    return author_of(request)
