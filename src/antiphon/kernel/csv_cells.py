"""CSV that spreadsheets may open: a cell that a program would take for a formula is told as text.

What begins with = + - @, a tab or an end of line gets an apostrophe before it (OWASP, CSV injection). Bare numbers and
phone numbers stay as they are: in nothing but a sign and digits there is nothing to work out.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide forms count too
_NUMBER = re.compile(r"[+-][0-9]+(?:\.[0-9]+)?")


def guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell


def lines(rows: Iterable[Sequence[str]]) -> str:
    """Guarded rows as CSV (RFC 4180: CRLF)."""
    text = io.StringIO()
    csv.writer(text).writerows([guarded(cell) for cell in row] for row in rows)
    return text.getvalue()
