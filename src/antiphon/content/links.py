"""The links of a message, by number: no table stands behind a tracked link.

A click token is (delivery, number). The target is rendered anew from the message version when somebody clicks, by the
same function that numbered the links when it was sent. A link of MJML that stands in a loop has a number for each turn:
its own, and then that plus the number of links for every turn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from antiphon.content import letter, liquid, urls
from antiphon.content.addressing import CLICK, CONFIRM, OPEN, PREFERENCES, SHOWN, UNSUBSCRIBE, Addressing
from antiphon.content.letter import Page
from antiphon.content.liquid import RenderError
from antiphon.content.message import Email, Message, Mjml, Push, Sms, form_of
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import Channel

__all__ = [
    "CLICK",
    "CONFIRM",
    "OPEN",
    "PREFERENCES",
    "SHOWN",
    "UNSUBSCRIBE",
    "Addressing",
    "constant",
    "fill",
    "fill_url",
    "numbered",
    "pages_of",
    "target",
    "targets",
]
_OURS = "https://antiphon.invalid/"
_PLACES = {"unsubscribe_url": f"{_OURS}u", "preferences_url": f"{_OURS}p"}
"""Stand for our own links where only the numbers of the others are asked for: they are counted and lead nowhere."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def targets(
    message: Message, *, channel: Channel, locale: str = "", variant: str = "", variables: Mapping[str, Any]
) -> list[str]:
    """The rendered URLs in the order of their numbers; "" for an optional one that came out empty.

    Raises `RenderError` when one of them is not http or https.
    """
    _, form = form_of(message, channel, variant=variant, locale=locale)
    variables = {**_PLACES, **variables}
    if isinstance(form, Sms):
        return [url for _, _, url in urls.in_text(fill(form.text, variables, "sms.text").strip())]
    if isinstance(form, Email) and pages_of(form):
        found, failed = _leads(form, variables)
        for error in failed.values():
            raise error
        return [found.get(number, "") for number in range(max(found, default=-1) + 1)]
    return [fill_url(source, variables, field, needed=needed) for field, source, needed in numbered(form)]


def target(
    message: Message,
    number: int,
    *,
    channel: Channel,
    locale: str = "",
    variant: str = "",
    variables: Mapping[str, Any],
) -> str:
    """One link, whatever became of the others. Raises `NotFound` for a number that the form does not have."""
    _, form = form_of(message, channel, variant=variant, locale=locale)
    found: Sequence[str]
    if isinstance(form, Sms):
        found = targets(message, channel=channel, locale=locale, variant=variant, variables=variables)
        url = found[number] if 0 <= number < len(found) else ""
    elif isinstance(form, Email) and pages_of(form):
        leads, failed = _leads(form, {**_PLACES, **variables})
        if number in failed:
            raise failed[number]
        url = leads.get(number, "")
    else:
        field, source, needed = _nth(numbered(form), number)
        url = fill_url(source, {**_PLACES, **variables}, field, needed=needed)
    if not url or url.startswith(_OURS):
        raise NotFound("This link leads nowhere.")
    return url


def numbered(form: Email | Push) -> list[tuple[str, str, bool]]:
    """(field, Liquid source, whether it must be there) of each link: its place in the list is its number."""
    if isinstance(form, Push):
        return [("push.url", form.url, False)] if form.url else []
    pages = pages_of(form)
    if form.mjml:
        return [("email.mjml", source, needed) for source, needed in pages[0].addresses()]
    links, fragments = [], iter(pages)
    for n, block in enumerate(form.blocks):
        if isinstance(block, Mjml):
            links += [(f"email.blocks[{n}].source", *address) for address in next(fragments).addresses()]
        elif url := getattr(block, "url", ""):
            links.append((f"email.blocks[{n}].url", url, block.__struct_config__.tag == "button"))
    return links


def pages_of(form: Email) -> Sequence[Page]:
    """What of an e-mail is MJML: the whole of it, or each fragment among its blocks."""
    if form.mjml:
        return (letter.document(form.mjml, preheader=bool(form.preheader)),)
    sources = tuple(block.source for block in form.blocks if isinstance(block, Mjml))
    return letter.fragments(sources).pages if sources else ()


def _leads(form: Email, variables: Mapping[str, Any]) -> tuple[dict[int, str], dict[int, RenderError]]:
    """Where the links lead by number, and those that lead nowhere."""
    found: dict[int, str] = {}
    failed: dict[int, RenderError] = {}
    numbers, fragments = len(numbered(form)), iter(pages_of(form))
    number = 0
    for n, block in enumerate(form.blocks or (Mjml(form.mjml),)):
        if isinstance(block, Mjml):
            page = next(fragments)
            field = "email.mjml" if form.mjml else f"email.blocks[{n}].source"
            here, wrong = page.leads(variables, field=field)
            found |= {number + link + turn * numbers: url for (link, turn), url in here.items()}
            failed |= {number + link + turn * numbers: error for (link, turn), error in wrong.items() if link >= 0}
            number += page.links
        elif url := getattr(block, "url", ""):
            try:
                field, needed = f"email.blocks[{n}].url", block.__struct_config__.tag == "button"
                found[number] = fill_url(url, variables, field, needed=needed)
            except RenderError as error:
                failed[number] = error
            number += 1
    return found, failed


def _nth(links: Sequence[tuple[str, str, bool]], number: int) -> tuple[str, str, bool]:
    if not 0 <= number < len(links):
        raise NotFound("This link leads nowhere.")
    return links[number]


def fill(source: str, variables: Mapping[str, Any], field: str) -> str:
    """Rendered text without control characters (but tab and newline). Raises `RenderError` naming the field."""
    try:
        text = liquid.compile(source, html=False).render(variables)
    except RenderError as error:
        raise RenderError(error.reason, field=field) from error
    return text if text.isprintable() else _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def constant(source: str) -> str | None:
    """What it says to everybody; None where it says something else to each, or cannot be rendered."""
    if not liquid.compile(source, html=False).is_constant:
        return None
    try:
        return fill(source, {}, "")
    except RenderError:
        return None


def fill_url(source: str, variables: Mapping[str, Any], field: str, *, needed: bool) -> str:
    """A rendered http or https URL; "" when it came out empty and is not needed."""
    return urls.web_address(fill(source, variables, field), field, needed=needed)
