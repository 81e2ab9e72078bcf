"""Rows as facts, by the map. Values in, values out; every fault raises Invalid with a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from antiphon import profiles
from antiphon.integrations.imports.mapping import EventMap, Fixed, Kind, PeopleMap, TimeMap
from antiphon.integrations.imports.source import Row, typed
from antiphon.integrations.times import after, as_number, parse_any
from antiphon.kernel.errors import Flaw, Invalid, invalid
from antiphon.kernel.records import Identifier
from antiphon.profiles import AccountFact, Fact

SOURCE = "import"
UNITS = {
    "milliseconds": timedelta(milliseconds=1),
    "seconds": timedelta(seconds=1),
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
}
_1970 = datetime(1970, 1, 1, tzinfo=UTC)


def person(row: Row, mapping: PeopleMap, *, digest: str, at: datetime) -> Fact:
    """Raises Invalid."""
    who = identifiers(row, mapping.identifiers, region=mapping.default_region)
    traits = {trait: typed(row.values[field]) for trait, field in _traits(row, mapping).items() if field in row.values}
    return Fact(
        source=SOURCE,
        message_id=_message_id(row, mapping.message_id, digest),
        at=at,
        who=who,
        traits=traits or None,
        account=_account(row, mapping.account),
    )


def _account(row: Row, field: str | None) -> AccountFact | None:
    """None for an empty cell."""
    key = as_text(row.values.get(field)) if field is not None else None
    return AccountFact(key.strip()) if isinstance(key, str) and key.strip() else None


def event(row: Row, mapping: EventMap, *, digest: str) -> Fact:
    """Raises Invalid."""
    who = identifiers(row, mapping.identifier, region=mapping.default_region)
    properties = _properties(row, mapping)
    return Fact(
        source=SOURCE,
        message_id=_message_id(row, mapping.message_id, digest),
        at=_time(row, mapping.time),
        who=who,
        event=_name(row, mapping.event),
        properties=msgspec.json.encode(properties).decode() if properties else None,
    )


def identifiers(row: Row, fields: Mapping[Kind, str], *, region: str | None) -> tuple[Identifier, ...]:
    """Whoever the row names. An address that is none refuses the row: half a person helps nobody. Raises Invalid."""
    found = []
    for kind, field in fields.items():
        value = row.values.get(field)
        if value is None or value == "":
            continue
        try:
            found.append(profiles.normalise(kind, as_text(value) if kind != "webpush" else value, region=region))
        except Invalid as error:
            raise invalid(field, error.flaws[0].message if error.flaws else error.message) from error
    if not found:
        raise Invalid("The row names nobody.", flaws=[Flaw(field, "It is empty.") for field in fields.values()])
    return tuple(found)


def as_text(value: Any) -> Any:
    """Numbers as ids become text: 17850 and 17850.0 are the same customer."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    return str(int(value)) if value == int(value) else str(value)


def _traits(row: Row, mapping: PeopleMap) -> Mapping[str, str]:
    if isinstance(mapping.traits, dict):
        return mapping.traits
    if mapping.traits is not None:
        return {field: field for field in mapping.traits}
    taken = {field for _, field in mapping.fields()}
    return {field: field for field in row.values if field not in taken}


def _properties(row: Row, mapping: EventMap) -> dict[str, Any]:
    if isinstance(mapping.properties, str):
        return _held(row.values.get(mapping.properties), mapping.properties)
    if mapping.properties is not None:
        return {field: typed(row.values[field]) for field in mapping.properties if field in row.values}
    taken = {field for _, field in mapping.fields()}
    return {field: typed(value) for field, value in row.values.items() if field not in taken}


def _held(value: Any, field: str) -> dict[str, Any]:
    """An object, or its JSON in a cell."""
    if value is None:
        return {}
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise invalid(field, "It is not JSON: {why}", why=error) from error
    if not isinstance(value, dict):
        raise invalid(field, "It is not an object.")
    return value


def _name(row: Row, event: str | Fixed) -> str:
    if isinstance(event, Fixed):
        return event.value
    name = row.values.get(event)
    if not isinstance(name, str) or not name.strip():
        raise invalid(event, "The row has no event name.")
    return name.strip()


def _message_id(row: Row, field: object, digest: str) -> str:
    if not isinstance(field, str):
        return f"{digest}:{row.line}"
    value = as_text(row.values.get(field))
    if not isinstance(value, str) or not value.strip():
        raise invalid(field, "The row has no message id.")
    return value.strip()


def _time(row: Row, time: TimeMap | str) -> datetime:
    wanted = TimeMap(time) if isinstance(time, str) else time
    value = row.values.get(wanted.field)
    try:
        if wanted.format is not None:
            return datetime.strptime(str(value).strip(), wanted.format).replace(tzinfo=UTC)
        if wanted.unit is None:
            return parse_any(value)
        number = as_number(value)
        if number is None:
            raise ValueError(f"{str(value)[:40]!r} is not a number")
        return after(_utc(wanted.epoch), UNITS[wanted.unit], number)
    except ValueError as error:
        raise invalid(wanted.field, "There is no time in it: {why}", why=error) from error


def _utc(epoch: datetime | None) -> datetime:
    if epoch is None:
        return _1970
    return epoch.replace(tzinfo=UTC) if epoch.tzinfo is None else epoch.astimezone(UTC)
