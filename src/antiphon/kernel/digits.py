"""Numbers that come as text: ids and cursors. ASCII digits alone, for `int` takes more than those."""

from __future__ import annotations

ID_MAX = 2**63 - 1
"""What a bigint of PostgreSQL holds."""
INTEGER_MAX = 2**31 - 1
_DIGITS_MAX = len(str(ID_MAX))


def number_in(text: str, *, most: int = ID_MAX) -> int | None:
    """None for what is no number from 0 to `most`."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX):
        return None
    return found if (found := int(text)) <= most else None
