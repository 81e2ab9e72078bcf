"""Reading a server's words: `phrases.toml` says which words mean which reason."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Final, cast, get_args

from antiphon.channels.mail.records import Reason

_GAP: Final = 90
_TRIES: Final = 8
TEXT_CHARS_MAX: Final = 6_000

_ADDRESS = re.compile(r"[^\s<>()\[\]@\",;]{1,64}@[\w.-]{1,255}")
_FRAGMENT = re.compile(r"(https?://[^\s#]{1,200})#\S{0,200}")
# A reply of several lines repeats its code on each, and reports fold these lines into one.
_REPEATED = re.compile(r"(?:(?<=\s)|^)[45]\d\d(?:-(?:[45]\.\d{1,3}\.\d{1,3}(?=\s))?| [45]\.\d{1,3}\.\d{1,3}(?=\s))")


def plain(text: str) -> str:
    """Lower case, one space between words; no addresses, which are not speech; no codes in mid-sentence.

    "Unknown address error" is what IronPort puts before any answer it quotes.
    """
    text = text[:TEXT_CHARS_MAX].replace("’", "'").replace("\xa0", " ").lower()
    text = _ADDRESS.sub(" ", _FRAGMENT.sub(r"\1 ", text)).replace("unknown address error", " ")
    return " ".join(_REPEATED.sub(" ", text).split())


def said(text: str) -> Reason | None:
    """The first reason one of whose phrases stands in this text (of `plain`)."""
    for reason, phrases in _table():
        if any(_stands(phrase, text) for phrase in phrases):
            return reason
    return None


@cache
def _table() -> tuple[tuple[Reason, tuple[tuple[str, ...], ...]], ...]:
    table = tomllib.loads(files(__package__).joinpath("data/phrases.toml").read_text("utf-8"))
    if not set(table) <= set(get_args(Reason)):
        raise ValueError("phrases.toml names a reason that there is not.")
    return tuple(
        (cast(Reason, reason), tuple(tuple(phrase.split("…")) for phrase in phrases))
        for reason, phrases in table.items()
    )


def _stands(phrase: tuple[str, ...], text: str) -> bool:
    at = text.find(phrase[0])
    if len(phrase) == 1 or at < 0:
        return at >= 0
    for _ in range(_TRIES):
        start = at + len(phrase[0])
        if text.find(phrase[1], start, start + _GAP + len(phrase[1])) >= 0:
            return True
        if (at := text.find(phrase[0], at + 1)) < 0:
            return False
    return False
