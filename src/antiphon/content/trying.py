"""A message as it is sent as a test: one variant, perhaps one locale, marked, under a number that is no version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import structs

from antiphon.content import liquid, parsing, store_editing
from antiphon.content.message import Email, Form, Forms, Message, find
from antiphon.content.store import Stored, Unpublished
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import Channel

MARK = "[Test] "
_KEPT_WHOLE = frozenset({"accounts"})


async def keep_trial(
    tx: Transaction, id_or_name: str, *, draft: bool, variant: str, locale: str, marked: bool, by: str
) -> Stored:
    """`draft`: as it is being written, where somebody writes it. `locale`: in that language alone, or as each person
    reads it. Raises NotFound, Unpublished, and Invalid for a draft that could not be published."""
    kept = await store_editing.read(tx, id_or_name)
    if kept.draft is None or not draft:
        if kept.written is None:
            raise Unpublished(
                "The message {name} is a draft: publish it first, or send the draft as a test.", name=kept.name
            )
        text = {**kept.written, "name": kept.name}
    else:
        text = kept.text
    message = trial(parsing.parse(text), variant=variant, locale=locale, marked=marked)
    number = await store_editing.keep_tried(tx, kept.id, message, by=by)
    return Stored(kept.id, kept.name, number, message)


def trial(message: Message, *, variant: str, locale: str, marked: bool) -> Message:
    """Only what would be sent, under no variant. Raises NotFound for a variant that there is not."""
    if variant and variant not in message.variants:
        raise NotFound("The message {name} has no variant {variant}.", name=message.name, variant=variant)
    locales = message.variants[variant] if variant else message.locales
    if locale:
        locales = _nearest(message, variant=variant, locale=locale)
    if marked:
        locales = {name: _marked(forms) for name, forms in locales.items()}
    return structs.replace(message, locales=locales, variants={})


def _nearest(message: Message, *, variant: str, locale: str) -> dict[str, Forms]:
    """Each channel's form, in the one locale that it is written in for this language."""
    found: dict[str, Forms] = {}
    for channel in Forms.__struct_fields__:
        if hit := find(message, channel, variant=variant, locale=locale):
            before = found.get(hit[0], Forms())
            found[hit[0]] = structs.replace(before, **{channel: hit[1]})
    return found


def _marked(forms: Forms) -> Forms:
    email, sms, push = forms.email, forms.sms, forms.push
    return Forms(
        email=structs.replace(email, subject=MARK + email.subject) if email else None,
        sms=structs.replace(sms, text=MARK + sms.text) if sms else None,
        push=structs.replace(push, title=MARK + push.title) if push else None,
    )


def only_read(message: Message, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Of what is known of somebody, only what the message says: no more of it is kept with who gets the test."""
    paths = {path for source in _templates(message) for path in liquid.compile(source, html=False).reads()}
    found: dict[str, Any] = {}
    for path in sorted(paths):
        if path[0] not in variables:
            continue
        whole = variables[path[0]]
        if len(path) == 1 or path[0] in _KEPT_WHOLE or not isinstance(whole, Mapping):
            found[path[0]] = whole
        elif (path[0],) not in paths:
            inner = found.setdefault(path[0], {})
            if path[1] in whole:
                inner[path[1]] = whole[path[1]]
    return found


def _templates(message: Message) -> Iterator[str]:
    for forms in message.locales.values():
        for channel in Channel:
            form: Form | None = getattr(forms, channel.value, None)
            if form is not None:
                yield from _sources(form)


def _sources(form: Form) -> Iterator[str]:
    yield from (value for value in structs.astuple(form) if isinstance(value, str) and value)
    if isinstance(form, Email):
        for block in form.blocks:
            yield from (value for value in structs.astuple(block) if isinstance(value, str) and value)
