"""What every reader of a rule's JSON needs: the flaws that were found, and the plain kinds of value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any as Json  # JSON that nobody has looked at yet
from typing import TypeVar

from antiphon.kernel.errors import Flaw
from antiphon.kernel.said import worded
from antiphon.segments.language.rules import Scalar

NAME_CHARS_MAX = 200
WITHIN_DAYS_MAX = 36_500
NUMBER_MAX = 1e300
FLAWS_MAX = 100

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
Choice = TypeVar("Choice", bound=str)


class Reading:
    """One document on its way to a rule. Every reader returns something; with a flaw all of it is worthless."""

    def __init__(self) -> None:
        self.flaws: list[Flaw] = []
        self.nodes = 0

    def flaw(self, at: str, message: str) -> None:
        if len(self.flaws) < FLAWS_MAX:
            self.flaws.append(Flaw(at, message))

    def keys(self, value: Mapping[str, Json], known: Sequence[str], at: str) -> None:
        for key in value:
            if key not in known and len(self.flaws) < FLAWS_MAX:
                self.flaw(
                    place(at, key), worded('"{key}" is not known here.{instead}', key=key, instead=instead(key, known))
                )

    def form(self, value: object, known: Sequence[str], at: str, *, example: str) -> dict[str, Json]:
        """An object with no other keys than these; an empty one where there is none."""
        if isinstance(value, dict):
            self.keys(value, known, at)
            return value
        self.flaw(at, worded("Here stands an object such as {example}.", example=example))
        return {}

    def name(self, value: object, at: str, *, chars_max: int = NAME_CHARS_MAX) -> str:
        if isinstance(value, str) and 0 < len(value) <= chars_max and "\0" not in value:
            return value
        self.flaw(at, worded("A text of 1 to {most} characters is needed.", most=chars_max))
        return ""

    def choice(self, value: object, known: Sequence[Choice], at: str, *, kind: str) -> Choice:
        """One of the words that are known; `kind` is what such a word is called."""
        for word in known:
            if word == value:
                return word
        if isinstance(value, str):
            said = worded(
                'There is no {kind} "{value}".{instead}', kind=kind, value=value, instead=instead(value, known)
            )
        else:
            said = worded("An {kind} is needed." if kind[0] in "aeo" else "A {kind} is needed.", kind=kind)
        self.flaw(at, worded("{said} Known: {known}.", said=said, known=", ".join(known)))
        return known[0]

    def flag(self, value: object, at: str) -> bool:
        if not isinstance(value, bool):
            self.flaw(at, "true or false is needed.")
        return value is True

    def scalar(self, value: object, at: str) -> Scalar:
        if is_scalar(value):
            return value  # type: ignore[return-value]  # is_scalar saw it
        self.flaw(at, "A text, a number or a boolean is needed; to ask whether there is a value use exists.")
        return False

    def number(self, value: object, at: str, *, least: float = -NUMBER_MAX, most: float = NUMBER_MAX) -> int | float:
        if isinstance(value, int | float) and is_number(value) and least <= value <= most:
            return value
        limits = "" if most == NUMBER_MAX else worded(" from {least:g} to {most:g}", least=least, most=most)
        self.flaw(at, worded("A number{limits} is needed.", limits=limits))
        return 0

    def whole(self, value: object, at: str, *, least: int = 0, most: int = 10**9) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.flaw(at, worded("A whole number from {least} to {most} is needed.", least=least, most=most))
        return least

    def duration(self, value: object, at: str) -> timedelta:
        found = parse_within(value) if isinstance(value, str) else None
        if found is None:
            self.flaw(
                at, worded("A duration such as 90s, 15m, 504h or 21d is needed (up to {most}d).", most=WITHIN_DAYS_MAX)
            )
        return found or timedelta(days=1)

    def instant(self, value: object, at: str) -> datetime:
        found = parse_instant(value) if isinstance(value, str) else None
        if found is None:
            self.flaw(at, "A date such as 2026-05-01 or a time such as 2026-05-01T12:00:00Z is needed.")
        return found or datetime(2000, 1, 1, tzinfo=UTC)


def place(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= NUMBER_MAX


def is_scalar(value: object) -> bool:
    return (isinstance(value, str) and "\0" not in value) or isinstance(value, bool) or is_number(value)


def parse_within(text: str) -> timedelta | None:
    """`90s 15m 504h 21d`; None for anything else."""
    match = re.fullmatch(r"([0-9]{1,10})([smhd])", text)
    if match is None:
        return None
    try:
        within = timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        return None
    return within if timedelta() < within <= timedelta(days=WITHIN_DAYS_MAX) else None


INSTANT = (
    r"\d{4}-\d{2}-\d{2}"
    r"([Tt ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)?)?"
)
"""A date, or a time of RFC 3339 whose seconds and offset may be missing; without an offset it is UTC."""


def parse_instant(text: str) -> datetime | None:
    if re.fullmatch(INSTANT, text, re.ASCII) is None:
        return None
    try:
        found = datetime.fromisoformat(text.upper())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_ALIASES = {
    "and": "all", "or": "any", "none": "not", "=": "eq", "==": "eq", "!=": "ne", "<>": "ne", ">": "gt", ">=": "gte",
    "<": "lt", "<=": "lte", "is": "eq", "equals": "eq", "has": "contains", "nin": "not_in", "ge": "gte", "le": "lte",
    "steps": "sequence", "window": "within", "since": "from", "until": "to", "before": "to", "after": "from",
    "company": "account", "group": "account", "list": "segment", "avg": "average", "mean": "average",
    "latest": "last", "earliest": "first", "mode": "most", "maximum": "max", "minimum": "min", "timezone": "zone",
    "lat": "latitude", "lon": "longitude", "lng": "longitude", "radius": "km", "percent": "random",
    "unique": "distinct",
}  # fmt: skip


def instead(given: str, known: Sequence[str]) -> str:
    word = given[:NAME_CHARS_MAX].lower()
    alias = _ALIASES.get(word)
    close = [alias] if alias in known else get_close_matches(word, known, n=1, cutoff=0.5)
    return worded(' Did you mean "{word}"?', word=close[0]) if close else ""
