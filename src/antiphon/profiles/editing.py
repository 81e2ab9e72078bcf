"""What a colleague changes about a person by hand: by the same doors as events, and with who did it as the source."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, Flaw, Invalid, NotFound, invalid
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.kernel.said import worded
from antiphon.profiles import consent, ingest, store
from antiphon.profiles.check import flaws
from antiphon.profiles.consent_records import Proof, Scope
from antiphon.profiles.identifiers import stored_address
from antiphon.profiles.records import Fact

METHOD = "agent"
REASON_CHARS_MAX = 500


class IsSomebodyElses(Conflict):
    """The identifier belongs to another person: merge the two, or correct it."""

    code = "identifier_taken"


class Shared(Conflict):
    """The rules do not let this identifier join the person: see `GET /identity`."""

    code = "identifier_apart"


async def set_traits(tx: Transaction, profile: ProfileId, traits: Mapping[str, Any], *, by: str) -> None:
    """Laid over those that are there; None removes. Raises Invalid with places."""
    if not traits:
        raise invalid("traits", "Name at least one.")
    fact = Fact(by, _message_id(), tx.now, (await _strongest(tx, profile),), traits=dict(traits))
    _check(fact)
    await ingest.record(tx, [fact])


async def make(tx: Transaction, identifiers: Sequence[Identifier], traits: Mapping[str, Any], *, by: str) -> ProfileId:
    """Somebody new. Raises Invalid with places, IsSomebodyElses where one of the identifiers is known."""
    if not identifiers:
        raise invalid("identifiers", "Name at least one: an address, a number.")
    known = await ingest.find(tx, identifiers)
    if taken := [
        Flaw(f"identifiers[{n}].value", worded("It is that of the person id:{known}.", known=known[one]))
        for n, one in enumerate(identifiers)
        if one in known
    ]:
        raise IsSomebodyElses(flaws=taken)
    fact = Fact(by, _message_id(), tx.now, tuple(identifiers), traits=dict(traits))
    _check(fact)
    await ingest.record(tx, [fact])
    return (await ingest.find(tx, identifiers))[identifiers[0]]


async def add_identifier(tx: Transaction, profile: ProfileId, identifier: Identifier, *, by: str) -> bool:
    """False where the person had it already. Raises Invalid, IsSomebodyElses, Shared."""
    owner = (await ingest.find(tx, [identifier])).get(identifier)
    if owner is not None and owner != profile:
        raise IsSomebodyElses(flaws=[Flaw("value", worded("It is that of the person id:{owner}.", owner=owner))])
    if owner == profile:
        return False
    fact = Fact(by, _message_id(), tx.now, (await _strongest(tx, profile), identifier))
    _check(fact)
    await ingest.record(tx, [fact])
    if (await ingest.find(tx, [identifier])).get(identifier) != profile:
        raise Shared()
    return True


async def suppress(
    tx: Transaction, profile: ProfileId, channel: str, value: str, *, scope: Scope, reason: str, by: str
) -> None:
    """Nobody writes to the address again, whoever has it. Raises Invalid, NotFound."""
    address = await _address(tx, profile, channel, value)
    await consent.opt_out(tx, channel, [address], how=METHOD, scope=scope, proof=_proof(reason, by))


async def restore(
    tx: Transaction, profile: ProfileId, channel: str, value: str, *, scope: Scope, reason: str, by: str
) -> None:
    """It may be written to again; `marketing` leaves an opt-out of everything. Raises Invalid, NotFound."""
    address = await _address(tx, profile, channel, value)
    await consent.opt_in(tx, channel, [address], how=METHOD, scope=scope, proof=_proof(reason, by))


def _proof(reason: str, by: str) -> Proof:
    """The reason is what was said, in the words of whoever wrote it down."""
    text = reason.strip()
    if not 1 <= len(text) <= REASON_CHARS_MAX:
        raise invalid("reason", "Say why, in 1 to {most} characters: it stands in the ledger.", most=REASON_CHARS_MAX)
    return Proof(METHOD, source=by, wording=text)


async def _address(tx: Transaction, profile: ProfileId, channel: str, value: str) -> str:
    """In its stored form."""
    (person,) = await store.reading.read(tx, [profile])
    channels = {one.channel for one in person.addresses}
    if channel not in channels:
        raise invalid(
            "channel", "The person has addresses on {known}.", known=", ".join(sorted(channels)) or "no channel"
        )
    stored = stored_address(channel, value)
    if not any((one.channel, one.value) == (channel, stored) for one in person.addresses):
        raise NotFound("The person has no such address on this channel.")
    return stored


async def _strongest(tx: Transaction, profile: ProfileId) -> Identifier:
    own = await store.identity.identifiers_of(tx, profile)
    if not own:
        raise NotFound("There is no such profile.")
    return next((one.identifier for one in own if not one.shared), own[0].identifier)


def _check(fact: Fact) -> None:
    if found := flaws(fact):
        raise Invalid("It cannot be stored.", flaws=found)


def _message_id() -> str:
    return f"by-hand:{secrets.token_hex(16)}"
