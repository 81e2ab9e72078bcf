"""A message that is still being written, as somebody would get it on every channel; what keeps it from being right.

Whatever can be shown is shown: a button without an address does not hide the rest of the mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, structs

from antiphon.content import composing, mending, parsing
from antiphon.content.brands import flaws_of_brand
from antiphon.content.email_made import SUBJECT_CHARS_MAX, one_line
from antiphon.content.links import Addressing, fill
from antiphon.content.lint import Finding, lint
from antiphon.content.lint.emails import GMAIL_BYTES_MAX
from antiphon.content.liquid import RenderError
from antiphon.content.message import Email, Form, Forms, Message, find
from antiphon.content.preview import addressing_nowhere, language_of, variables_for
from antiphon.content.render import render
from antiphon.kernel import gsm7, settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Flaw, NotFound, Problem
from antiphon.kernel.records import Channel, EmailBody, PushBody, SmsBody
from antiphon.kernel.said import worded

MENDED_MAX = 20
"""So many blocks that cannot be shown are left out of a mail; with more of them nothing of it is shown."""
_PLAIN = {
    "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "‐": "-",
    "‑": "-", "…": "...", "•": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u200b": "", "\t": " ", "`": "'",
    "´": "'", "á": "a", "í": "i", "ó": "o", "ú": "u", "â": "a", "ê": "e", "î": "i", "ô": "o", "û": "u", "ã": "a",
    "õ": "o", "ç": "Ç", "ë": "e", "ï": "i", "Á": "A", "Í": "I", "Ó": "O", "Ú": "U", "È": "E", "À": "A", "Ê": "E",
}  # fmt: skip
"""What may stand in GSM-7 in place of characters that are often typed."""


class Character(Struct, frozen=True):
    """`at`: in UTF-16 units, as browsers count. `instead`: what costs less; null where we know nothing."""

    at: int
    character: str
    instead: str | None


class EmailShown(Struct, frozen=True):
    """`bytes` of the HTML; `is_clipped`: Gmail cuts it."""

    locale: str
    subject: str
    preheader: str
    html: str
    text: str
    bytes: int
    is_clipped: bool


class SmsShown(Struct, frozen=True):
    """`units`: septets of GSM-7 or UTF-16 units of UCS-2; `left`: so many more fit into the last part. `unusual` forces
    UCS-2. `cost`: money of all parts with the account that would take it; null where no price is known."""

    locale: str
    text: str
    chars: int
    encoding: gsm7.Encoding
    units: int
    parts: int
    left: int
    unusual: list[Character]
    cost: float | None = None


class PushShown(Struct, frozen=True):
    """`bytes`: of what is said, without what encryption adds."""

    locale: str
    title: str
    body: str
    url: str
    title_chars: int
    body_chars: int
    bytes: int


class Shown(Struct, frozen=True):
    """Null: the message has no such form in any locale, or it cannot be shown; then `problems` say why."""

    email: EmailShown | None
    sms: SmsShown | None
    push: PushShown | None
    problems: list[Finding]


class Sample(Struct, forbid_unknown_fields=True):
    """Nobody in particular, with everything that people have."""

    sample: bool = True


class Wanted(Struct, frozen=True, kw_only=True):
    """`who`: somebody, as `kind:value`. `channel` None: all of them."""

    who: str | Sample | None = None
    channel: Channel | None = None
    locale: str = ""
    variant: str = ""
    variables: Mapping[str, Any] = {}


async def variables_as(tx: Transaction, who: str | Sample | None) -> dict[str, Any]:
    """Raises NotFound."""
    if isinstance(who, Sample):
        return await composing.sample(tx) if who.sample else await variables_for(tx, None)
    return await variables_for(tx, who)


async def show(tx: Transaction, document: Any, wanted: Wanted) -> Shown:
    """Raises NotFound for somebody who is not there, and for a variant."""
    message, flaws = parsing.read(document)
    variables = {**await variables_as(tx, wanted.who), **wanted.variables}
    if wanted.variant and wanted.variant not in message.variants:
        raise NotFound("The message has no variant {variant}.", variant=wanted.variant)
    now = await settings.read(tx)
    unknown = flaws_of_brand(message, now)
    face = now if unknown else now.as_brand(message.brand)
    stand = _Stand(message, wanted, variables, addressing_nowhere(face), [*flaws, *unknown])
    asked = [wanted.channel] if wanted.channel else [Channel.EMAIL, Channel.SMS, Channel.PUSH]
    shown = {channel.value: stand.show(channel) for channel in asked}
    return Shown(
        email=shown.get("email"),  # type: ignore[arg-type]  # by channel, here and below
        sms=shown.get("sms"),  # type: ignore[arg-type]
        push=shown.get("push"),  # type: ignore[arg-type]
        problems=stand.problems,
    )


class _Stand:
    """Shows one channel after the other and collects what is wrong."""

    def __init__(
        self,
        message: Message,
        wanted: Wanted,
        variables: Mapping[str, Any],
        addressing: Addressing,
        flaws: list[Flaw],
    ) -> None:
        self._message = message
        self._wanted = wanted
        self._variables = dict(variables)
        self._addressing = addressing
        self._flaws = flaws
        self._locale = wanted.locale or language_of(variables)
        self.problems = [Finding("error", flaw.at, "invalid", worded(flaw.message)) for flaw in flaws]

    def show(self, channel: Channel) -> EmailShown | SmsShown | PushShown | None:
        found = find(self._message, channel, variant=self._wanted.variant, locale=self._locale)
        if found is None:
            return None
        locale, form = found
        at = self._place(channel, locale, form)
        body = self._render(channel, form, at, locale)
        if not any(flaw.at.startswith(at) for flaw in self._flaws):
            size = len(body.html.encode()) if isinstance(body, EmailBody) else 0
            sample = self._variables if self._wanted.who is not None else None
            alone = _alone(self._message, at.split("."), channel, locale, form)
            self.problems += lint(alone, sample=sample, size=size)
        if isinstance(body, EmailBody):
            return self._email(body, form, locale)
        if isinstance(body, SmsBody):
            return _sms(body.text, locale)
        return _push(body, locale) if body is not None else None

    def _place(self, channel: str, locale: str, form: Form) -> str:
        """Where this form stands: a variant that does not change it shows the base's."""
        base = getattr(self._message.locales.get(locale), channel, None)
        if self._wanted.variant in self._message.variants and form != base:
            return f"variants.{self._wanted.variant}.{locale}.{channel}"
        return f"locales.{locale}.{channel}"

    def _render(self, channel: Channel, form: Form, at: str, locale: str) -> EmailBody | SmsBody | PushBody | None:
        for _ in range(MENDED_MAX):
            alone = Message(self._message.name, "", {locale: Forms(**{channel.value: form})})  # type: ignore[arg-type]
            try:
                return render(
                    alone, channel=channel, locale=locale, variables=self._variables, addressing=self._addressing
                )
            except RenderError as error:
                self._note(f"{at}.{error.field.partition('.')[2]}", "render", error.reason)
                mended = mending.without(form, error.field)
            except Problem as problem:  # Liquid or MJML that is not valid
                for flaw in problem.flaws:
                    self._note(at, "invalid", flaw.message)
                mended = mending.literal(form, self._variables)
            if mended is None or mended == form:
                return None
            form = mended
        return None

    def _note(self, at: str, code: str, message: str) -> None:
        """Not what was found wrong there before."""
        if not any(found.at.startswith(at) and found.severity == "error" for found in self.problems):
            self.problems.append(Finding("error", at, code, worded(message)))

    def _email(self, body: EmailBody, form: Form, locale: str) -> EmailShown:
        assert isinstance(form, Email)
        try:
            preheader = one_line(
                fill(form.preheader, {**self._addressing.variables(), **self._variables}, ""), SUBJECT_CHARS_MAX
            )
        except Problem:
            preheader = ""
        size = len(body.html.encode())
        return EmailShown(locale, body.subject, preheader, body.html, body.text, size, size > GMAIL_BYTES_MAX)


def _alone(message: Message, place: list[str], channel: Channel, locale: str, form: Form) -> Message:
    """Only what is looked at, at its place."""
    forms = {locale: Forms(**{channel.value: form})}  # type: ignore[arg-type]  # by channel
    if place[0] == "variants":
        return structs.replace(message, locales={}, variants={place[1]: forms})
    return structs.replace(message, locales=forms, variants={})


def _sms(text: str, locale: str) -> SmsShown:
    encoding, parts = gsm7.encoding(text), gsm7.parts(text)
    wide = 2 if encoding == "UCS-2" else 1
    single = (gsm7.SINGLE_OCTETS if wide == 2 else gsm7.SINGLE_SEPTETS) // wide
    joined = (gsm7.JOINED_OCTETS if wide == 2 else gsm7.JOINED_SEPTETS) // wide
    room = single if len(parts) == 1 else joined
    return SmsShown(
        locale=locale,
        text=text,
        chars=len(text),
        encoding=encoding,
        units=sum(map(len, parts)) // wide,
        parts=len(parts),
        left=room - len(parts[-1]) // wide,
        unusual=_unusual(text) if wide == 2 else [],
    )


def _unusual(text: str) -> list[Character]:
    odd = set(gsm7.unusual(text))
    found, at = [], 0
    for character in text:
        if character in odd:
            found.append(Character(at, character, _PLAIN.get(character)))
        at += 2 if ord(character) > 0xFFFF else 1
    return found


def _push(body: PushBody, locale: str) -> PushShown:
    size = sum(len(text.encode()) for text in (body.title, body.body, body.url))
    return PushShown(locale, body.title, body.body, body.url, len(body.title), len(body.body), size)
