"""Whom a request is about: `/profiles/{who}/…` and `/people/{who}/…`, where `who` is `kind:value` or `id:number`."""

from __future__ import annotations

from typing import Any

from litestar import Request

from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.paths import segment_after
from antiphon.kernel.principal import Principal
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import ingest, store
from antiphon.profiles.identifiers import parse

Anything = Request[Any, Any, Any]
NUMBER = "id"
_DIGITS_MAX = 18


def named(request: Anything) -> Identifier:
    """A number is told as of kind `id`. Raises Invalid where the path names nobody."""
    part = "people" if "/people/" in request.scope["path"] else "profiles"
    return read(segment_after(request, part))


def read(text: str) -> Identifier:
    """`kind:value`, or a number as `id:123` or by itself. Raises Invalid."""
    number = text.removeprefix(f"{NUMBER}:")
    if number.isascii() and number.isdecimal() and len(number) <= _DIGITS_MAX:
        return Identifier(NUMBER, number)
    return parse(text)


async def person(tx: Transaction, request: Anything) -> ProfileId:
    """Raises Invalid or NotFound."""
    return await find(tx, named(request))


async def find(tx: Transaction, who: Identifier) -> ProfileId:
    """A number leads to whoever it is by now. Raises NotFound."""
    if who.kind == NUMBER:
        live = (await store.ingest.present(tx, [ProfileId(int(who.value))]))[ProfileId(int(who.value))]
        found = {who: live} if await store.listing.rows(tx, [live], []) else {}
    else:
        found = await ingest.find(tx, [who])
    if who not in found:
        raise NotFound("There is no such profile.")
    return found[who]


def by(request: Anything) -> str:
    """Who asks, as records name it: `staff:12`, `key:3`."""
    auth = request.scope.get("auth")
    return auth.by() if isinstance(auth, Principal) else f"key:{auth}"
