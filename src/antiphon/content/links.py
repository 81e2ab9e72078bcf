"""The links of a message, by number: no table stands behind a tracked link.

A click token is (delivery, number). The target is rendered anew from the message version when somebody clicks, by the
same function that numbered the links when it was sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from antiphon.content import liquid, urls
from antiphon.content.email_html import Brand
from antiphon.content.liquid import RenderError
from antiphon.content.message import Email, Message, Push, Sms, form_of
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import Channel

CLICK, OPEN, UNSUBSCRIBE, PREFERENCES, SHOWN, CONFIRM = "c", "o", "u", "p", "d", "y"
_OURS = "https://antiphon.invalid/"
_PLACES = {"unsubscribe_url": f"{_OURS}u", "preferences_url": f"{_OURS}p"}
"""Stand for our own links where only the numbers of the others are asked for: they are counted and lead nowhere."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class Sign(Protocol):
    """`kernel.tokens.Signer.sign`."""

    def __call__(self, kind: str, *numbers: int) -> str: ...


class Addressing(Struct, frozen=True):
    """What differs from one delivery to the next besides the words. `base_url` has no slash at its end.

    `track` rewrites links and adds the pixel; `unsubscribe` and `preferences` say which of these links exist. Templates
    know them as `unsubscribe_url` and `preferences_url`; links to our own pages are never rewritten.
    """

    base_url: str
    sign: Sign
    delivery: int
    brand: Brand
    sender: str = ""
    sender_name: str = ""
    reply_to: str = ""
    feedback_id: str = ""
    track: bool = True
    unsubscribe: bool = True
    preferences: bool = False

    def click_url(self, number: int) -> str:
        return f"{self.base_url}/{CLICK}/{self.sign(CLICK, self.delivery, number)}"

    def open_url(self) -> str:
        return f"{self.base_url}/{OPEN}/{self.sign(OPEN, self.delivery)}.gif" if self.track else ""

    def shown_url(self) -> str:
        return f"{self.base_url}/{SHOWN}/{self.sign(SHOWN, self.delivery)}" if self.track else ""

    def unsubscribe_url(self) -> str:
        return f"{self.base_url}/{UNSUBSCRIBE}/{self.sign(UNSUBSCRIBE, self.delivery)}" if self.unsubscribe else ""

    def preferences_url(self) -> str:
        return f"{self.base_url}/{PREFERENCES}/{self.sign(PREFERENCES, self.delivery)}" if self.preferences else ""

    def variables(self) -> dict[str, str]:
        return {"unsubscribe_url": self.unsubscribe_url(), "preferences_url": self.preferences_url()}

    def is_ours(self, url: str) -> bool:
        """A page where people choose: it works without a detour, and who opens it need not be counted."""
        return any(url.startswith(f"{self.base_url}/{kind}/") for kind in (UNSUBSCRIBE, PREFERENCES, CONFIRM))


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
    else:
        field, source, needed = _nth(numbered(form), number)
        found = [""] * number + [fill_url(source, {**_PLACES, **variables}, field, needed=needed)]
    if not 0 <= number < len(found) or not found[number] or found[number].startswith(_OURS):
        raise NotFound("This link leads nowhere.")
    return found[number]


def numbered(form: Email | Push) -> list[tuple[str, str, bool]]:
    """(field, Liquid source, whether it must be there) of each link: its place in the list is its number."""
    if isinstance(form, Push):
        return [("push.url", form.url, False)] if form.url else []
    links = []
    for n, block in enumerate(form.blocks):
        url = getattr(block, "url", "")
        if url:
            links.append((f"email.blocks[{n}].url", url, block.__struct_config__.tag == "button"))
    return links


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


def fill_url(source: str, variables: Mapping[str, Any], field: str, *, needed: bool) -> str:
    """A rendered http or https URL; "" when it came out empty and is not needed."""
    text = fill(source, variables, field).strip()
    if not text and not needed:
        return ""
    url = urls.checked(text)
    if url is None:
        shown = f"{text[:80]}…" if len(text) > 80 else text or "nothing"
        raise RenderError(f"This became {shown}, which is not an http or https URL.", field=field)
    return url
