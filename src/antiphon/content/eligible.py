"""Whom a message may go to, as its document says it. Whoever decides asks; here it is only read."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from antiphon.content.message import BetterThan, Eligible
from antiphon.kernel.said import worded

NAMES_MAX = 20
NAME_CHARS_MAX = 200

Add = Callable[[str, str], None]
"""Notes a flaw: where, what."""


def parse(given: Any, add: Add) -> Eligible | None:
    if given is None:
        return None
    if not isinstance(given, dict):
        add("eligible", "An object is needed with in, not_in, better_than.")
        return None
    for key in given:
        if key not in ("in", "not_in", "better_than"):
            add(f"eligible.{key}", "There is no such field; known here: in, not_in, better_than.")
    inside, outside = (_names(given.get(key), f"eligible.{key}", add) for key in ("in", "not_in"))
    for name in sorted({*inside} & {*outside}):
        add("eligible.not_in", worded("{name} stands in `in` as well: nobody could be eligible.", name=name))
    better = _better(given.get("better_than"), add)
    return Eligible(inside, outside, better) if inside or outside or better else None


def _names(given: Any, at: str, add: Add) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > NAMES_MAX:
        add(at, worded("A list of at most {most} names of segments.", most=NAMES_MAX))
        return ()
    for n, name in enumerate(given):
        if not isinstance(name, str) or not name.strip() or len(name) > NAME_CHARS_MAX:
            add(f"{at}[{n}]", worded("The name of a segment has 1 to {most} characters.", most=NAME_CHARS_MAX))
    return tuple(dict.fromkeys(name for name in given if isinstance(name, str)))


def _better(given: Any, add: Add) -> BetterThan | None:
    if given is None:
        return None
    at = "eligible.better_than"
    if not isinstance(given, dict):
        add(at, 'An object is needed, such as {"trait": "discount_percent", "value": 20}.')
        return None
    for key in given:
        if key not in ("trait", "value"):
            add(f"{at}.{key}", "There is no such field; known here: trait, value.")
    trait, value = given.get("trait"), given.get("value")
    if not isinstance(trait, str) or not trait.strip() or len(trait) > NAME_CHARS_MAX:
        add(f"{at}.trait", worded("The name of a trait has 1 to {most} characters.", most=NAME_CHARS_MAX))
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
        add(f"{at}.value", "A number is needed.")
        return None
    return BetterThan(trait, float(value))


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
