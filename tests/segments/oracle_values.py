"""Values as JSON has them: where a path leads, what compares, and which of them is the first."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

INSTANT = re.compile(
    r"[0-9]{4}(-[0-9]{2}){2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
OPPOSITE = {"ne": "eq", "not_in": "in"}


def meets(thing: dict[str, Any], path: str, op: str, right: Any, moment: Any) -> bool:
    """The condition on what lies at the path. The relative ones ask `moment` for the time and the day."""
    if op in OPPOSITE:
        return not meets(thing, path, OPPOSITE[op], right, moment)
    if op == "exists" and not right:
        return not meets(thing, path, "exists", True, moment)
    return any(compares(value, op, right, moment) for value in lying_at(thing, path))


def lying_at(thing: dict[str, Any], path: str) -> list[Any]:
    """All that lies there; a null is nothing. A key of that very name goes before the path."""
    if path in thing:
        return [thing[path]]
    found: list[Any] = [thing]
    for part in path.split("."):
        key = part.removesuffix("[]")
        found = [each[key] for each in found if isinstance(each, dict) and key in each]
        if part != key:
            found = [item for each in found if isinstance(each, list) for item in each]
    return [each for each in found if each is not None]


def lying_once(thing: dict[str, Any], path: str) -> Any:
    return next((value for value in lying_at(thing, path) if value is not None), None)


def compares(left: Any, op: str, right: Any, moment: Any = None) -> bool:
    if op in OPPOSITE:
        return not compares(left, OPPOSITE[op], right, moment)
    if op == "exists":
        return bool((left is not None) == right)
    if left is None:
        return False
    if op == "eq":
        return same(left, right)
    if op == "in":
        return any(same(left, item) for item in right)
    if op == "contains":
        return contains(left, right)
    if op == "starts_with":
        return isinstance(left, str) and left.startswith(right)
    if op == "ends_with":
        return isinstance(left, str) and left.endswith(right)
    if op in ("before", "after", "within", "ago", "next", "anniversary"):
        return in_time(left, op, right, moment)
    return is_number(left) and numerically(Fraction(str(left)), op, right)


def contains(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return isinstance(left, list) and any(same(item, right) for item in left)


def in_time(left: Any, op: str, right: str, moment: Any) -> bool:
    mine = instant(left)
    if mine is None:
        return False
    if op in ("before", "after"):
        theirs = instant(right)
        return theirs is not None and (mine < theirs if op == "before" else mine > theirs)
    if op == "anniversary":
        return bool(moment.days_until_the_day_of(left[:10]) <= int(right.removesuffix("d")))
    span: timedelta = moment.long(right)
    now: datetime = moment.at
    return {"within": now - span < mine <= now, "ago": mine <= now - span, "next": now < mine <= now + span}[op]


def is_number(value: Any) -> bool:
    return type(value) in (int, float)


def numerically(left: Fraction, op: str, right: float) -> bool:
    other = Fraction(str(right))
    return {
        "eq": left == other,
        "ne": left != other,
        "gt": left > other,
        "gte": left >= other,
        "lt": left < other,
        "lte": left <= other,
    }[op]


def same(left: Any, right: Any) -> bool:
    """JSON's own: 1 is 1.0, and neither is true or "1"."""
    if is_number(left) and is_number(right):
        return Fraction(str(left)) == Fraction(str(right))
    return type(left) is type(right) and bool(left == right)


def instant(value: Any) -> datetime | None:
    """A date, or a time to the minute or finer with Z, an offset or nothing, which is UTC."""
    if not isinstance(value, str) or not INSTANT.fullmatch(value.upper()):
        return None
    try:
        found = datetime.fromisoformat(value.upper().replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def written(value: Any) -> str:
    """As the database writes it, which is how ties between events of one instant are broken."""
    return json.dumps(value, ensure_ascii=False)


def in_order(value: Any) -> tuple[int, Any]:
    """Text before numbers before booleans; text by its code points."""
    if isinstance(value, bool):
        return (2, value)
    return (1, Fraction(str(value))) if is_number(value) else (0, str(value))


def kinds(values: list[Any]) -> list[Any]:
    """One of each that are the same."""
    found: list[Any] = []
    for value in values:
        if not any(same(value, other) for other in found):
            found.append(value)
    return found


def most_frequent(values: list[Any]) -> Any:
    """Of those that are there as often, the first in order; None where there is nothing."""
    often = Counter({n: sum(same(one, each) for each in values) for n, one in enumerate(kinds(values))})
    best = [kinds(values)[n] for n, times in often.items() if times == max(often.values())]
    return min(best, key=in_order, default=None)
