"""Which column is what, by its name and by what is in it: a guess with how sure it is, for a person to look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from antiphon import profiles
from antiphon.integrations.imports import mapping as maps
from antiphon.integrations.imports.facts import as_text
from antiphon.integrations.imports.mapping import EventMap, Fixed, Kind, PeopleMap, TimeMap
from antiphon.integrations.imports.source import Row
from antiphon.integrations.times import parse_any
from antiphon.kernel.errors import Invalid

Part = Literal["identifier", "trait", "event", "time", "property", "account", "message_id"]
SAMPLES = 3
GUESSED_BY = 50
"""So many rows say what a column holds that has no usual name: there may be a thousand columns."""
COLUMNS_MAX = 1_000
SAMPLE_CHARS = 80
_BY_NAME, _BY_VALUES, _DEFAULT = 0.6, 0.5, 0.5
_NAME_ALONE = 0.2
"""What a column's name says is halved by contents that do not fit, and a name that says nothing by contents that do."""


class Column(Struct, frozen=True):
    """`part` is what the map makes of it; None: nothing. `kind` is that of an identifier. `samples`: the first values
    that are not empty. `filled`: of the rows looked at, the share that has a value."""

    name: str
    part: Part | None
    kind: str | None
    confidence: float
    samples: list[str]
    filled: float


def guess(
    kind: Literal["people", "events"], columns: Sequence[str], rows: Sequence[Row]
) -> PeopleMap | EventMap | None:
    """By usual names; where they say nothing of who it is about, by contents. None: nothing can be guessed."""
    try:
        return maps.guess_people(columns) if kind == "people" else maps.guess_events(columns)
    except Invalid:
        kinds: tuple[Kind, ...] = ("phone", "email")
        rows = rows[:GUESSED_BY]
        identifiers = {of: name for name in reversed(columns) for of in kinds if _share(rows, name, of) > 0.8}
    if kind == "people":
        return PeopleMap(identifiers) if identifiers else None
    time = next((name for name in columns if _share(rows, name, "time") > 0.8), None)
    event = next((name for name in columns if name.lower() in maps.USUAL_EVENT), None)
    return EventMap(identifiers, event or Fixed("imported"), time) if identifiers and time else None


def columns_of(columns: Sequence[str], rows: Sequence[Row], mapping: PeopleMap | EventMap | None) -> list[Column]:
    """Each column as the map has it."""
    parts = _parts(mapping, columns)
    return [_column(name, rows, parts.get(name)) for name in columns if name]


def with_region(mapping: PeopleMap | EventMap | None, region: str | None) -> PeopleMap | EventMap | None:
    return replace(mapping, default_region=region) if mapping is not None and region else mapping


def _column(name: str, rows: Sequence[Row], found: tuple[Part, str | None] | None) -> Column:
    values = [row.values[name] for row in rows if row.values.get(name) not in (None, "")]
    samples = [str(value)[:SAMPLE_CHARS] for value in dict.fromkeys(map(str, values))][:SAMPLES]
    part, kind = found or (None, None)
    filled = round(len(values) / len(rows), 3) if rows else 0.0
    return Column(name, part, kind, _confidence(name, rows, part, kind), samples, filled)


def _confidence(name: str, rows: Sequence[Row], part: Part | None, kind: str | None) -> float:
    if part is None:
        return 0.0
    by_contents = {"time": "time", "identifier": kind if kind in ("email", "phone") else None}.get(part)
    is_usual = _is_usual(name, part, kind)
    if by_contents is None:
        return 0.9 if is_usual else _DEFAULT
    share = _share(rows, name, by_contents)
    return round((_BY_NAME if is_usual else _NAME_ALONE) * (0.5 + share / 2) + (_BY_VALUES - 0.1) * share, 2)


def _is_usual(name: str, part: Part, kind: str | None) -> bool:
    plain = name.lower().replace(" ", "_")
    names: Mapping[str, Sequence[str]] = {
        "identifier": maps.USUAL.get(kind, ()) if kind in maps.USUAL else (),
        "event": maps.USUAL_EVENT,
        "time": maps.USUAL_TIME,
        "message_id": maps.USUAL_MESSAGE_ID,
    }
    return plain in names.get(part, ())


def _share(rows: Sequence[Row], name: str, of: str) -> float:
    """Of the values of a column, those that read as what it is asked to be."""
    values = [row.values[name] for row in rows if row.values.get(name) not in (None, "")]
    read = _READERS[of]
    return sum(_reads(read, value) for value in values) / len(values) if values else 0.0


def _reads(read: Callable[[Any], object], value: Any) -> bool:  # Any: JSON
    try:
        read(value)
    except (Invalid, ValueError, TypeError, OverflowError):
        return False
    return True


def _email(value: Any) -> object:  # Any: JSON
    return profiles.normalise("email", as_text(value))


def _phone(value: Any) -> object:  # Any: JSON
    """National numbers are as good as any, where it is only asked whether it is one."""
    return profiles.normalise("phone", as_text(value), region="US")


def _time(value: Any) -> object:  # Any: JSON
    if isinstance(value, str) and not any(sign in value for sign in "-:T"):
        raise ValueError("a bare number is seldom a time")
    return parse_any(value)


_READERS: dict[str, Callable[[Any], object]] = {"email": _email, "phone": _phone, "time": _time}


def _parts(mapping: PeopleMap | EventMap | None, columns: Sequence[str]) -> dict[str, tuple[Part, str | None]]:
    if mapping is None:
        return {}
    people = isinstance(mapping, PeopleMap)
    who = mapping.identifiers if isinstance(mapping, PeopleMap) else mapping.identifier
    found: dict[str, tuple[Part, str | None]] = {field: ("identifier", kind) for kind, field in who.items()}
    rest: Part = "trait" if people else "property"
    if isinstance(mapping, PeopleMap) and mapping.account is not None:
        found.setdefault(mapping.account, ("account", None))
    if isinstance(mapping, EventMap):
        time = mapping.time.field if isinstance(mapping.time, TimeMap) else mapping.time
        found.setdefault(time, ("time", None))
        if isinstance(mapping.event, str):
            found.setdefault(mapping.event, ("event", None))
    if isinstance(mapping.message_id, str):
        found.setdefault(mapping.message_id, ("message_id", None))
    named = _named(mapping, columns)
    return {**dict.fromkeys(named, (rest, None)), **found}


def _named(mapping: PeopleMap | EventMap, columns: Sequence[str]) -> Sequence[str]:
    """Traits or properties that the map names; without any, every column."""
    wanted = mapping.traits if isinstance(mapping, PeopleMap) else mapping.properties
    if wanted is None:
        return columns
    if isinstance(wanted, str):
        return [wanted]
    return list(wanted.values()) if isinstance(wanted, dict) else wanted
