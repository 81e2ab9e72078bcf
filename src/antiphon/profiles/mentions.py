"""How a name may be written in a text that we refused: what an erasure and an export look for there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote

from msgspec import Struct

from antiphon.kernel.records import Identifier
from antiphon.profiles.kinds import base

SHORT_CHARS = 5
DIGITS_COMPARED = 8
"""Of a phone number, from its end: without country code and trunk zero, however it is grouped."""


class Mentions(Struct, frozen=True):
    """`parts` anywhere in a text, `words` as regular expressions, `digits` among all digits of it."""

    parts: list[str]
    words: list[str]
    digits: list[str]


def mentions_of(identifiers: Iterable[Identifier]) -> Mentions:
    parts: set[str] = set()
    words: set[str] = set()
    digits: set[str] = set()
    for identifier in identifiers:
        value = identifier.value
        if len(value) < SHORT_CHARS:
            words.add(_as_a_value(value))
        else:
            in_json = (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
            parts |= {value, quote(value, safe=""), *in_json}
        if base(identifier.kind) == "phone":
            digits.add(re.sub(r"\D", "", value)[-DIGITS_COMPARED:])
    return Mentions(sorted(parts), sorted(words), sorted(digits))


def _as_a_value(value: str) -> str:
    """A short one is looked for as a whole value of JSON, or nearly every text would have it."""
    escaped = re.sub(r"(\W)", r"\\\1", value)
    return rf'"{escaped}"|[iI][dD]"\s*:\s*{escaped}\M'
