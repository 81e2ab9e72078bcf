"""From the JSON of a message to its records. Every flaw is named with its place, all of them at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from msgspec import structs

from antiphon.content import eligible, liquid, mjml
from antiphon.content.links import pages_of
from antiphon.content.message import (
    Block,
    Button,
    Divider,
    Email,
    Forms,
    Heading,
    Image,
    Message,
    Mjml,
    Push,
    Sms,
    Text,
)
from antiphon.content.urls import source_flaw
from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.records import Purpose
from antiphon.kernel.said import worded

LOCALES_MAX = 50
VARIANTS_MAX = 20
BLOCKS_MAX = 100
NAME_CHARS_MAX = 200
MERGE_DEPTH_MAX = 8

FIELDS = ("name", "topic", "purpose", "brand", "eligible", "locales", "variants")

Json = Mapping[str, Any]
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
_VARIANT = re.compile(r"[A-Za-z0-9_-]{1,32}")


class Flaws:
    """Collects what is wrong, and where. A reader answers something empty after a flaw and goes on."""

    def __init__(self) -> None:
        self.found: list[Flaw] = []

    def add(self, at: str, message: str) -> None:
        self.found.append(Flaw(at, message))


def parse(document: Any) -> Message:
    """Raises `Invalid` with a flaw for each place that is wrong. All templates are compiled on the way."""
    message, flaws = read(document)
    if flaws:
        raise Invalid("The message is not valid.", flaws=flaws)
    return message


def read(document: Any) -> tuple[Message, list[Flaw]]:
    """As much of it as can be read, and what is wrong: of something that is still being written."""
    flaws = Flaws()
    given = _object(document, "", flaws, known=FIELDS)
    message = Message(
        name=_word(given, "name", flaws),
        topic=_word(given, "topic", flaws),
        purpose=_purpose(given.get("purpose"), flaws),
        eligible=eligible.parse(given.get("eligible"), flaws.add),
        brand=_brand(given.get("brand"), flaws),
        locales=_locales(given.get("locales"), "locales", flaws),
    )
    base = given.get("locales")
    # a variant is judged once the base that it builds upon is sound
    judged = Flaws() if flaws.found else flaws
    variants = _variants(given.get("variants"), base if isinstance(base, dict) else {}, judged)
    return structs.replace(message, variants=variants), flaws.found


def _locales(given: Any, at: str, flaws: Flaws) -> dict[str, Forms]:
    if not isinstance(given, dict) or not given:
        flaws.add(at, 'At least one locale is needed, such as {"en": {"sms": {"text": "…"}}}.')
        return {}
    if len(given) > LOCALES_MAX:
        flaws.add(at, worded("At most {most} locales.", most=LOCALES_MAX))
        return {}
    for locale in given:
        if not isinstance(locale, str) or not _LOCALE.fullmatch(locale):
            flaws.add(f"{at}.{locale}", "A locale is written like es or es-MX.")
    return {str(locale): _forms(forms, f"{at}.{locale}", flaws) for locale, forms in given.items()}


def _variants(given: Any, base: Json, flaws: Flaws) -> dict[str, dict[str, Forms]]:
    if given is None:
        return {}
    if not isinstance(given, dict) or len(given) > VARIANTS_MAX:
        flaws.add("variants", worded("An object of at most {most} variants by name.", most=VARIANTS_MAX))
        return {}
    variants = {}
    for name, changes in given.items():
        at = f"variants.{name}"
        if not isinstance(name, str) or not _VARIANT.fullmatch(name):
            flaws.add(at, "A variant's name is 1 to 32 letters, digits, - or _.")
        elif not isinstance(changes, dict):
            flaws.add(at, "An object of changes by locale.")
        else:
            variants[name] = _locales(_merged(base, changes, depth=MERGE_DEPTH_MAX), at, flaws)
    return variants


def _merged(base: Any, changes: Any, *, depth: int) -> Any:
    """RFC 7396 (JSON merge patch): objects are merged, null removes, anything else replaces."""
    if not isinstance(changes, dict) or not isinstance(base, dict) or depth == 0:
        return changes
    kept = {key: value for key, value in base.items() if key not in changes}
    changed = {k: _merged(base.get(k), change, depth=depth - 1) for k, change in changes.items() if change is not None}
    return {**kept, **changed}


def _forms(given: Any, at: str, flaws: Flaws) -> Forms:
    fields = _object(given, at, flaws, known=("email", "sms", "push"))
    readers: dict[str, Callable[[Any, str, Flaws], Any]] = {"email": _email, "sms": _sms, "push": _push}
    forms = {name: read(fields[name], f"{at}.{name}", flaws) for name, read in readers.items() if name in fields}
    if isinstance(given, dict) and not given:
        flaws.add(at, "At least one of email, sms and push is needed.")
    return Forms(**forms)


def _email(given: Any, at: str, flaws: Flaws) -> Email:
    fields = _object(given, at, flaws, known=("subject", "preheader", "blocks", "mjml", "text"))
    whole = fields.get("mjml")
    if whole is not None and "blocks" in fields:
        flaws.add(at, "An e-mail is made of blocks or of mjml, not of both.")
    blocks = fields.get("blocks")
    if whole is None and (not isinstance(blocks, list) or not 1 <= len(blocks) <= BLOCKS_MAX):
        flaws.add(f"{at}.blocks", worded("A list of 1 to {most} blocks is needed, or mjml.", most=BLOCKS_MAX))
    email = Email(
        subject=_template(fields, "subject", at, flaws),
        preheader=_template(fields, "preheader", at, flaws, needed=False),
        blocks=tuple(_block(b, f"{at}.blocks[{n}]", flaws) for n, b in enumerate(blocks))
        if isinstance(blocks, list) and len(blocks) <= BLOCKS_MAX
        else (),
        mjml=_mjml(fields, "mjml", at, flaws) if whole is not None else "",
        text=_template(fields, "text", at, flaws, needed=False),
    )
    if email.preheader and re.search(r"<mj-preview\b", email.mjml):
        flaws.add(f"{at}.preheader", "The preheader is said twice: here and in <mj-preview>.")
    if not flaws.found:
        _compiled(email, at, flaws)
    return email


def _compiled(email: Email, at: str, flaws: Flaws) -> None:
    """What only the compiler finds. It is kept: whoever sends the message finds it made."""
    try:
        pages_of(email)
    except Invalid as error:
        for flaw in error.flaws:
            flaws.add(f"{at}.mjml" if email.mjml else f"{at}.blocks", flaw.message)


def _mjml(fields: Json, name: str, at: str, flaws: Flaws, *, fragment: bool = False) -> str:
    """MJML whose Liquid and whose tags are sound."""
    before = len(flaws.found)
    source = _template(fields, name, at, flaws)
    if source and len(flaws.found) == before:
        for flaw in mjml.flaws(source, fragment=fragment):
            flaws.add(f"{at}.{name}", flaw.message)
    return source


def _sms(given: Any, at: str, flaws: Flaws) -> Sms:
    fields = _object(given, at, flaws, known=("text",))
    return Sms(_template(fields, "text", at, flaws))


def _push(given: Any, at: str, flaws: Flaws) -> Push:
    fields = _object(given, at, flaws, known=("title", "body", "url"))
    return Push(
        title=_template(fields, "title", at, flaws),
        body=_template(fields, "body", at, flaws, needed=False),
        url=_url(fields, "url", at, flaws, needed=False),
    )


_BLOCKS: dict[str, tuple[str, ...]] = {
    "heading": ("text",),
    "text": ("text",),
    "button": ("label", "url"),
    "image": ("src", "alt", "url"),
    "divider": (),
    "mjml": ("source",),
}


def _block(given: Any, at: str, flaws: Flaws) -> Block:
    kind = given.get("kind") if isinstance(given, dict) else None
    if not isinstance(kind, str) or kind not in _BLOCKS:
        meant = _near(kind, list(_BLOCKS))
        near = worded(" Did you mean {near}?", near=meant) if meant else ""
        flaws.add(f"{at}.kind", worded("One of {known}.{near}", known=", ".join(_BLOCKS), near=near))
        return Divider()
    fields = _object(given, at, flaws, known=("kind", *_BLOCKS[kind]))
    if kind == "heading":
        return Heading(_template(fields, "text", at, flaws))
    if kind == "text":
        return Text(_template(fields, "text", at, flaws))
    if kind == "button":
        return Button(_template(fields, "label", at, flaws), _url(fields, "url", at, flaws))
    if kind == "image":
        return Image(
            src=_url(fields, "src", at, flaws),
            alt=_template(fields, "alt", at, flaws, may_be_empty=True),
            url=_url(fields, "url", at, flaws, needed=False),
        )
    if kind == "mjml":
        return Mjml(_mjml(fields, "source", at, flaws, fragment=True))
    return Divider()


def _object(given: Any, at: str, flaws: Flaws, *, known: Sequence[str]) -> Json:
    if not isinstance(given, dict):
        flaws.add(at, worded("An object is needed with {known}.", known=", ".join(known)))
        return {}
    for key in given:
        if key not in known:
            near = _near(key, known)
            hint = (
                worded("did you mean {near}?", near=near)
                if near
                else worded("known here: {known}.", known=", ".join(known))
            )
            flaws.add(f"{at}.{key}" if at else str(key), worded("There is no such field; {hint}", hint=hint))
    return given


def _near(key: Any, known: Sequence[str]) -> str:
    return next(iter(get_close_matches(str(key), known, n=1)), "")


def _word(fields: Json, name: str, flaws: Flaws) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > NAME_CHARS_MAX:
        flaws.add(name, worded("A text of 1 to {most} characters is needed.", most=NAME_CHARS_MAX))
        return ""
    return value


def _brand(given: Any, flaws: Flaws) -> str:
    """Whether there is such a brand is asked when it is published and when it is sent."""
    if given is None or (isinstance(given, str) and len(given) <= NAME_CHARS_MAX):
        return given or ""
    flaws.add("brand", "The key of a brand; empty or left out: the company's own.")
    return ""


def _purpose(given: Any, flaws: Flaws) -> Purpose | None:
    if given is None:
        return None
    try:
        return Purpose(given)
    except ValueError:
        flaws.add("purpose", worded("One of {known}.", known=", ".join(Purpose)))
        return None


def _template(
    fields: Json, name: str, at: str, flaws: Flaws, *, needed: bool = True, may_be_empty: bool = False
) -> str:
    place, value = f"{at}.{name}", fields.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or not (value.strip() or may_be_empty or not needed):
        flaws.add(place, "A text is needed." if not may_be_empty else 'A text is needed; "" if it only decorates.')
        return ""
    try:
        liquid.compile(value, html=False)
    except liquid.TemplateError as error:
        flaws.add(place, error.flaws[0].message)
    return value


def _url(fields: Json, name: str, at: str, flaws: Flaws, *, needed: bool = True) -> str:
    before = len(flaws.found)
    value = _template(fields, name, at, flaws, needed=needed).strip()
    if value and len(flaws.found) == before and (flaw := source_flaw(value)):
        flaws.add(f"{at}.{name}", flaw)
    return value
