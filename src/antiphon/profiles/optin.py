"""Double opt-in: a question goes to the address, and only its answer is a consent.

number = await profiles.optin.ask(tx, person, "newsletter", "email", "jo@shop.example", proof)
…the question goes out with a link that carries the number, signed…
await profiles.optin.confirm(tx, number, Proof("double_opt_in", ip=…, user_agent=…))
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, NotFound
from antiphon.kernel.records import ProfileId
from antiphon.profiles import consent, store
from antiphon.profiles.consent_check import checked
from antiphon.profiles.consent_records import Asked, Confirmed, Proof, Statement


async def ask(tx: Transaction, profile: ProfileId, topic: str, channel: str, address: str, proof: Proof) -> int:
    """The number of the question, for the link. `proof.wording` is what the person read when they asked for it."""
    question = Statement(topic, channel, "pending", address=address, basis="consent")
    proof = replace(proof, asked_at=proof.asked_at or tx.now)
    (number,) = await consent.append(tx, profile, checked([question], proof, now=tx.now), proof)
    return number


async def read(tx: Transaction, question_id: int) -> Asked:
    """For the page that asks. Raises NotFound."""
    asked = await store.consent.question(tx, question_id)
    if asked is None:
        raise NotFound("There is no such question.")
    return Asked(
        asked.profile,
        asked.topic,
        asked.channel,
        asked.address,
        asked.wording,
        asked.language,
        is_answered=await store.consent.is_answered(tx, asked.profile, question_id),
        is_over=tx.now > asked.asked_at + timedelta(days=(await settings.read(tx)).double_opt_in_days),
    )


async def confirm(tx: Transaction, question_id: int, proof: Proof) -> Confirmed:
    """The address answered: a consent for it alone. As often as one likes; the first answer is the proof.

    `proof` says how and from where it was answered; what it leaves out is as it was asked. Raises NotFound, and
    Conflict once the setting `double_opt_in_days` is over.
    """
    asked = await store.consent.question(tx, question_id)
    if asked is None:
        raise NotFound("There is no such question.")
    person = await consent.hold(tx, asked.profile)
    confirmed = Confirmed(person, asked.topic, asked.channel, asked.address)
    if await store.consent.is_answered(tx, person, question_id):
        return confirmed
    if tx.now > asked.asked_at + timedelta(days=(await settings.read(tx)).double_opt_in_days):
        raise Conflict("The time to confirm is over; sign up again.")
    answer = Statement(
        asked.topic, asked.channel, address=asked.address, basis="consent", at=tx.now, expires_at=asked.expires_at
    )
    known = {name: getattr(proof, name) or getattr(asked, name) for name in _ASKED}
    proof = replace(proof, **known, asked_at=asked.asked_at, confirmed_at=tx.now)
    statements = checked([answer], proof, now=tx.now)
    await consent.append(tx, person, statements, proof, who=asked.who, asked_id=question_id)
    await _verify(tx, asked.channel, asked.address)
    return confirmed


async def _verify(tx: Transaction, channel: str, address: str) -> None:
    """Somebody answered from there: the identifier is theirs and not only claimed, which a rule of identity may ask."""
    for identifier in consent.identifiers_at(channel, address):
        verified = await store.identity.verify(tx, identifier)
        await store.ingest.touch_identity(tx, verified)
        tx.wake("identity")


_ASKED = ("source", "wording", "wording_version", "language")
