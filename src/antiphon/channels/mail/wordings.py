"""How letters of machines are known: the lists of `wordings.toml`, each as one pattern."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Final, Literal

Wording = Literal["machine", "away_subject", "away_text", "failure_subject", "failure_text", "delay"]

TEXT_CHARS_MAX: Final = 4_000


def speaks(wording: Wording, text: str) -> bool:
    """One of the wordings stands in the beginning of this text; those of `away_subject` at its very start."""
    text = " ".join(text[:TEXT_CHARS_MAX].split())
    pattern = _pattern(wording)
    return bool(pattern.match(text) if wording == "away_subject" else pattern.search(text))


@cache
def _pattern(wording: Wording) -> re.Pattern[str]:
    table = tomllib.loads(files(__package__).joinpath("data/wordings.toml").read_text("utf-8"))
    return re.compile("|".join(f"(?:{one})" for one in table[wording]), re.IGNORECASE)
