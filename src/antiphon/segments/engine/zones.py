"""Time zones: the calendar of each is worked out here, and looked up by the database in one JSON object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from antiphon.segments.engine.frame import Frame
from antiphon.segments.language.rules import Calendar

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_KEPT_MAX = 64
K = TypeVar("K")
V = TypeVar("V")


@cache
def known() -> frozenset[str]:
    return frozenset(available_timezones())


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def instant(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a day there. Where clocks jump over midnight, the day begins after the jump."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def standing(
    known: dict[K, tuple[datetime, datetime, V]], key: K, at: datetime, make: Callable[[], tuple[V, int]]
) -> V:
    """What `make` worked out for all zones, until the first of them turns: it says when, in microseconds since 1970.

    To go through six hundred zones for each batch would take longer than to work the batch.
    """
    found = known.get(key)
    if found is not None and found[0] <= at < found[1]:
        return found[2]
    value, turn = make()
    if len(known) >= _KEPT_MAX:
        known.clear()
    known[key] = at, instant(turn), value
    return value


def unit_bounds(calendar: Calendar, at: datetime, zone: str) -> tuple[datetime, datetime]:
    """When the last `count` units began, the present one among them, and when the present one ends."""
    today = at.astimezone(ZoneInfo(zone)).date()
    first, ahead = _unit(calendar, today)
    return midnight(first, zone), midnight(ahead, zone)


def _unit(calendar: Calendar, today: date) -> tuple[date, date]:
    n = calendar.count
    if calendar.unit == "days":
        return _back(today, n - 1), today + timedelta(days=1)
    if calendar.unit == "weeks":
        monday = today - timedelta(days=today.weekday())
        return _back(monday, 7 * (n - 1)), monday + timedelta(days=7)
    if calendar.unit == "months":
        return _month(today.year * 12 + today.month - n), _month(today.year * 12 + today.month)
    return _month(12 * (today.year - n + 1)), _month(12 * (today.year + 1))


def _back(day: date, days: int) -> date:
    return date.fromordinal(max(day.toordinal() - days, 400))


def _month(number: int) -> date:
    """The first of a month, counted from year 0."""
    number = max(number, 24)
    return date(number // 12, number % 12 + 1, 1)


def of_person(frame: Frame, table: Mapping[str, int], person: str) -> str:
    """A timestamp by the zone of `person.traits`; the entry "" is for whoever has none that exists."""
    values = frame.json(dict(table))
    zone = f"({person}.traits ->> 'timezone')"
    return f"('epoch'::timestamptz + coalesce({values} -> {zone}, {values} -> '')::bigint * interval '1 microsecond')"
