"""MAP.json: which field is what. Without one, columns with usual names are recognised.

    people: {"identifiers": {"external_id": "id", "email": "mail"}, "traits": {"age": "age"}, "default_region": "GB"}
    events: {"identifier": {"external_id": "person"}, "event": "event",
             "time": {"field": "time", "unit": "hours", "epoch": "2018-01-01T00:00:00Z"},
             "properties": "value", "message_id": ["file", "line"]}

`traits` may also be a list of fields; left out, every other field is a trait. `account` is the field with the key of
what somebody belongs to. `event` may be `{"value": "purchase"}` for all rows. `time` may be just a field: ISO 8601 or a
number of seconds, milliseconds or microseconds since 1970; a `format` is Python's strptime. `properties` is a field
that holds an object, or a list of fields; left out, every other field is one. `message_id` is a field, or
`["file", "line"]`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from antiphon.kernel.errors import Flaw, Invalid, invalid
from antiphon.kernel.http import flaw_of
from antiphon.kernel.said import worded

Kind = Literal["external_id", "email", "phone", "webpush", "anonymous_id"]
Unit = Literal["milliseconds", "seconds", "minutes", "hours", "days"]
MAP_BYTES_MAX = 1 << 20

USUAL: dict[Kind, tuple[str, ...]] = {
    "external_id": ("external_id", "user_id", "userid", "customer_id", "customerid", "person_id", "person", "id"),
    "email": ("email", "e-mail", "email_address", "mail"),
    "phone": ("phone", "phone_number", "mobile", "mobile_phone", "telephone", "msisdn"),
    "anonymous_id": ("anonymous_id", "anonymousid"),
}
USUAL_EVENT = ("event", "event_name", "event_type")
USUAL_TIME = ("timestamp", "time", "occurred_at", "created_at", "date", "at")
USUAL_MESSAGE_ID = ("message_id", "messageid", "event_id")


class TimeMap(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`unit` counts from `epoch` (default 1970-01-01)."""

    field: str
    unit: Unit | None = None
    epoch: datetime | None = None
    format: str | None = None


class Fixed(Struct, frozen=True, forbid_unknown_fields=True):
    """The same for every row."""

    value: str


class PeopleMap(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    identifiers: dict[Kind, str]
    traits: dict[str, str] | list[str] | None = None
    default_region: str | None = None
    message_id: str | list[Literal["file", "line"]] | None = None
    account: str | None = None

    def fields(self) -> list[tuple[str, str]]:
        """Every field that is named, with its place in the map."""
        traits = self.traits if isinstance(self.traits, dict) else {name: name for name in self.traits or ()}
        return [
            *((f"map.identifiers.{kind}", field) for kind, field in self.identifiers.items()),
            *((f"map.traits.{trait}", field) for trait, field in traits.items()),
            *([("map.account", self.account)] if self.account is not None else []),
            *([("map.message_id", self.message_id)] if isinstance(self.message_id, str) else []),
        ]


class EventMap(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    identifier: dict[Kind, str]
    event: str | Fixed
    time: TimeMap | str
    properties: str | list[str] | None = None
    message_id: str | list[Literal["file", "line"]] | None = None
    default_region: str | None = None

    def fields(self) -> list[tuple[str, str]]:
        """Every field that is named, with its place in the map."""
        properties = [self.properties] if isinstance(self.properties, str) else self.properties or []
        return [
            *((f"map.identifier.{kind}", field) for kind, field in self.identifier.items()),
            *([("map.event", self.event)] if isinstance(self.event, str) else []),
            ("map.time", self.time if isinstance(self.time, str) else self.time.field),
            *(("map.properties", field) for field in properties),
            *([("map.message_id", self.message_id)] if isinstance(self.message_id, str) else []),
        ]


M = TypeVar("M", PeopleMap, EventMap)


def read_map(path: Path, kind: type[M]) -> M:
    """Raises Invalid that says where the map is wrong."""
    try:
        with path.open("rb") as file:
            written = file.read(MAP_BYTES_MAX)
        return msgspec.json.decode(written, type=kind)
    except OSError as error:
        raise Invalid("{path} cannot be read: {why}", path=path, why=error.strerror or error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        flaw = flaw_of(str(error))
        raise Invalid(
            "{name} is not a map.", flaws=[Flaw(f"map.{flaw.at}".rstrip("."), flaw.message)], name=path.name
        ) from error


def check_people(mapping: PeopleMap, columns: Sequence[str]) -> None:
    if not mapping.identifiers:
        raise invalid("map.identifiers", "Name at least one field that says who a row is about.")
    _check(mapping, columns)


def check_events(mapping: EventMap, columns: Sequence[str]) -> None:
    if not mapping.identifier:
        raise invalid("map.identifier", "Name at least one field that says who an event is about.")
    time = mapping.time
    if isinstance(time, TimeMap) and time.format is not None and time.unit is not None:
        raise invalid("map.time", "A time has a unit or a format, not both.")
    if isinstance(time, TimeMap) and time.epoch is not None and time.unit is None:
        raise invalid("map.time.unit", "An epoch needs a unit.")
    _check(mapping, columns)


def _check(mapping: PeopleMap | EventMap, columns: Sequence[str]) -> None:
    if isinstance(mapping.message_id, list) and mapping.message_id != ["file", "line"]:
        raise invalid("map.message_id", 'Either the name of a field or ["file", "line"].')
    region = mapping.default_region
    if region is not None and not (len(region) == 2 and region.isascii() and region.isalpha()):
        raise invalid(
            "map.default_region", "{region!r} is not a country of two letters, such as GB.", region=region[:20]
        )
    missing = [
        Flaw(at, worded("There is no column {name!r}.", name=field))
        for at, field in mapping.fields()
        if field not in columns
    ]
    if columns and missing:
        raise Invalid("The file has other columns: {known}.", flaws=missing, known=", ".join(columns[:30]))


def guess_people(columns: Sequence[str]) -> PeopleMap:
    identifiers = _identifiers(columns)
    if not identifiers:
        raise Invalid(
            "No column says who a row is about; give a map. The columns are {known}.", known=", ".join(columns[:30])
        )
    return PeopleMap(identifiers)


def guess_events(columns: Sequence[str]) -> EventMap:
    message_id = _first(columns, USUAL_MESSAGE_ID)
    identifiers = _identifiers([name for name in columns if name != message_id])
    event, time = _first(columns, USUAL_EVENT), _first(columns, USUAL_TIME)
    if not identifiers or event is None or time is None:
        missing = {"who": identifiers, "event": event, "time": time}
        absent = ", ".join(name for name, found in missing.items() if not found)
        raise Invalid(
            "No column says {absent}; give a map. The columns are {known}.",
            absent=absent,
            known=", ".join(columns[:30]),
        )
    return EventMap(identifiers, event, time, _first(columns, ("properties",)), message_id)


def _identifiers(columns: Sequence[str]) -> dict[Kind, str]:
    found = {kind: _first(columns, names) for kind, names in USUAL.items()}
    return {kind: column for kind, column in found.items() if column is not None}


def _first(columns: Collection[str], names: Sequence[str]) -> str | None:
    lowered = {column.lower().replace(" ", "_"): column for column in columns}
    return next((lowered[name] for name in names if name in lowered), None)
