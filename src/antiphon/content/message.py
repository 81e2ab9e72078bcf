"""A message: what is said, once for every channel, locale and variant."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import Channel, Purpose

DEFAULT_LOCALE = "en"
BASE_VARIANTS = ("", "a")


class Heading(Struct, frozen=True, tag="heading", tag_field="kind"):
    text: str


class Text(Struct, frozen=True, tag="text", tag_field="kind"):
    """An empty line in the rendered text starts a new paragraph."""

    text: str


class Button(Struct, frozen=True, tag="button", tag_field="kind"):
    label: str
    url: str


class Image(Struct, frozen=True, tag="image", tag_field="kind"):
    src: str
    alt: str
    url: str = ""


class Divider(Struct, frozen=True, tag="divider", tag_field="kind"):
    pass


class Mjml(Struct, frozen=True, tag="mjml", tag_field="kind"):
    """A fragment of MJML: sections, wrappers and heroes."""

    source: str


Block = Heading | Text | Button | Image | Divider | Mjml


class Email(Struct, frozen=True, omit_defaults=True):
    """Made of `blocks`, or wholly of `mjml`. Without `text` the text alternative is derived from them."""

    subject: str
    blocks: tuple[Block, ...] = ()
    preheader: str = ""
    mjml: str = ""
    text: str = ""


class Sms(Struct, frozen=True):
    text: str


class Push(Struct, frozen=True):
    title: str
    body: str = ""
    url: str = ""


Form = Email | Sms | Push


class Forms(Struct, frozen=True, omit_defaults=True):
    """The channel forms of one locale; every string in them is Liquid."""

    email: Email | None = None
    sms: Sms | None = None
    push: Push | None = None


class BetterThan(Struct, frozen=True):
    """Not for whom a number of theirs, such as the discount of a contract, is as good or better already."""

    trait: str
    value: float


class Eligible(Struct, frozen=True, omit_defaults=True, rename={"in_": "in"}):
    """Whom the message may go to: people in all of `in_` and in none of `not_in` (names of segments)."""

    in_: tuple[str, ...] = ()
    not_in: tuple[str, ...] = ()
    better_than: BetterThan | None = None


class Message(Struct, frozen=True, omit_defaults=True):
    """`variants` holds whole forms by variant and locale: what a variant does not say is taken from the base. `brand`:
    the key of one of the further brands of the settings; empty: the company's own."""

    name: str
    topic: str
    locales: dict[str, Forms]
    variants: dict[str, dict[str, Forms]] = {}
    purpose: Purpose | None = None
    eligible: Eligible | None = None
    brand: str = ""


class NoForm(NotFound):
    """The message has no form for this channel."""

    code = "no_form"


def channels_of(message: Message) -> frozenset[Channel]:
    """The channels that every variant can be sent over, in some locale."""
    whole = [message.locales, *message.variants.values()]
    per_variant = [
        {name for forms in locales.values() for name in forms.__struct_fields__ if getattr(forms, name)}
        for locales in whole
    ]
    return frozenset(Channel(name) for name in set.intersection(*per_variant))


def forms(message: Message, *, variant: str = "", locale: str = "") -> Forms:
    """Each channel's form in the nearest locale that has one: es-MX, then es, then en, then the first written."""
    found = {channel: find(message, channel, variant=variant, locale=locale) for channel in Forms.__struct_fields__}
    return Forms(**{channel: hit[1] for channel, hit in found.items() if hit})  # type: ignore[arg-type]  # by name


def form_of(message: Message, channel: Channel, *, variant: str = "", locale: str = "") -> tuple[str, Form]:
    """The form and the locale it is written in. Raises `NoForm`, or `NotFound` for an unknown variant."""
    found = find(message, channel, variant=variant, locale=locale)
    if found is None:
        raise NoForm("The message {name} has no {channel} form.", name=message.name, channel=channel)
    return found


def find(message: Message, channel: str, *, variant: str, locale: str) -> tuple[str, Form] | None:
    """Like `form_of`; None when no locale has the channel."""
    locales = _locales_of(message, variant)
    for name in locale_chain(locale, locales):
        form: Form | None = getattr(locales[name], channel, None)
        if form is not None:
            return name, form
    return None


def locale_chain(locale: str, available: dict[str, Any]) -> list[str]:
    """The available locales, nearest first: itself, its parents, the default, then as written."""
    spelt = {name.lower(): name for name in available}
    parts = locale.replace("_", "-").lower().split("-")
    wanted = ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    chain = [spelt[name] for name in (*wanted, DEFAULT_LOCALE) if name in spelt]
    return list(dict.fromkeys([*chain, *available]))


def _locales_of(message: Message, variant: str) -> dict[str, Forms]:
    if variant in message.variants:
        return message.variants[variant]
    if variant in BASE_VARIANTS:
        return message.locales
    raise NotFound("The message {name} has no variant {variant}.", name=message.name, variant=variant)


def encode(message: Message) -> bytes:
    """JSON for storage: a document that `parsing.parse` takes as well."""
    return _encoder.encode(message)


def decode(stored: bytes | str) -> Message:
    """What `encode` wrote. It is not validated again: templates compile when first rendered."""
    return _decoder.decode(stored)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Message)
