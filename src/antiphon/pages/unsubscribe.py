"""`/u/{token}`: what can be stopped, and stopping it. RFC 8058: a POST stops, whatever it says; looking never does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from litestar import Response
from msgspec import Struct

from antiphon import content, orchestration, profiles
from antiphon.content import PREFERENCES
from antiphon.kernel import i18n, settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import Linked
from antiphon.pages import undo
from antiphon.pages.bearer import Visitor
from antiphon.pages.brand import brand_of
from antiphon.pages.frame import page
from antiphon.pages.words import channel_words, in_language, named
from antiphon.profiles import Statement

Choice = Literal["one_click", "all", "topic", "everything", "undo"]
SOURCE = "unsubscribe"
ONE_CLICK = "List-Unsubscribe=One-Click"
"""The words of a mail program's own button are not known to us."""

_ADDRESS = "address"


class Offer(Struct, frozen=True):
    """A button and what it does, in words."""

    name: str
    button: str
    text: str


class Seen(Struct, frozen=True):
    """The delivery behind the link, and what stands of its person and address. `brand`: which face the message had."""

    linked: Linked
    topic: str
    is_out: bool
    brand: str
    standing: Sequence[profiles.Standing]


async def show(runtime: Runtime, delivery: int, visitor: Visitor) -> Response[bytes]:
    """Changes nothing: mail gateways follow every link they see."""
    async with runtime.database.transaction(read_only=True) as tx:
        seen = await _seen(tx, delivery, visitor)
        return _page(runtime, seen, await settings.read(tx), visitor, already=seen.is_out)


async def act(
    runtime: Runtime, delivery: int, choice: Choice, given: Sequence[str], visitor: Visitor
) -> Response[bytes]:
    """In force when it returns, on everything queued; as often as one likes."""

    async def work(tx: Transaction) -> Response[bytes]:
        now = await settings.read(tx)
        seen = await _seen(tx, delivery, visitor)
        if choice == "undo":
            await _undo(tx, seen, given, visitor)
            return _page(runtime, seen, now, visitor, done="undone")
        if choice == "topic" and seen.linked.topic:
            taken_back = await _stop_topic(tx, seen, now, visitor)
            await orchestration.note_objections(tx, {seen.linked.delivery: "opted_out"})
            return _page(runtime, seen, now, visitor, done="topic", taken_back=taken_back)
        taken_back = await _stop_address(tx, seen, now, choice, visitor)
        await orchestration.note_objections(tx, {seen.linked.delivery: "opted_out"})
        if choice != "everything":
            return _page(runtime, seen, now, visitor, done="all", taken_back=[*taken_back, "all"])
        taken_back += await _stop_person(tx, seen, now, visitor)
        return _page(runtime, seen, now, visitor, done="everything", taken_back=[*taken_back, "everything"])

    return await runtime.database.repeat(work)


async def _stop_topic(tx: Transaction, seen: Seen, now: settings.Settings, visitor: Visitor) -> list[str]:
    linked = seen.linked
    proof = visitor.proof(_wording(seen, now, visitor, "topic"), source=SOURCE)
    await profiles.state(tx, linked.profile, [Statement(linked.topic, linked.channel, "unwanted")], proof)
    return [*undo.was(seen.standing, topic=linked.topic, channel=linked.channel), "topic"]


async def _stop_address(
    tx: Transaction, seen: Seen, now: settings.Settings, choice: Choice, visitor: Visitor
) -> list[str]:
    linked = seen.linked
    how = "one_click" if choice == "one_click" else "page"
    wording = ONE_CLICK if choice == "one_click" else _wording(seen, now, visitor, choice)
    proof = visitor.proof(wording, method=how, source=SOURCE)
    await profiles.opt_out(tx, linked.channel, [linked.address], how=how, scope="marketing", proof=proof)
    return [] if seen.is_out else [_ADDRESS]


async def _stop_person(tx: Transaction, seen: Seen, now: settings.Settings, visitor: Visitor) -> list[str]:
    proof = visitor.proof(_wording(seen, now, visitor, "everything"), source=SOURCE)
    await profiles.state(tx, seen.linked.profile, [Statement(state="unwanted")], proof)
    return undo.was(seen.standing)


async def _undo(tx: Transaction, seen: Seen, given: Sequence[str], visitor: Visitor) -> None:
    linked = seen.linked
    proof = visitor.proof(i18n.translate(visitor.locale, "preferences.undo"), source=SOURCE)
    if _ADDRESS in given:
        await profiles.opt_in(tx, linked.channel, [linked.address], how="page", scope="marketing", proof=proof)
    if "everything" in given:
        await undo.restore(tx, linked.profile, given, proof)
    elif "topic" in given and linked.topic:
        await undo.restore(tx, linked.profile, given, proof, topic=linked.topic, channel=linked.channel)


async def _seen(tx: Transaction, delivery: int, visitor: Visitor) -> Seen:
    linked = (await orchestration.read_linked(tx, [delivery])).get(delivery)
    if linked is None:
        raise NotFound()
    topic = next((each for each in await profiles.topics(tx) if each.name == linked.topic), None)
    title = in_language(visitor.locale, topic.titles, default=linked.topic) if topic else linked.topic
    standing = (await profiles.preferences(tx, [linked.profile]))[linked.profile]
    (message,) = (await content.versions(tx, {(linked.message, linked.version)})).values()
    return Seen(linked, title, await _is_out(tx, linked), message.brand, standing)


async def _is_out(tx: Transaction, linked: Linked) -> bool:
    return any(
        address.opted_out
        for profile in await profiles.read(tx, [linked.profile])
        for address in profile.addresses
        if (address.channel, address.value) == (linked.channel, linked.address)
    )


def _offers(seen: Seen, now: settings.Settings, visitor: Visitor) -> list[Offer]:
    names = ["all", *(["topic"] if seen.linked.topic else []), "everything"]
    values = _values(seen, visitor) | {"brand": now.brand_name}
    return [
        Offer(name, *(i18n.translate(visitor.locale, f"unsubscribe.{name}.{part}", **values) for part in _PARTS))
        for name in names
    ]


_PARTS = ("button", "text")


def _wording(seen: Seen, now: settings.Settings, visitor: Visitor, choice: str) -> str:
    offers = {offer.name: offer for offer in _offers(seen, now, visitor)}
    offer = offers.get(choice, offers["all"])
    return f"{offer.button}\n{offer.text}"


def _values(seen: Seen, visitor: Visitor) -> dict[str, Any]:
    return {
        "channel": channel_words(visitor.locale, seen.linked.channel),
        "address": named(visitor.locale, seen.linked.channel, seen.linked.address),
        "topic": seen.topic,
    }


def _page(
    runtime: Runtime,
    seen: Seen,
    now: settings.Settings,
    visitor: Visitor,
    *,
    done: str = "",
    already: bool = False,
    taken_back: Sequence[str] = (),
) -> Response[bytes]:
    sign = runtime.signer.sign
    return page(
        "unsubscribe.html",
        locale=visitor.locale,
        brand=brand_of(now, seen.brand),
        here=f"/u/{sign('u', seen.linked.delivery)}",
        detail=f"/{PREFERENCES}/{sign(PREFERENCES, seen.linked.delivery)}?lang={visitor.locale}",
        done=done,
        already=already,
        undo=taken_back if {_ADDRESS, "topic", "everything"} & set(taken_back) else (),
        choices=_offers(seen, now, visitor),
        **_values(seen, visitor),
    )
