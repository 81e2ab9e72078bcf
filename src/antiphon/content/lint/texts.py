"""Subjects, short messages and pushes: what they cost, what is cut, what reads like shouting."""

from __future__ import annotations

import re
from collections.abc import Iterator

from antiphon.content.lint.records import Finding
from antiphon.content.message import Push, Sms
from antiphon.content.mjml.lexer import LIQUID_RE
from antiphon.kernel import gsm7
from antiphon.kernel.said import worded

SUBJECT_CHARS, SUBJECT_CHARS_MAX = 60, 120
"""About what a desktop shows in its list, and what none does."""
TITLE_CHARS, BODY_CHARS = 50, 150
"""About what a locked phone shows of a push: one line, and four."""
SEGMENTS_MANY = 3
_DEFAULT = re.compile(r"\|\s*default:\s*(?:'([^']*)'|\"([^\"]*)\")")
_STOP = re.compile(
    r"\b(stop|stopp|unsubscribe|opt[ -]?out|baja|arr[eê]t|desiscri|sair|uitschrijven|abmelden)|unsubscribe_url", re.I
)
_VALUE = "xxxxxxxx"
"""Stands for what a variable will hold, where nobody says what."""


def estimated(source: str) -> str:
    """The text with something in place of Liquid."""

    def value(found: re.Match[str]) -> str:
        if found.group().startswith("{%"):
            return ""
        default = _DEFAULT.search(found.group())
        return (default[1] or default[2] or "") if default else _VALUE

    return LIQUID_RE.sub(value, source).strip()


def subject(text: str, at: str) -> Iterator[Finding]:
    if len(text) > SUBJECT_CHARS_MAX:
        yield Finding(
            "warning", at, "subject_long", worded("{n} characters: no mail client shows so many.", n=len(text))
        )
    elif len(text) > SUBJECT_CHARS:
        said = worded("{n} characters: many lists show about {most}, phones fewer.", n=len(text), most=SUBJECT_CHARS)
        yield Finding("hint", at, "subject_long", said)
    yield from shouting(text, at)


def shouting(text: str, at: str) -> Iterator[Finding]:
    words = re.findall(r"[^\W\d_]{4,}", text.replace(_VALUE, ""))
    loud = [word for word in words if word.isupper()]
    if len(loud) >= 2 and len(loud) * 2 > len(words):
        said = worded("Mostly capitals: it reads like shouting, and some filters count it.")
        yield Finding("hint", at, "all_caps", said)
    if "!!" in text:
        yield Finding("hint", at, "all_caps", worded("One exclamation mark is enough."))


def sms(form: Sms, text: str, at: str, *, marketing: bool) -> Iterator[Finding]:
    at = f"{at}.text"
    segments = gsm7.segments(text)
    if gsm7.encoding(text) == "UCS-2":
        odd = gsm7.unusual(text)
        says = "{odd} is not in GSM-7: every segment holds 70 characters, not 160. This one costs {n}."
        said = worded(says, odd=odd[:20], n=segments)
        yield Finding("warning" if segments > 1 else "hint", at, "sms_ucs2", said)
    if segments >= SEGMENTS_MANY:
        yield Finding("warning", at, "sms_segments", worded("{n} segments: each is paid for.", n=segments))
    elif segments > 1:
        yield Finding("hint", at, "sms_segments", worded("{n} segments: each is paid for.", n=segments))
    if marketing and not _STOP.search(form.text):
        said = worded("No way out is named: say how to stop, such as Reply STOP.")
        yield Finding("warning", at, "sms_way_out", said)
    yield from shouting(text, at)


def push(form: Push, at: str) -> Iterator[Finding]:
    title, body = estimated(form.title), estimated(form.body)
    if len(title) > TITLE_CHARS:
        yield Finding("hint", f"{at}.title", "push_long", _longer(title, TITLE_CHARS))
    if len(body) > BODY_CHARS:
        yield Finding("hint", f"{at}.body", "push_long", _longer(body, BODY_CHARS))
    yield from shouting(title, f"{at}.title")


def _longer(text: str, most: int) -> str:
    return worded("{n} characters: a locked phone shows about {most}.", n=len(text), most=most)
