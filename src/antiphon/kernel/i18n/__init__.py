"""Words that people read, by language: flat JSON files, one a screen, the same in all down to the placeholders.

The browser app is built with the same files (`web/`).

    translate("fr", "unsubscribe.title", brand="Green Grocer")

A placeholder is `{name}`. A test holds the files to each other.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

import msgspec

DEFAULT = "en"
LOCALES = ("en", "es", "fr")
_HEADER_CHARS_MAX = 1_000
_QUALITY = re.compile(r"q=(0(?:\.\d{1,3})?|1(?:\.0{1,3})?)")


def translate(locale: str, key: str, /, **values: object) -> str:
    """English where there is no such language. Raises KeyError for a key or placeholder that is missing."""
    return words(locale if locale in LOCALES else DEFAULT)[key].format(**values)


@cache
def words(locale: str) -> dict[str, str]:
    """Of all files. Raises ValueError for a key that stands in two."""
    found: dict[str, str] = {}
    for file in resources.files(__name__).joinpath(locale).iterdir():
        more = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
        if twice := found.keys() & more.keys():
            raise ValueError(f"{locale}/{file.name} has again: {', '.join(sorted(twice))}")
        found |= more
    return found


def choose(accept_language: str) -> str:
    """The language that an Accept-Language header (RFC 9110 12.5.4) likes best among ours."""
    liked: list[tuple[float, int, str]] = []
    for n, item in enumerate(accept_language[:_HEADER_CHARS_MAX].split(",")):
        tag, _, parameter = item.partition(";")
        language = tag.strip().lower().split("-")[0]
        match = _QUALITY.fullmatch(parameter.strip())
        quality = float(match.group(1)) if match else 1.0
        if language in LOCALES and quality > 0:
            liked.append((-quality, n, language))
    return min(liked)[2] if liked else DEFAULT
