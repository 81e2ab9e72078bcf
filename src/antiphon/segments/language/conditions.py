"""Conditions on traits and properties, and windows of time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any as Json  # JSON that nobody has looked at yet
from typing import Literal, get_args

from antiphon.kernel.said import worded
from antiphon.segments.language.reading import Reading, is_number, is_scalar, place
from antiphon.segments.language.rules import RELATIVE_OPS, Calendar, Condition, Op, Unit, Value, Whose, Window

CHOICES_MAX = 1000
CONDITIONS_MAX = 200
PATH_PARTS_MAX = 10
ANNIVERSARY_DAYS_MAX = 366

OPS: tuple[Op, ...] = get_args(Op)
PROPERTY_OPS = tuple(op for op in OPS if op not in RELATIVE_OPS)
UNITS_MAX: dict[Unit, int] = {"days": 36_500, "weeks": 5_200, "months": 1_200, "years": 100}
WINDOW_KEYS = ("within", "zone", "ago", "from", "to")


def condition(
    reading: Reading, value: object, at: str, *, field: Literal["trait", "property"], known: Sequence[Op] | None = None
) -> Condition:
    """`{"property", "op", "value"}`, or the same with a trait, which may also be compared with the present."""
    example = f'{{"{field}": "tier", "op": "eq", "value": "gold"}}'
    given = reading.form(value, (field, "op", "value"), at, example=example)
    name = path(reading, given.get(field), place(at, field))
    op, operand = comparison(reading, given, at, known=known or (OPS if field == "trait" else PROPERTY_OPS))
    return Condition(name, op, operand)


def conditions(reading: Reading, value: object, at: str) -> tuple[Condition, ...]:
    """`where`. Each counts as a node."""
    if not isinstance(value, list) or len(value) > CONDITIONS_MAX:
        reading.flaw(at, worded("Here stands a list of at most {most} conditions.", most=CONDITIONS_MAX))
        return ()
    reading.nodes += len(value)
    return tuple(condition(reading, item, f"{at}[{n}]", field="property") for n, item in enumerate(value))


_PART = re.compile(r"[^\[\]]+(\[\])?")


def path(reading: Reading, value: object, at: str) -> str:
    name = reading.name(value, at)
    if name.count(".") >= PATH_PARTS_MAX:
        reading.flaw(at, worded("A path has at most {most} parts.", most=PATH_PARTS_MAX))
    if "[]" in name and not all(_PART.fullmatch(part) for part in name.split(".")):
        reading.flaw(at, "In a path [] stands at the end of a part: items[].sku.")
    return name


def comparison(reading: Reading, value: Mapping[str, Json], at: str, *, known: Sequence[Op]) -> tuple[Op, Value]:
    """`op` and `value`, the value in the type that its operator compares with."""
    op = reading.choice(value.get("op"), known, place(at, "op"), kind="operator")
    given = value.get("value", True if op == "exists" else None)
    return op, _operand(reading, op, given, place(at, "value"))


def _operand(reading: Reading, op: Op, value: object, at: str) -> Value:
    if op in ("in", "not_in"):
        return _choices(reading, value, at)
    if op in ("before", "after"):
        return reading.instant(value, at)
    if op in ("within", "ago", "next"):
        return reading.duration(value, at)
    if op == "anniversary":
        return _anniversary(reading, value, at)
    if op == "exists":
        return reading.flag(value, at)
    if op in ("gt", "gte", "lt", "lte"):
        if not is_number(value):
            reading.flaw(at, "A number is needed; for dates use before or after.")
        return value if isinstance(value, int | float) else 0
    if op in ("starts_with", "ends_with"):
        if not isinstance(value, str) or "\0" in value:
            reading.flaw(at, "A text is needed.")
        return value if isinstance(value, str) else ""
    return reading.scalar(value, at)


def _choices(reading: Reading, value: object, at: str) -> Value:
    if isinstance(value, list) and 0 < len(value) <= CHOICES_MAX and all(is_scalar(item) for item in value):
        return tuple(value)
    reading.flaw(at, worded("A list of 1 to {most} texts, numbers or booleans is needed.", most=CHOICES_MAX))
    return ()


def _anniversary(reading: Reading, value: object, at: str) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,3})d", value) if isinstance(value, str) else None
    days = int(match[1]) if match else -1
    if not 0 <= days <= ANNIVERSARY_DAYS_MAX:
        reading.flaw(at, worded("Whole days from 0d (today) to {most}d are needed.", most=ANNIVERSARY_DAYS_MAX))
    return timedelta(days=max(days, 0))


def window(reading: Reading, value: Mapping[str, Json], at: str) -> Window:
    """`within`, `zone`, `ago`, `from` and `to` of an object that has other keys too."""
    found = Window(
        within=_within(reading, value, at) if "within" in value else None,
        ago=reading.duration(value["ago"], place(at, "ago")) if "ago" in value else None,
        begin=reading.instant(value["from"], place(at, "from")) if "from" in value else None,
        end=reading.instant(value["to"], place(at, "to")) if "to" in value else None,
    )
    if "zone" in value and not isinstance(found.within, Calendar):
        reading.flaw(place(at, "zone"), 'A zone belongs to a calendar window such as "within": {"days": 7}.')
    if isinstance(found.within, timedelta) and found.ago and found.within <= found.ago:
        reading.flaw(place(at, "ago"), "Nothing is in this window: ago is to be shorter than within.")
    if found.begin and found.end and found.end <= found.begin:
        reading.flaw(place(at, "to"), "Nothing is in this window: to is to be later than from.")
    return found


def _within(reading: Reading, value: Mapping[str, Json], at: str) -> timedelta | Calendar:
    given, here = value["within"], place(at, "within")
    if not isinstance(given, dict):
        return reading.duration(given, here)
    reading.keys(given, tuple(UNITS_MAX), here)
    units: list[Unit] = [unit for unit in UNITS_MAX if unit in given]
    if len(units) != 1:
        reading.flaw(here, worded("One of {known} is needed.", known=", ".join(UNITS_MAX)))
        return Calendar("days", 1)
    unit = units[0]
    whoses: tuple[Whose, ...] = get_args(Whose)
    zone = reading.choice(value.get("zone", "person"), whoses, place(at, "zone"), kind="zone")
    return Calendar(unit, reading.whole(given[unit], f"{here}.{unit}", least=1, most=UNITS_MAX[unit]), zone)
