"""Patterns of SQL's LIKE, from what people type."""

from __future__ import annotations

import re

_WILD = re.compile(r"([\\%_])")


def holding(text: str) -> str:
    """For whatever has this text in it: what is a wildcard in SQL is a letter here. Empty where nothing was typed."""
    plain = _WILD.sub(r"\\\1", text.strip().replace("\0", ""))
    return f"%{plain}%" if plain else ""
