"""A person changed by hand: traits, identifiers, addresses that are not to be written to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.http import patch, post
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.kernel.runtime import Runtime
from antiphon.profiles import asked, editing, identifiers
from antiphon.profiles.consent_records import Scope
from antiphon.profiles.numbers import led_to
from antiphon.profiles.provenance import provenance_of
from antiphon.profiles.traits_told import TraitView, traits_of

Anything = Request[Any, Any, Any]


class TraitsWish(Struct, forbid_unknown_fields=True):
    """Laid over those that are there; null removes one."""

    traits: dict[str, Any]  # Any: JSON


class Traits(Struct):
    traits: list[TraitView]


class IdentifierWish(Struct, forbid_unknown_fields=True):
    """`region`: the country of a national phone number, two letters."""

    kind: str
    value: str
    region: str | None = None


class IdentifierAdded(Struct):
    """`added` is false where the person had it already."""

    kind: str
    value: str
    added: bool


class NewPerson(Struct, forbid_unknown_fields=True):
    """At least one identifier, and what is known beside."""

    identifiers: list[IdentifierWish]
    traits: dict[str, Any] = {}  # Any: JSON


class PersonMade(Struct):
    id: str


class AddressWish(Struct, forbid_unknown_fields=True):
    """`marketing` is about campaigns alone. The reason stands in the ledger, with who asked."""

    channel: str
    value: str
    reason: str
    scope: Scope = "everything"


class AddressState(Struct):
    """`scope`, `how` and `at` are of the opt-out; null where there is none."""

    channel: str
    value: str
    state: str
    opted_out: bool
    scope: Scope | None
    how: str | None
    at: datetime | None


@post("/people", permission="people.write")
async def add_person(runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[NewPerson]) -> PersonMade:
    """By hand. 409 where an identifier is somebody else's."""
    named = [_read(one, f"identifiers[{n}]") for n, one in enumerate(data.identifiers)]
    made = await runtime.database.repeat(lambda tx: editing.make(tx, named, data.traits, by=asked.by(request)))
    return PersonMade(str(made))


@patch("/people/{who:str}/traits", permission="people.write")
async def set_traits(
    runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str], data: JSONBody[TraitsWish]
) -> Traits:
    """As an identify would, with whoever asks as the source."""

    async def work(tx: Transaction) -> Traits:
        profile = await asked.person(tx, request)
        await editing.set_traits(tx, profile, data.traits, by=asked.by(request))
        return Traits(await traits_of(tx, profile))

    return await runtime.database.repeat(work)


@post("/people/{who:str}/identifiers", permission="people.write", status_code=200)
async def add_identifier(
    runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str], data: JSONBody[IdentifierWish]
) -> IdentifierAdded:
    """409 where it is somebody else's, or the rules keep it apart."""
    identifier = identifiers.plain(identifiers.normalise(data.kind, data.value, region=data.region))

    async def work(tx: Transaction) -> IdentifierAdded:
        profile = await asked.person(tx, request)
        added = await editing.add_identifier(tx, profile, identifier, by=asked.by(request))
        return IdentifierAdded(identifier.kind, identifier.value, added)

    return await runtime.database.repeat(work)


@post("/people/{who:str}/suppress", permission="people.write", status_code=200)
async def suppress(
    runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str], data: JSONBody[AddressWish]
) -> AddressState:
    """Nothing is sent to the address any more, also of what is queued, whoever has it."""

    async def work(tx: Transaction) -> AddressState:
        profile = await asked.person(tx, request)
        wish = {"scope": data.scope, "reason": data.reason, "by": asked.by(request)}
        await editing.suppress(tx, profile, data.channel, data.value, **wish)  # type: ignore[arg-type]  # as declared
        return await _state(tx, profile, data)

    return await runtime.database.repeat(work)


@post("/people/{who:str}/restore", permission="people.write", status_code=200)
async def restore(
    runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str], data: JSONBody[AddressWish]
) -> AddressState:
    """Takes an opt-out of the address back, for its owner said so."""

    async def work(tx: Transaction) -> AddressState:
        profile = await asked.person(tx, request)
        wish = {"scope": data.scope, "reason": data.reason, "by": asked.by(request)}
        await editing.restore(tx, profile, data.channel, data.value, **wish)  # type: ignore[arg-type]  # as declared
        return await _state(tx, profile, data)

    return await runtime.database.repeat(work)


def _read(wish: IdentifierWish, at: str) -> Identifier:
    """Raises Invalid with the place."""
    try:
        return identifiers.plain(identifiers.normalise(wish.kind, wish.value, region=wish.region))
    except Invalid as error:
        flaws = [Flaw(f"{at}.{'kind' if one.at == 'kind' else 'value'}", one.message) for one in error.flaws]
        raise Invalid(error.message, flaws=flaws) from error


async def _state(tx: Transaction, id: ProfileId, wish: AddressWish) -> AddressState:
    profile = await led_to(tx, id)
    assert profile is not None
    stored = identifiers.stored_address(wish.channel, wish.value)
    (address,) = [one for one in profile.addresses if (one.channel, one.value) == (wish.channel, stored)]
    out = (await provenance_of(tx, profile)).opt_outs.get((address.channel, address.value))
    return AddressState(
        address.channel,
        address.value,
        address.state,
        opted_out=out is not None,
        scope=out.scope if out else None,
        how=out.how if out else None,
        at=out.at if out else None,
    )


routes = [add_person, set_traits, add_identifier, suppress, restore]
