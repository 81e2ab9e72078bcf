"""What a reply asks for: to stop, to start again, to be helped; all of it or one topic.

A message is read as a whole: it must be a keyword or a short request and nothing else, so that a message that
only holds such a word ("I can't stop smiling") is never taken for one. Who writes it in words of their own
("please take me off your list") has opted out as well: `probable`, for people who look at readings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from antiphon.channels.keywords import COURTESIES, LANGUAGES, PHRASES, START_WORDS, STOP_WORDS, Keywords

CHARS_MAX = 80
"""Longer messages say more than "stop": a person should read them."""

AMBIGUOUS = ""


class Reading(StrEnum):
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    HELP = "help"


class Read(Struct, frozen=True):
    """`language` is empty where the word is the same in several. `topic`: the name of the only topic it is about."""

    kind: Reading
    language: str = AMBIGUOUS
    topic: str = ""
    probable: bool = False


def reading(text: str, *, languages: Collection[str] | None = None) -> Reading | None:
    """What the whole message asks for, or None. `languages` (of `LANGUAGES`) narrows; English always counts."""
    found = read(text, languages=languages)
    return found.kind if found else None


def read(
    text: str,
    *,
    topics: Mapping[str, str] | None = None,
    extra: Keywords | None = None,
    languages: Collection[str] | None = None,
) -> Read | None:
    """`topics`: folded name or title (`fold`) → name. `extra`: words of the operator's own."""
    words = fold(text) if len(text) <= CHARS_MAX else ""
    if not words:
        return None
    bare = _without_courtesies(words)
    known = _TABLE if languages is None else _table(frozenset({"en", *languages}))
    if extra is not None:
        known = {**known, **_words_of(extra)}
    for candidate in (words, bare, _without_repeats(words)):
        if found := known.get(candidate):
            return found
    return _about_a_topic(bare, topics or {}) or _in_words(bare, languages)


def fold(text: str) -> str:
    """Lower-case words between single spaces: compatibility forms unified, accents, punctuation and emoji gone."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    words = _APOSTROPHES.sub("", decomposed)
    kept = "".join(_kept(char) for char in words).split()
    if len(kept) > 1 and all(len(word) == 1 for word in kept):
        return "".join(kept)  # s.t.o.p
    return " ".join(kept)


def _kept(char: str) -> str:
    category = unicodedata.category(char)
    if category[0] in "LN" or category == "Mc":
        return char
    return "" if category in ("Mn", "Me", "Cf") else " "


def _about_a_topic(words: str, topics: Mapping[str, str]) -> Read | None:
    """STOP offers, START offers: one of these words and the name or title of a topic."""
    verb, _, rest = words.partition(" ")
    name = topics.get(rest) if rest else None
    if name is None:
        return None
    for kind, verbs in ((Reading.OPT_OUT, STOP_WORDS), (Reading.OPT_IN, START_WORDS)):
        if verb in verbs:
            return Read(kind, verbs[verb], topic=name)
    return None


def _in_words(words: str, languages: Collection[str] | None) -> Read | None:
    for language, phrases in _PHRASES.items():
        if (languages is None or language == "en" or language in languages) and phrases.fullmatch(words):
            return Read(Reading.OPT_OUT, language, probable=True)
    return None


def _without_courtesies(words: str) -> str:
    return " ".join(_COURTESY.sub(" ", words).split())


def _without_repeats(words: str) -> str:
    kinds = set(words.split())
    return kinds.pop() if len(kinds) == 1 else words


@lru_cache(maxsize=64)
def _table(languages: Collection[str]) -> dict[str, Read]:
    """Opt-out wins where one word means two things in two languages."""
    table: dict[str, Read] = {}
    for language in sorted(language for language in languages if language in LANGUAGES):
        for word, found in _words_of(LANGUAGES[language]).items():
            before = table.get(word)
            if before is None:
                table[word] = Read(found.kind, language)
            elif before.kind is found.kind:
                table[word] = Read(found.kind)
            else:
                table[word] = Read(min(before.kind, found.kind, key=_STRICTNESS.index))
    return table


def _words_of(keywords: Keywords) -> dict[str, Read]:
    kinds = ((Reading.HELP, keywords.help), (Reading.OPT_IN, keywords.opt_in), (Reading.OPT_OUT, keywords.opt_out))
    return {fold(word): Read(kind) for kind, words in kinds for word in words}


_STRICTNESS = (Reading.OPT_OUT, Reading.OPT_IN, Reading.HELP)
_APOSTROPHES = re.compile("['’‘ʼ`´]")
_COURTESY = re.compile(rf"^(?:(?:{'|'.join(COURTESIES)}) )+|(?: (?:{'|'.join(COURTESIES)}))+$")
_PHRASES = {language: re.compile("|".join(f"(?:{p})" for p in phrases)) for language, phrases in PHRASES.items()}
_TABLE = _table(frozenset(LANGUAGES))
