"""Names as they are searched and compared: words in lower case without accents. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

NAME_TRAITS = ("first_name", "last_name", "name", "full_name", "company", "firstName", "lastName")
BIRTHDAY_TRAITS = ("birthday", "date_of_birth", "birth_date")
POSTCODE_TRAITS = ("postcode", "postal_code", "zip", "address")
WORD_TRAITS = frozenset({*NAME_TRAITS, *BIRTHDAY_TRAITS, *POSTCODE_TRAITS})
"""Whoever changes one of these traits writes the words of the profile anew."""

WORD_CHARS_MAX = 40
WORDS_MAX = 24
_TEXT_CHARS_MAX = 500

# Letters with a stroke or a ligature: NFKD leaves them alone.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ʼ": "'", "ʻ": "'"}
)
_LETTER_OR_DIGIT = re.compile(r"[^\W_]+")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


def words(traits: Mapping[str, Any]) -> set[str]:
    """What is kept in `profile_word`: the words of all names, and the `keys` of people who may be the same."""
    found: dict[str, None] = {}
    for text in _texts(traits, NAME_TRAITS):
        found |= dict.fromkeys(split(text))
    return {*list(found)[:WORDS_MAX], *keys(traits)}


def keys(traits: Mapping[str, Any]) -> set[str]:
    """`=b1980-01-31 smith` and `=p10115 smith`: whoever shares one may be the same person.

    No word of a name begins with "=", so a search never meets them.
    """
    family = family_name(traits)
    if not family:
        return set()
    kinds = {"b": birthday(traits), "p": postcode(traits)}
    return {f"={kind}{value} {family}" for kind, value in kinds.items() if value}


def split(text: str) -> Iterator[str]:
    """`Jean-Luc O'Neil` is jean, luc, jeanluc, o, neil and oneil."""
    for piece in fold(text[:_TEXT_CHARS_MAX]).split():
        parts = [part[:WORD_CHARS_MAX] for part in _LETTER_OR_DIGIT.findall(piece)]
        yield from parts
        if len(parts) > 1:
            yield "".join(parts)[:WORD_CHARS_MAX]


def joined(text: str) -> str:
    """One word of whatever letters and digits there are: `O'Nei` is onei."""
    return "".join(_LETTER_OR_DIGIT.findall(fold(text)))[:WORD_CHARS_MAX]


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """Lower case without accents; of scripts whose vowels are marks, the consonants."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(char for char in parts if not unicodedata.category(char).startswith("M")).translate(_LETTERS)


def full_name(traits: Mapping[str, Any]) -> str:
    """What to call them; empty where no name is known."""
    first, last = ("first_name", "firstName"), ("last_name", "lastName")
    parts = [text for kinds in (first, last) for text in list(_texts(traits, kinds))[:1]]
    return next(_texts(traits, ("name", "full_name")), "") or " ".join(parts) or next(_texts(traits, ("company",)), "")


def family_name(traits: Mapping[str, Any]) -> str:
    own = next(_texts(traits, ("last_name", "lastName")), "")
    whole = next(_texts(traits, ("name", "full_name")), "").split()
    return joined(own or (whole[-1] if len(whole) > 1 else ""))


def birthday(traits: Mapping[str, Any]) -> str:
    """As 1980-01-31; empty where it is unknown or written in another way."""
    found = next((match for text in _texts(traits, BIRTHDAY_TRAITS) if (match := _DATE.match(text))), None)
    return found[0] if found else ""


def postcode(traits: Mapping[str, Any]) -> str:
    """`address` may be an object with `postalCode`, as Segment's traits have it."""
    address = traits.get("address")
    inner = address if isinstance(address, Mapping) else {}
    texts = [*_texts(traits, POSTCODE_TRAITS[:-1]), *_texts(inner, ("postalCode", "postal_code", "postcode"))]
    return joined(texts[0]) if texts else ""


def _texts(traits: Mapping[str, Any], kinds: tuple[str, ...]) -> Iterator[str]:
    for kind in kinds:
        value = traits.get(kind)
        if isinstance(value, Mapping):
            value = value.get("name")  # Segment's company is an object
        if isinstance(value, str) and value.strip():
            yield value.strip()
