"""Whether a message will be seen as it is meant: a check before anybody gets it.

`lint` judges every form of a message, with its variants; with a sample person also what comes out empty for them.
Nothing it finds keeps a message from being sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from antiphon.content.lint import emails, texts, variables
from antiphon.content.lint.records import Finding, Severity
from antiphon.content.message import Email, Form, Forms, Message, Mjml, Push, Sms
from antiphon.kernel.records import Purpose

__all__ = ["Finding", "Severity", "lint"]

FINDINGS_MAX = 200
_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "hint": 2}


def lint(message: Message, *, sample: Mapping[str, Any] | None = None, size: int = 0) -> list[Finding]:
    """The gravest first; at most 200. `sample`: the variables of somebody; `size`: the bytes of their e-mail."""
    found: list[Finding] = []
    seen: set[tuple[str, str, str]] = set()
    for at, form in _forms(message):
        for finding in _judge(form, at, message, sample, size):
            key = (_place(finding.at), finding.code, finding.message)
            if key not in seen:
                seen.add(key)
                found.append(finding)
    return sorted(found, key=lambda finding: _ORDER[finding.severity])[:FINDINGS_MAX]


def _judge(form: Form, at: str, message: Message, sample: Mapping[str, Any] | None, size: int) -> Iterator[Finding]:
    marketing = message.purpose in (None, Purpose.CAMPAIGN)
    if isinstance(form, Email):
        yield from emails.judge(form, at, size=size, marketing=marketing)
    elif isinstance(form, Sms):
        yield from texts.sms(form, texts.estimated(form.text), at, marketing=marketing)
    else:
        yield from texts.push(form, at)
    for place, source in _templates(form):
        yield from variables.judge(source, f"{at}.{place}", sample)


def _forms(message: Message) -> Iterator[tuple[str, Form]]:
    """Each form once: what a variant took from the base is judged there."""
    yield from _of("locales", message.locales, {})
    for name, locales in message.variants.items():
        yield from _of(f"variants.{name}", locales, message.locales)


def _of(at: str, locales: Mapping[str, Forms], base: Mapping[str, Forms]) -> Iterator[tuple[str, Form]]:
    for locale, forms in locales.items():
        for channel in Forms.__struct_fields__:
            form = getattr(forms, channel)
            if form is not None and form != getattr(base.get(locale), channel, None):
                yield f"{at}.{locale}.{channel}", form


def _templates(form: Form) -> Iterator[tuple[str, str]]:
    if isinstance(form, Sms):
        yield "text", form.text
    elif isinstance(form, Push):
        yield from (("title", form.title), ("body", form.body), ("url", form.url))
    else:
        yield from (("subject", form.subject), ("preheader", form.preheader), ("mjml", form.mjml), ("text", form.text))
        for n, block in enumerate(form.blocks):
            for name in ("text", "label", "url", "src", "alt", "source"):
                if source := getattr(block, name, ""):
                    yield f"blocks[{n}].{name}" if not isinstance(block, Mjml) else f"blocks[{n}].source", source


def _place(at: str) -> str:
    """Without the locale: what is wrong with every language alike is told once a channel."""
    parts = at.split(".")
    return ".".join(parts[2:] if parts[0] == "locales" else parts[3:])
