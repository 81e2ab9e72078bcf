"""`/y/{token}`: somebody confirms at an address that they want a topic there. And asking for it.

The token is the signed number of the question in the ledger. It is answered as often as one likes; the first answer is
the proof. After `double_opt_in_days` it explains itself and does nothing.
"""

from __future__ import annotations

from typing import Any

from litestar import Response
from msgspec import Struct

from antiphon import content, orchestration, profiles
from antiphon.content import CONFIRM, PREFERENCES
from antiphon.kernel import i18n, settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, NotFound, invalid
from antiphon.kernel.records import Identifier, Purpose
from antiphon.kernel.runtime import Runtime
from antiphon.pages.bearer import Place, Visitor, digest
from antiphon.pages.brand import brand_of
from antiphon.pages.frame import page
from antiphon.pages.words import channel_words, in_language, named
from antiphon.profiles import Proof

_KIND_OF = {"email": "email", "sms": "phone", "push": "webpush"}


class Question(Struct, frozen=True):
    """What to ask. `wording`: what the person read where they signed up; empty: our own sentence, in their language."""

    topic: str
    channel: str
    message: str
    wording: str = ""
    source: str = ""


class Sent(Struct, frozen=True):
    number: int
    confirm_url: str
    notification: int | None


async def show(runtime: Runtime, number: int, visitor: Visitor) -> Response[bytes]:
    """Changes nothing: mail gateways follow every link they see."""
    async with runtime.database.transaction(read_only=True) as tx:
        asked = await profiles.optin.read(tx, number)
        values = await _values(tx, runtime, asked, visitor)
        here = f"/{CONFIRM}/{runtime.signer.sign(CONFIRM, number)}"
        if asked.is_answered:
            return await _answered(tx, asked, values, visitor)
        if asked.is_over:
            return _notice("expired", values, visitor, status=410)
        wording = asked.wording or _wording(visitor.locale, values)
        spoken = (asked.wording and asked.language) or visitor.locale
        return page("optin.html", locale=visitor.locale, here=here, wording=wording, spoken=spoken, **values)


async def confirm(runtime: Runtime, number: int, visitor: Visitor) -> Response[bytes]:
    """In force when it returns."""

    async def work(tx: Transaction) -> Response[bytes]:
        asked = await profiles.optin.read(tx, number)
        values = await _values(tx, runtime, asked, visitor)
        if asked.is_answered:
            return await _answered(tx, asked, values, visitor)
        wording = "" if asked.wording else _wording(visitor.locale, values)
        try:
            proof = visitor.proof(wording, method="double_opt_in", source="" if asked.wording else "double opt-in page")
            await profiles.optin.confirm(tx, number, proof if wording else _as_asked(proof))
        except Conflict:
            return _notice("expired", values, visitor, status=410)
        return _notice("done", values, visitor)

    return await runtime.database.repeat(work)


def _as_asked(proof: Proof) -> Proof:
    """What was read is what was read when it was asked, in the language of then."""
    return Proof(proof.method, ip=proof.ip, user_agent=proof.user_agent)


async def ask(tx: Transaction, runtime: Runtime, who: Identifier, question: Question) -> Sent:
    """The question is in the ledger and its message on the way, or neither. Raises NotFound, Invalid and Conflict."""
    person = await profiles.led_to(tx, await profiles.find_one(tx, who))
    if person is None:
        raise NotFound("There is no such profile.")
    address = _address(person, who, question)
    locale = _language(person)
    now = await settings.read(tx)
    words = {"channel": channel_words(locale, question.channel), "brand": now.brand_name}
    wording = question.wording or _wording(locale, words | {"topic": await _title(tx, question.topic, locale)})
    proof = Visitor(locale).proof(wording, method="double_opt_in", source=question.source or "api")
    number = await profiles.optin.ask(tx, person.id, question.topic, question.channel, address, proof)
    url = f"{runtime.base_url}/{CONFIRM}/{runtime.signer.sign(CONFIRM, number)}"
    return Sent(number, url, await _send(tx, question, address, number, url) if question.message else None)


async def _send(tx: Transaction, question: Question, address: str, number: int, url: str) -> int:
    stored = await content.find(tx, question.message)
    if {str(channel) for channel in content.channels_of(stored.message)} != {question.channel}:
        raise invalid(
            "message", "It must have a form for {channel} and for no other channel.", channel=question.channel
        )
    call = orchestration.Call(
        message=question.message,
        to=Identifier(_KIND_OF[question.channel], address),
        purpose=Purpose.SYSTEM,
        idempotency_key=f"double-opt-in:{number}",
        topic="",
        variables={"confirm_url": url},
    )
    return await orchestration.send(tx, call)


def _address(person: profiles.Profile, who: Identifier, question: Question) -> str:
    """The one that `who` names, else the only one of the channel."""
    if question.channel not in _KIND_OF:
        raise invalid("channel", "A question can be asked by {known}.", known=", ".join(_KIND_OF))
    known = [each.value for each in person.addresses if each.channel == question.channel and each.state != "dead"]
    wanted = [value for value in known if value == who.value and who.kind.startswith(_KIND_OF[question.channel])]
    if not known:
        raise Conflict("This person has no address for {channel}.", channel=question.channel)
    if len(known) > 1 and (question.message or not wanted):
        # A decision chooses among a person's addresses, and the question is about one of them.
        raise Conflict(
            "This person has {n} addresses for {channel}. Name one as the profile, leave `message` out, and send"
            " `confirm_url` there yourself.",
            n=len(known),
            channel=question.channel,
        )
    return (wanted or known)[0]


def _language(person: profiles.Profile) -> str:
    given = str(person.traits.get("language") or "").replace("_", "-").split("-")[0].lower()
    return given if given in i18n.LOCALES else i18n.DEFAULT


async def _title(tx: Transaction, name: str, locale: str) -> str:
    topic = next((each for each in await profiles.topics(tx) if each.name == name), None)
    return in_language(locale, topic.titles, default=name) if topic else name


async def _values(tx: Transaction, runtime: Runtime, asked: profiles.Asked, visitor: Visitor) -> dict[str, Any]:
    place: Place = asked.channel, asked.address
    token = runtime.signer.sign(PREFERENCES, asked.profile, digest(place))
    return {
        "brand": brand_of(await settings.read(tx)),
        "channel": channel_words(visitor.locale, asked.channel),
        "address": named(visitor.locale, *place),
        "topic": await _title(tx, asked.topic, visitor.locale),
        "back": f"/{PREFERENCES}/{token}?lang={visitor.locale}",
    }


def _wording(locale: str, values: dict[str, Any]) -> str:
    brand = values["brand"]
    name = brand if isinstance(brand, str) else brand.name
    return i18n.translate(locale, "optin.wording", channel=values["channel"], brand=name, topic=values["topic"])


async def _answered(
    tx: Transaction, asked: profiles.Asked, values: dict[str, Any], visitor: Visitor
) -> Response[bytes]:
    """Said once more, unless it was taken back since."""
    standing = (await profiles.preferences(tx, [asked.profile]))[asked.profile]
    known = {topic.name: topic for topic in await profiles.topics(tx)}
    topic = known.get(asked.topic) or profiles.Topic(asked.topic)
    effect = profiles.effective(standing, topic, asked.channel, now=tx.now, address=asked.address)
    return _notice("done" if effect.allowed else "withdrawn", values, visitor)


def _notice(name: str, values: dict[str, Any], visitor: Visitor, *, status: int = 200) -> Response[bytes]:
    words = {"channel": values["channel"], "brand": values["brand"].name, "topic": values["topic"]}
    title = i18n.translate(visitor.locale, f"optin.{name}.title")
    text = i18n.translate(visitor.locale, f"optin.{name}.text", **words)
    return page(
        "notice.html",
        locale=visitor.locale,
        status=status,
        brand=values["brand"],
        title=title,
        text=text,
        back=values["back"] if name != "expired" else "",
    )
