"""Reading a server's words: `phrases.toml` says which words mean which reason."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, cast, get_args

from msgspec import Struct

from antiphon.channels.mail.records import Reason

_GAP: Final = 90
_TRIES: Final = 8
_GRAM: Final = 4
TEXT_CHARS_MAX: Final = 6_000

_ADDRESS = re.compile(r"[^\s<>()\[\]@\",;]{1,64}@[\w.-]{1,255}")
# Of a link its host tells something; its path and its question name the page of a manual, and us.
_LINK = re.compile(r"(https?://[^\s/?#]{1,200})[/?#]\S{0,600}")
# Identifiers, keys and signatures: their letters came about by chance, and may spell anything.
_BY_CHANCE = re.compile(r"(?<![\w+/=-])(?=[\w+/=-]*[a-z])(?=[\w+/=-]*[A-Z])(?=[\w+/=-]*\d)[\w+/=-]{16,}+(?!@)")
# Who spoke, as `host antispam.example.org[192.0.2.1] said`: his name says nothing about us.
_SPEAKER = re.compile(r"(?<![\w.-])(?:[\w-]{1,63}\.){1,8}[\w-]{1,63} ?\[[\d.:a-f]{3,45}\](?::\d{1,5})?")
# What Postfix says before any answer of its tables; alone, and with these words after it, it is an answer itself.
_WRAPPER = re.compile(r"recipient address rejected: (?!access denied|invalid|user\b)(?=\w)")
# A reply of several lines repeats its code on each, and reports fold these lines into one.
_REPEATED = re.compile(r"(?:(?<=\s)|^)[45]\d\d(?:-(?:[45]\.\d{1,3}\.\d{1,3}(?=\s))?| [45]\.\d{1,3}\.\d{1,3}(?=\s))")


def plain(text: str) -> str:
    """Lower case, one space between words; no addresses, identifiers, speakers or paths, and no codes in
    mid-sentence.

    "Unknown address error" is what IronPort puts before any answer it quotes.
    """
    text = _BY_CHANCE.sub(" ", text[:TEXT_CHARS_MAX]).replace("’", "'").replace("\xa0", " ").lower()
    text = _LINK.sub(r"\1 ", text)
    text = _ADDRESS.sub(" ", _SPEAKER.sub(" ", text)).replace("unknown address error", " ")
    return _WRAPPER.sub("", " ".join(_REPEATED.sub(" ", text).split()))


@lru_cache(maxsize=64)
def said(text: str) -> Reason | None:
    """The first reason one of whose phrases stands in this text (of `plain`)."""
    index = _index()
    nearby = index.always | {
        nth
        for gram in {text[at : at + _GRAM] for at in range(len(text))} & index.of_gram.keys()
        for nth in index.of_gram[gram]
    }
    return next((index.reasons[nth] for nth in sorted(nearby) if _stands(index.phrases[nth], text)), None)


class _Index(Struct, frozen=True):
    """Which phrases are worth looking for: those whose rarest few letters stand in the text."""

    reasons: list[Reason]
    phrases: list[tuple[str, ...]]
    of_gram: dict[str, list[int]]
    always: frozenset[int]


@cache
def _index() -> _Index:
    reasons: list[Reason] = []
    phrases: list[tuple[str, ...]] = []
    for section in tomllib.loads(files(__package__).joinpath("data/phrases.toml").read_text("utf-8"))["said"]:
        if section["reason"] not in get_args(Reason):
            raise ValueError(f"phrases.toml names {section['reason']!r}, which is no reason.")
        for phrase in section["phrases"]:
            reasons.append(cast(Reason, section["reason"]))
            phrases.append(tuple(phrase.split("…")))
    common = Counter(gram for phrase in phrases for gram in _grams(phrase))
    of_gram: dict[str, list[int]] = {}
    for nth, phrase in enumerate(phrases):
        if grams := _grams(phrase):
            of_gram.setdefault(min(grams, key=lambda gram: common[gram]), []).append(nth)
    found = {nth for every in of_gram.values() for nth in every}
    return _Index(reasons, phrases, of_gram, frozenset(range(len(phrases))) - found)


def _grams(phrase: tuple[str, ...]) -> list[str]:
    return [piece[at : at + _GRAM] for piece in phrase for at in range(len(piece) - _GRAM + 1)]


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
