"""Subjects, short messages and pushes: what they cost, what is cut, what reads like shouting."""

from __future__ import annotations

import re
from collections.abc import Iterator

from antiphon.content.lint.records import Finding
from antiphon.content.message import Push, Sms
from antiphon.content.mjml.lexer import LIQUID_RE
from antiphon.kernel import gsm7

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
        yield Finding("warning", at, "subject_long", f"{len(text)} characters: no mail client shows so many.")
    elif len(text) > SUBJECT_CHARS:
        said = f"{len(text)} characters: many lists show about {SUBJECT_CHARS}, phones fewer."
        yield Finding("hint", at, "subject_long", said)
    yield from shouting(text, at)


def shouting(text: str, at: str) -> Iterator[Finding]:
    words = re.findall(r"[^\W\d_]{4,}", text.replace(_VALUE, ""))
    loud = [word for word in words if word.isupper()]
    if len(loud) >= 2 and len(loud) * 2 > len(words):
        yield Finding("hint", at, "all_caps", "Mostly capitals: it reads like shouting, and some filters count it.")
    if "!!" in text:
        yield Finding("hint", at, "all_caps", "One exclamation mark is enough.")


def sms(form: Sms, text: str, at: str, *, marketing: bool) -> Iterator[Finding]:
    at = f"{at}.text"
    segments = gsm7.segments(text)
    if gsm7.encoding(text) == "UCS-2":
        odd = gsm7.unusual(text)
        said = f"{odd[:20]} is not in GSM-7: every segment holds 70 characters, not 160. This one costs {segments}."
        yield Finding("warning" if segments > 1 else "hint", at, "sms_ucs2", said)
    if segments >= SEGMENTS_MANY:
        yield Finding("warning", at, "sms_segments", f"{segments} segments: each is paid for.")
    elif segments > 1:
        yield Finding("hint", at, "sms_segments", f"{segments} segments: each is paid for.")
    if marketing and not _STOP.search(form.text):
        yield Finding("warning", at, "sms_way_out", "No way out is named: say how to stop, such as Reply STOP.")
    yield from shouting(text, at)


def push(form: Push, at: str) -> Iterator[Finding]:
    title, body = estimated(form.title), estimated(form.body)
    if len(title) > TITLE_CHARS:
        said = f"{len(title)} characters: a locked phone shows about {TITLE_CHARS}."
        yield Finding("hint", f"{at}.title", "push_long", said)
    if len(body) > BODY_CHARS:
        yield Finding(
            "hint", f"{at}.body", "push_long", f"{len(body)} characters: a locked phone shows about {BODY_CHARS}."
        )
    yield from shouting(title, f"{at}.title")
