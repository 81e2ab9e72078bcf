"""Who holds a link: the person behind its token, by whatever number they go now, and the address it was sent to.

A preference token holds one number, a delivery, or two: a profile and the digest of one of its addresses (0: none).
Either leads to the person that the number belongs to today, also after a merge.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b

from msgspec import Struct

from antiphon import orchestration, profiles
from antiphon.content import PREFERENCES
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import ProfileId
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.tokens import BadToken

Place = tuple[str, str]
"""Channel and address."""


class Visitor(Struct, frozen=True):
    """Who asks, as far as we are told. `ip` is the peer's, or what a trusted proxy said (uvicorn's rule)."""

    locale: str
    ip: str = ""
    user_agent: str = ""

    def proof(self, wording: str, *, method: str = "page", source: str = "") -> profiles.Proof:
        """`wording` is exactly what was read."""
        return profiles.Proof(
            method=method,
            source=source,
            wording=wording,
            wording_version=blake2b(wording.encode(), digest_size=8).hexdigest() if wording else "",
            language=self.locale,
            ip=self.ip,
            user_agent=self.user_agent,
        )


class Bearer(Struct, frozen=True):
    """`sent_to` is set when the link came in a message: then whoever holds it reads what arrives there."""

    person: profiles.Profile
    topic: str = ""
    place: Place | None = None
    sent_to: Place | None = None
    sent_at: datetime | None = None


async def bearer(tx: Transaction, runtime: Runtime, token: str) -> Bearer:
    """Raises BadToken and NotFound."""
    numbers = runtime.signer.read(PREFERENCES, token)
    if len(numbers) == 1:
        return await _of_delivery(tx, numbers[0])
    if len(numbers) == 2:
        return await _of_profile(tx, *numbers)
    raise BadToken()


def link(runtime: Runtime, profile: ProfileId, place: Place | None) -> str:
    """The way to the preference centre for somebody who got no message."""
    return f"{runtime.base_url}/p/{runtime.signer.sign(PREFERENCES, profile, digest(place) if place else 0)}"


def digest(place: Place) -> int:
    """63 bits: enough to find one of a person's addresses by."""
    return int.from_bytes(blake2b("\0".join(place).encode(), digest_size=8).digest(), "big") >> 1


async def _of_delivery(tx: Transaction, delivery: int) -> Bearer:
    linked = (await orchestration.read_linked(tx, [delivery])).get(delivery)
    person = await profiles.led_to(tx, linked.profile) if linked else None
    if linked is None or person is None:
        raise NotFound()
    place = linked.channel, linked.address
    return Bearer(person, linked.topic, place, sent_to=place, sent_at=linked.handed_at)


async def _of_profile(tx: Transaction, number: int, sign: int) -> Bearer:
    person = await profiles.led_to(tx, ProfileId(number))
    if person is None:
        raise NotFound()
    places = ((address.channel, address.value) for address in person.addresses)
    place = next((place for place in places if digest(place) == sign), None)
    if sign and place is None:  # the address is somebody else's by now: so may be whoever reads what arrives there
        raise NotFound()
    return Bearer(person, place=place)
