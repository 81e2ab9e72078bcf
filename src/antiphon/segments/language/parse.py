"""From a rule document (JSON) to a rule; every flaw is named with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Any as Json
from typing import cast, get_args

import msgspec

from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.records import Channel
from antiphon.segments import rules
from antiphon.segments.rules import (
    AccountTrait,
    Condition,
    Happened,
    InAccount,
    InSegment,
    Measure,
    Reachable,
    Rule,
    Scalar,
    Steps,
    Trait,
)

DEPTH_MAX = 20
NODES_MAX = 200
STEPS_MAX = 10
CHOICES_MAX = 1000
NAME_CHARS_MAX = 200
ACCOUNT_CHARS_MAX = 1000
WITHIN_DAYS_MAX = 36_500
NUMBER_MAX = 1e300

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_OPS: tuple[str, ...] = get_args(rules.Op)
_NUMBER_OPS: tuple[str, ...] = get_args(rules.NumberOp)
_KEYS = {
    "event": ("event", "where", "within", "count", "sum"),
    "trait": ("trait", "op", "value"),
    "segment": ("segment",),
    "account": ("account",),
    "reachable": ("reachable", "topic"),
    "sequence": ("sequence", "within", "complete"),
    "all": ("all",),
    "any": ("any",),
    "not": ("not",),
}
_NEVER = Trait(Condition("", "exists", True))  # stands where a flaw was found; the rule is refused at the end


def parse_json(text: str | bytes) -> Rule:
    try:
        return parse(msgspec.json.decode(text))
    except (msgspec.DecodeError, RecursionError) as error:
        raise Invalid("The rule is not JSON.", flaws=[Flaw("", str(error))]) from error


def parse(document: object) -> Rule:
    """`{"version": 1, "rule": {…}}`, or the inner object alone. Raises Invalid with all flaws that were found."""
    reader = _Reader()
    found = reader.document(document)
    if reader.flaws:
        raise Invalid("The rule is not valid.", flaws=reader.flaws)
    return found


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


class _Reader:
    """Walks the document; `at` is always the path of what is being read."""

    def __init__(self) -> None:
        self.flaws: list[Flaw] = []
        self.nodes = 0

    def flaw(self, at: str, message: str) -> None:
        self.flaws.append(Flaw(at, message))

    def document(self, value: object) -> Rule:
        if not isinstance(value, dict):
            self.flaw("", 'A rule is an object such as {"version": 1, "rule": {…}}.')
            return _NEVER
        if "rule" not in value and "version" not in value:
            return self.rule(value, "rule", depth=1)
        self.keys(value, ("version", "rule"), "")
        if value.get("version", 1) != 1 or isinstance(value.get("version"), bool):
            self.flaw("version", "This version reads rules of version 1 only.")
        return self.rule(value.get("rule"), "rule", depth=1)

    def rule(self, value: object, at: str, *, depth: int) -> Rule:
        self.nodes += 1
        if depth > DEPTH_MAX or self.nodes > NODES_MAX:
            if not any(flaw.message.startswith("The rule is too large") for flaw in self.flaws):
                self.flaw(at, f"The rule is too large: at most {DEPTH_MAX} levels and {NODES_MAX} nodes.")
            return _NEVER
        if not isinstance(value, dict):
            self.flaw(at, 'Here stands an object such as {"event": "order completed"}.')
            return _NEVER
        kinds = [key for key in _KEYS if key in value]
        if len(kinds) != 1:
            self.unclear(value, kinds, at)
            return _NEVER
        self.keys(value, _KEYS[kinds[0]], at)
        if kinds[0] in ("all", "any", "not"):
            return self.combination(kinds[0], value[kinds[0]], f"{at}.{kinds[0]}", depth=depth)
        readers: dict[str, Callable[[Mapping[str, Json], str], Rule]] = {
            "event": self.happened,
            "trait": self.trait,
            "segment": self.in_segment,
            "account": self.account,
            "reachable": self.reachable,
            "sequence": self.steps,
        }
        return readers[kinds[0]](value, at)

    def unclear(self, value: Mapping[str, Json], kinds: Sequence[str], at: str) -> None:
        if kinds:
            self.flaw(at, f"One object says one thing, this says {' and '.join(kinds)}. Join them with all or any.")
        elif not value:
            self.flaw(at, f"An empty object says nothing: one of {', '.join(_KEYS)} is needed.")
        else:
            self.keys(value, tuple(_KEYS), at)

    def combination(self, kind: str, value: object, at: str, *, depth: int) -> Rule:
        if kind == "not":
            return rules.Not(self.rule(value, at, depth=depth + 1))
        if not isinstance(value, list) or not value:
            self.flaw(at, "Here stands a list with at least one rule.")
            return _NEVER
        parts = tuple(self.rule(part, f"{at}[{n}]", depth=depth + 1) for n, part in enumerate(value[:NODES_MAX]))
        if len(value) > NODES_MAX:
            self.flaw(at, f"The rule is too large: at most {DEPTH_MAX} levels and {NODES_MAX} nodes.")
        return rules.All(parts) if kind == "all" else rules.Any(parts)

    def happened(self, value: Mapping[str, Json], at: str) -> Rule:
        if "count" in value and "sum" in value:
            self.flaw(f"{at}.sum", "An event is counted or summed, not both; use two objects under all.")
        measure = Measure("gte", Decimal(1))
        if "sum" in value:
            measure = self.measure(value["sum"], f"{at}.sum", summed=True)
        elif "count" in value:
            measure = self.measure(value["count"], f"{at}.count", summed=False)
        return Happened(
            event=self.name(value["event"], f"{at}.event"),
            where=self.where(value.get("where", []), f"{at}.where"),
            within=self.within(value, at),
            measure=measure,
        )

    def where(self, value: object, at: str) -> tuple[Condition, ...]:
        if not isinstance(value, list) or len(value) > NODES_MAX:
            self.flaw(at, f"Here stands a list of at most {NODES_MAX} conditions.")
            return ()
        self.nodes += len(value)
        return tuple(self.condition(item, f"{at}[{n}]", field="property") for n, item in enumerate(value))

    def measure(self, value: object, at: str, *, summed: bool) -> Measure:
        if not isinstance(value, dict):
            self.flaw(at, 'Here stands an object such as {"op": "gte", "value": 3}.')
            return Measure("gte", Decimal(1))
        self.keys(value, ("property", "op", "value") if summed else ("op", "value"), at)
        op = self.op(value, _NUMBER_OPS, at)
        number = value.get("value")
        if not _is_number(number) or (not summed and (not isinstance(number, int) or not 0 <= number <= 10**9)):
            self.flaw(
                f"{at}.value", "A number is needed." if summed else "A whole number from 0 to 1000000000 is needed."
            )
            number = 0
        sum_of = self.name(value.get("property"), f"{at}.property") if summed else None
        return Measure(cast(rules.NumberOp, op), Decimal(repr(number)), sum_of)

    def trait(self, value: Mapping[str, Json], at: str) -> Rule:
        return Trait(self.condition(value, at, field="trait"))

    def condition(self, value: object, at: str, *, field: str) -> Condition:
        if not isinstance(value, dict):
            self.flaw(at, f'Here stands an object such as {{"{field}": "tier", "op": "eq", "value": "gold"}}.')
            return _NEVER.condition
        self.keys(value, (field, "op", "value"), at)
        name = self.name(value.get(field), f"{at}.{field}")
        op = self.op(value, _OPS, at)
        given = value.get("value", True if op == "exists" else None)
        return Condition(name, cast(rules.Op, op), self.operand(op, given, f"{at}.value"))

    def operand(self, op: str, value: object, at: str) -> Scalar | datetime | tuple[Scalar, ...]:
        """The value in the type that its operator compares with."""
        if op in ("in", "not_in"):
            if isinstance(value, list) and 0 < len(value) <= CHOICES_MAX and all(_is_scalar(item) for item in value):
                return tuple(value)
            self.flaw(at, f"A list of 1 to {CHOICES_MAX} texts, numbers or booleans is needed.")
        elif op in ("before", "after"):
            instant = parse_instant(value) if isinstance(value, str) else None
            if instant is not None:
                return instant
            self.flaw(at, "A date such as 2026-05-01 or a time such as 2026-05-01T12:00:00Z is needed.")
        elif op in ("gt", "gte", "lt", "lte"):
            if _is_number(value):
                return cast(int | float, value)
            self.flaw(at, "A number is needed; for dates use before or after.")
        elif op == "exists":
            if isinstance(value, bool):
                return value
            self.flaw(at, "true or false is needed.")
        elif _is_scalar(value):
            return cast(Scalar, value)
        else:
            self.flaw(at, "A text, a number or a boolean is needed; to ask whether there is a value use exists.")
        return False

    def in_segment(self, value: Mapping[str, Json], at: str) -> Rule:
        return InSegment(self.name(value["segment"], f"{at}.segment"))

    def account(self, value: Mapping[str, Json], at: str) -> Rule:
        given = value["account"]
        if isinstance(given, dict):
            return AccountTrait(self.condition(given, f"{at}.account", field="trait"))
        return InAccount(self.name(given, f"{at}.account", chars_max=ACCOUNT_CHARS_MAX))

    def reachable(self, value: Mapping[str, Json], at: str) -> Rule:
        channel = self.name(value["reachable"], f"{at}.reachable")
        if channel and channel not in list(Channel):
            self.flaw(f"{at}.reachable", f'There is no channel "{channel}".{_instead(channel, list(Channel))}')
        return Reachable(channel, self.name(value["topic"], f"{at}.topic") if "topic" in value else None)

    def steps(self, value: Mapping[str, Json], at: str) -> Rule:
        given, complete = value["sequence"], value.get("complete", True)
        if not isinstance(given, list) or not 2 <= len(given) <= STEPS_MAX:
            self.flaw(f"{at}.sequence", f"A list of 2 to {STEPS_MAX} names of events is needed.")
            given = []
        if not isinstance(complete, bool):
            self.flaw(f"{at}.complete", "true or false is needed.")
        names = tuple(self.name(name, f"{at}.sequence[{n}]") for n, name in enumerate(given))
        return Steps(names, self.within(value, at), complete is True)

    def within(self, value: Mapping[str, Json], at: str) -> timedelta | None:
        if "within" not in value:
            return None
        given = value["within"]
        within = parse_within(given) if isinstance(given, str) else None
        if within is None:
            self.flaw(f"{at}.within", f"A duration such as 90s, 15m, 504h or 21d is needed (up to {WITHIN_DAYS_MAX}d).")
        return within

    def name(self, value: object, at: str, *, chars_max: int = NAME_CHARS_MAX) -> str:
        if isinstance(value, str) and 0 < len(value) <= chars_max and "\0" not in value:
            return value
        self.flaw(at, f"A text of 1 to {chars_max} characters is needed.")
        return ""

    def op(self, value: Mapping[str, Json], known: Sequence[str], at: str) -> str:
        op = value.get("op")
        if isinstance(op, str) and op in known:
            return op
        said = f'There is no operator "{op}".{_instead(op, known)}' if isinstance(op, str) else "An operator is needed."
        self.flaw(f"{at}.op", f"{said} Known: {', '.join(known)}.")
        return known[0]

    def keys(self, value: Mapping[str, Json], known: Sequence[str], at: str) -> None:
        for key in value:
            if key not in known:
                self.flaw(f"{at}.{key}" if at else key, f'"{key}" is not known here.{_instead(key, known)}')


_ALIASES = {
    "and": "all", "or": "any", "none": "not", "=": "eq", "==": "eq", "!=": "ne", "<>": "ne", ">": "gt", ">=": "gte",
    "<": "lt", "<=": "lte", "is": "eq", "equals": "eq", "has": "contains", "nin": "not_in", "ge": "gte", "le": "lte",
    "steps": "sequence", "window": "within", "channel": "reachable", "property": "trait",
    "company": "account", "group": "account",
}  # fmt: skip


def _instead(given: str, known: Sequence[str]) -> str:
    alias = _ALIASES.get(given.lower())
    close = [alias] if alias in known else get_close_matches(given.lower(), known, n=1, cutoff=0.5)
    return f' Did you mean "{close[0]}"?' if close else ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= NUMBER_MAX


def _is_scalar(value: object) -> bool:
    return (isinstance(value, str) and "\0" not in value) or isinstance(value, bool) or _is_number(value)


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
