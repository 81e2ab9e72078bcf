"""A message as somebody will get it: rendered with their traits, without tracking, sent to nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from antiphon import profiles
from antiphon.content.brands import brand_of
from antiphon.content.links import Addressing
from antiphon.content.message import Message, form_of
from antiphon.content.render import render
from antiphon.kernel import gsm7, settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import Channel, EmailBody, PushBody, SmsBody

EXAMPLE_URL = "https://preview.invalid"
"""Our own links in a preview lead here, which is nowhere: nobody can be unsubscribed by trying one out."""


class Preview(Struct, frozen=True, omit_defaults=True):
    """`locale`: the one that was chosen. `bytes`: of the HTML. `segments` and `encoding`: of an SMS."""

    channel: Channel
    locale: str
    variant: str = ""
    subject: str = ""
    html: str = ""
    text: str = ""
    title: str = ""
    url: str = ""
    bytes: int = 0
    segments: int = 0
    encoding: str = ""


async def variables_for(tx: Transaction, who: str | None) -> dict[str, Any]:
    """What a message may say of this person (`kind:value` or `id:number`); of nobody, nothing. Raises `NotFound`."""
    if who is None:
        return {"profile": {}, "account": {}, "accounts": [], "now": tx.now}
    person = await profiles.led_to(tx, await profiles.find_named(tx, who))
    if person is None:
        raise NotFound("Nobody is known as {who}.", who=who)
    accounts = [{**each.traits, "key": each.key} for each in person.accounts]
    return {
        "profile": person.traits,
        "account": accounts[0] if accounts else {},
        "accounts": accounts,
        "now": tx.now,
    }


async def preview(
    tx: Transaction,
    message: Message,
    *,
    channel: Channel,
    who: str | None = None,
    locale: str = "",
    variant: str = "",
    given: Mapping[str, Any] | None = None,
) -> Preview:
    """Raises `RenderError`, `NoForm`, `NotFound`, as sending would."""
    variables = {**await variables_for(tx, who), **(given or {})}
    now = await settings.read(tx)
    locale = locale or language_of(variables)
    body = render(
        message,
        channel=channel,
        locale=locale,
        variant=variant,
        variables=variables,
        addressing=addressing_nowhere(now.as_brand(message.brand)),
    )
    return _shown(body, channel, form_of(message, channel, variant=variant, locale=locale)[0], variant)


def addressing_nowhere(now: settings.Settings) -> Addressing:
    """Without tracking; our own links lead nowhere. `now`: as they hold for the message's brand."""
    return Addressing(
        base_url=EXAMPLE_URL,
        sign=lambda kind, *numbers: "preview",
        delivery=0,
        brand=brand_of(now),
        sender=now.sender_email,
        sender_name=now.brand_name,
        track=False,
        preferences=True,
    )


def language_of(variables: Mapping[str, Any]) -> str:
    """Of the person that these are of; empty where nobody told one."""
    traits = variables["profile"] if isinstance(variables["profile"], Mapping) else {}
    return str(traits.get("language") or traits.get("device_language") or "")


def _shown(body: EmailBody | SmsBody | PushBody, channel: Channel, locale: str, variant: str) -> Preview:
    if isinstance(body, EmailBody):
        size = len(body.html.encode())
        return Preview(channel, locale, variant, body.subject, body.html, body.text, bytes=size)
    if isinstance(body, SmsBody):
        cost, encoding = gsm7.segments(body.text), gsm7.encoding(body.text)
        return Preview(channel, locale, variant, text=body.text, segments=cost, encoding=encoding)
    return Preview(channel, locale, variant, text=body.body, title=body.title, url=body.url)
