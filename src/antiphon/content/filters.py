"""Filters of Liquid that are ours."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from liquid.builtin.filters import misc
from liquid.exceptions import FilterArgumentError
from liquid.undefined import is_undefined

if TYPE_CHECKING:
    from liquid import RenderContext

_NOT_IN_CSS = re.compile(r"[^\w #%.,+-]|[\r\n]")


def date(value: Any, fmt: Any, *, context: RenderContext) -> Any:
    """Liquid's `date`, where "now" is the variable `now` (product time) and a bare number is UTC."""
    if isinstance(value, str) and value in ("now", "today"):
        value = context.resolve("now", default="")
    if not is_undefined(fmt) and len(str(fmt)) > 100:
        raise FilterArgumentError("a date format has at most 100 characters", token=None)
    if isinstance(value, str) and (not value or len(value) > 64):
        return value
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**37:
        value = datetime.fromtimestamp(value, UTC)
    if isinstance(value, datetime | str | int):
        return misc.date(value, fmt, environment=context.env)
    return misc.date(value if is_undefined(value) else str(value), fmt, environment=context.env)


date.with_context = True  # type: ignore[attr-defined]  # how the library marks such filters


def css(value: Any) -> str:
    """What may stand as a value in CSS: a colour, a size, a word. No bracket, quote, colon or semicolon is left."""
    return "" if is_undefined(value) or value is None else _NOT_IN_CSS.sub("", str(value))[:100]
