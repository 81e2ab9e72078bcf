"""Whom a name means: `kind:value`, or a number, good for ever: one that was merged leads to whom it belongs to."""

from __future__ import annotations

from antiphon.kernel.db import Transaction
from antiphon.kernel.digits import number_in
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import ingest, store
from antiphon.profiles.identifiers import parse
from antiphon.profiles.records import Profile

NUMBER = "id"
"""The kind of a name that is a number of ours. No identifier is of it."""


async def led_to(tx: Transaction, number: ProfileId) -> Profile | None:
    """The person that this number is by now; None where nobody is left."""
    live = (await store.ingest.present(tx, [number]))[number]
    return next(iter(await store.reading.read(tx, [live])), None)


def read_name(text: str) -> Identifier:
    """`kind:value`, or a number as `id:123` or by itself. Raises Invalid."""
    number = text.removeprefix(f"{NUMBER}:")
    if number_in(number) is not None:
        return Identifier(NUMBER, number)
    return parse(text)


async def find_named(tx: Transaction, text: str) -> ProfileId:
    """Raises Invalid or NotFound."""
    return await find_one(tx, read_name(text))


async def find_one(tx: Transaction, who: Identifier) -> ProfileId:
    """As `read_name` tells them. Raises NotFound."""
    if who.kind == NUMBER:
        live = (await store.ingest.present(tx, [ProfileId(int(who.value))]))[ProfileId(int(who.value))]
        found = {who: live} if await store.listing.rows(tx, [live], []) else {}
    else:
        found = await ingest.find(tx, [who])
    if who not in found:
        raise NotFound("Nobody is known as {kind}:{value}.", kind=who.kind, value=who.value)
    return found[who]
