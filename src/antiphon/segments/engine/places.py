"""Where people live: how near that is, and what time it is there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from math import degrees
from zoneinfo import ZoneInfo

from antiphon.segments.engine import zones
from antiphon.segments.engine.answers import Answer
from antiphon.segments.engine.conditions import number_sql
from antiphon.segments.engine.frame import Frame
from antiphon.segments.language.rules import Day, LocalTime, Near

_RADIUS_KM = 6371.0088
"""The mean radius of the earth. Source: IUGG."""
_DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class IsNear(Answer):
    """By the haversine formula. Whoever lies too far to the north or south is out before any of it is worked out."""

    def __init__(self, leaf: Near, frame: Frame) -> None:
        super().__init__(frame)
        self.leaf = leaf

    def row(self) -> str:
        here = [self.frame.add(value, "float8") for value in (self.leaf.latitude, self.leaf.longitude, self.leaf.km)]
        latitude, longitude, km = here
        reach = degrees(self.leaf.km / _RADIUS_KM) + 1e-6
        south, north = max(self.leaf.latitude - reach, -90.0), min(self.leaf.latitude + reach, 90.0)
        lat, lon = (number_sql(f"(p.traits -> '{name}')") for name in ("latitude", "longitude"))
        in_reach = (
            f"{lat} BETWEEN {self.frame.add(south, 'float8')}::numeric AND {self.frame.add(north, 'float8')}::numeric"
        )
        x, y = f"({lat})::float8", f"({lon})::float8"
        chord = (
            f"sin(radians({x} - {latitude}) / 2) ^ 2"
            f" + cos(radians({latitude})) * cos(radians({x})) * sin(radians({y} - {longitude}) / 2) ^ 2"
        )
        near = f"2 * {_RADIUS_KM} * asin(least(1, sqrt({chord}))) <= {km}"
        return f"coalesce(CASE WHEN {in_reach} AND {lon} BETWEEN -360 AND 360 THEN {near} END, false)"


class IsLocalTime(Answer):
    def __init__(self, leaf: LocalTime, frame: Frame) -> None:
        super().__init__(frame)
        self.inside, self.turns = _looks(leaf, frame.at, frame.words.zone)

    def row(self) -> str:
        values, zone = self.frame.json(self.inside), "(p.traits ->> 'timezone')"
        return f"coalesce({values} -> {zone}, {values} -> '')::boolean"

    def row_timer(self) -> str | None:
        return zones.of_person(self.frame, self.turns, "p") if self.turns else None


_Looks = tuple[dict[str, bool], dict[str, int]]
_standing: dict[tuple[LocalTime, str], tuple[datetime, datetime, _Looks]] = {}


def _looks(leaf: LocalTime, at: datetime, company: str) -> _Looks:
    return zones.standing(_standing, (leaf, company), at, lambda: _looks_now(leaf, at, company))


def _looks_now(leaf: LocalTime, at: datetime, company: str) -> tuple[_Looks, int]:
    """Of each zone whether it is that time there, and when that may change, in microseconds since 1970.

    Many zones show the same time: each time is worked out once. The entry "" is the company's.
    """
    known: dict[datetime, tuple[bool, datetime | None]] = {}
    inside: dict[str, bool] = {}
    turns: dict[str, int] = {}
    for zone in zones.known() | {company}:
        wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
        if wall not in known:
            known[wall] = is_within(leaf, wall), _next_turn(leaf, wall)
        inside[zone], turn = known[wall]
        if turn is not None:
            turns[zone] = zones.micros(_unless_clocks_change(at, at + (turn - wall), zone))
    inside[""] = inside[company]
    if turns:
        turns[""] = turns[company]
    return (inside, turns), min(turns.values(), default=zones.micros(at))


def is_within(leaf: LocalTime, wall: datetime) -> bool:
    """`wall`: what clocks show, without a zone."""
    return any(begin <= wall < end for begin, end in _intervals(leaf, (wall.date() - timedelta(days=1), wall.date())))


def _next_turn(leaf: LocalTime, wall: datetime) -> datetime | None:
    """What clocks will show when it changes, if they go on as they do. Days come again after a week."""
    days = [wall.date() + timedelta(days=n) for n in range(-1, 9)]
    edges = sorted({edge for interval in _intervals(leaf, days) for edge in interval if edge > wall})
    now = is_within(leaf, wall)
    return next((edge for edge in edges if is_within(leaf, edge) is not now), None)


def _intervals(leaf: LocalTime, days: Collection[date]) -> list[tuple[datetime, datetime]]:
    past_midnight = timedelta(days=1 if leaf.end <= leaf.begin else 0)
    return [
        (datetime.combine(day, leaf.begin), datetime.combine(day, leaf.end) + past_midnight)
        for day in days
        if _DAYS[day.weekday()] in leaf.days
    ]


def _unless_clocks_change(at: datetime, turn: datetime, zone: str) -> datetime:
    """`turn`, or the instant before it at which clocks are put forward or back: what they show then is seen then."""
    tz = ZoneInfo(zone)

    def offset(instant: datetime) -> timedelta | None:
        return instant.astimezone(tz).utcoffset()

    if offset(turn) == offset(at):
        return turn
    before, after = at, turn
    while after - before > timedelta(microseconds=1):
        middle = before + (after - before) / 2
        before, after = (middle, after) if offset(middle) == offset(at) else (before, middle)
    return after
