"""The kinds of value that stand in a rule in words. Each is read and written side by side."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any as Json  # JSON: what it is depends on the kind
from typing import NamedTuple

from antiphon.kernel.said import worded
from antiphon.segments.language.conditions import UNITS_MAX
from antiphon.segments.language.text_reader import PLAIN_DURATION, PLAIN_INSTANT, PLAIN_NAME, RESERVED, Reader, quoted

DIGITS_MAX = 1000


class Kind(NamedTuple):
    """`write` answers the words in pieces, between which a line may be broken; None for a value that goes unsaid."""

    read: Callable[[Reader], Json]
    write: Callable[[Json], list[str] | None]


def behind(words: str, pieces: list[str]) -> list[str]:
    """The pieces with these words before them, on one line with the first."""
    return [f"{words} {pieces[0]}", *pieces[1:]] if pieces else [words]


def _read_name(reader: Reader) -> str:
    if (text := reader.take_text()) is not None:
        return text
    if reader.token.text not in RESERVED and (word := reader.take_kind("word")) is not None:
        return word
    if reader.take("*"):
        return "*"
    raise reader.expect("a name (in quotes where it is not a plain word)")


def _write_name(value: str) -> list[str]:
    plain = value == "*" or (re.fullmatch(PLAIN_NAME, value) and value not in RESERVED)
    return [value if plain else quoted(value)]


def _number(text: str) -> int | float:
    """A whole number stays one. What is too long to be one is too large for a rule as well: `parse` says so."""
    return float(text) if re.search("[.eE]", text) or len(text) > DIGITS_MAX else int(text)


def _read_number(reader: Reader) -> int | float:
    if (text := reader.take_kind("number")) is None:
        raise reader.expect("a number")
    return _number(text)


def _with_unit(kind: str, unit: str, example: str) -> Kind:
    def read(reader: Reader) -> int | float:
        if (text := reader.take_kind(kind)) is None:
            raise reader.expect(worded("a number with {unit} such as {example}", unit=unit, example=example))
        return _number(text.removesuffix(unit))

    return Kind(read, lambda value: [json.dumps(value) + unit])


def _read_scalar(reader: Reader) -> Json:
    if (text := reader.take_text()) is not None:
        return text
    if (text := reader.take_kind("number")) is not None:
        return _number(text)
    for word in ("true", "false"):
        if reader.take(word):
            return word == "true"
    raise reader.expect('a text in quotes such as "gold", a number')


def _write_scalar(value: Json) -> list[str]:
    return [json.dumps(value, ensure_ascii=False)]


def _as_it_is(kind: str, plain: str, expected: str) -> Kind:
    """A token that JSON has as a text."""

    def read(reader: Reader) -> str:
        if (text := reader.take_text()) is not None:
            return text
        if (text := reader.take_kind(kind)) is not None:
            return text
        raise reader.expect(expected)

    return Kind(read, lambda value: [value if re.fullmatch(plain, value) else quoted(value)])


def listed(kind: Kind, *, between: str = ",") -> Kind:
    """In parentheses."""

    def read(reader: Reader) -> list[Json]:
        reader.need("(")
        found = [reader.read("[0]", kind.read)]
        while not reader.take(")"):
            reader.need(between)
            found.append(reader.read(f"[{len(found)}]", kind.read))
        return found

    def write(value: Sequence[Json]) -> list[str]:
        pieces: list[str] = []
        for n, item in enumerate(value):
            more = kind.write(item) or []
            if n and between == ",":
                pieces[-1] += ","
            elif n:
                more = behind(between, more)
            pieces += more
        return [f"({pieces[0]}", *pieces[1:-1], f"{pieces[-1]})"] if pieces[1:] else [f"({pieces[0]})"]

    return Kind(read, write)


NAME = Kind(_read_name, _write_name)
NUMBER = Kind(_read_number, _write_scalar)
PERCENT = _with_unit("percent", "%", "10%")
KM = _with_unit("km", "km", "25km")
SCALAR = Kind(_read_scalar, _write_scalar)
SCALARS = listed(SCALAR)
DURATION = _as_it_is("duration", PLAIN_DURATION, "a duration such as 7d")
INSTANT = _as_it_is("instant", PLAIN_INSTANT, "a date such as 2026-05-01")


def _read_names(reader: Reader) -> Json:
    return listed(NAME).read(reader) if reader.sees("(") else NAME.read(reader)


def _write_names(value: Json) -> list[str] | None:
    return (listed(NAME) if isinstance(value, list) else NAME).write(value)


NAMES = Kind(_read_names, _write_names)


def _read_within(reader: Reader) -> Json:
    if (text := reader.take_kind("number")) is None:
        return DURATION.read(reader)
    reader.need("calendar")
    for unit in UNITS_MAX:
        if reader.take(unit) or reader.take(unit.removesuffix("s")):
            return {unit: _number(text)}
    raise reader.refusal()


def _write_within(value: Json) -> list[str] | None:
    if isinstance(value, str):
        return DURATION.write(value)
    ((unit, count),) = value.items()
    return [f"{count} calendar {unit.removesuffix('s') if count == 1 else unit}"]


WITHIN = Kind(_read_within, _write_within)


def _read_near(reader: Reader) -> Json:
    found = {"latitude": reader.read(".latitude", _read_number)}
    if reader.sees(","):  # as maps write it
        reader.need(",")
    found["longitude"] = reader.read(".longitude", _read_number)
    return found | {"km": reader.read(".km", KM.read)}


def _write_near(value: Json) -> list[str]:
    return [f"{json.dumps(value['latitude'])} {json.dumps(value['longitude'])} {json.dumps(value['km'])}km"]


NEAR = Kind(_read_near, _write_near)


def _read_hours(reader: Reader) -> Json:
    if (text := reader.take_kind("hours")) is None:
        raise reader.expect("times such as 09:00-18:00")
    begin, _, end = (part.strip() for part in text.partition("-"))
    found: dict[str, Json] = {"from": begin, "to": end}
    if reader.take("on"):
        found["days"] = reader.read(".days", _read_days)
    return found


def _read_days(reader: Reader) -> list[str]:
    days = [reader.read("[0]", _read_name)]
    while reader.token.kind == "word" and reader.token.text not in RESERVED:
        days.append(reader.read(f"[{len(days)}]", _read_name))
    return days


def _write_hours(value: Json) -> list[str]:
    days = f" on {' '.join(value['days'])}" if "days" in value else ""
    return [f"{value['from']}-{value['to']}{days}"]


HOURS = Kind(_read_hours, _write_hours)


def said(what: bool) -> Kind:
    """A word that stands for true or for false."""
    return Kind(lambda _: what, lambda value: [] if value is what else None)
