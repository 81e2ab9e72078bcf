"""Which events a window holds, and when time alone moves one in or out, as SQL over `e.at`.

A calendar window begins at another instant in each time zone. Those instants are worked out here, not by the database:
one JSON object maps each zone to them, and a profile's own is looked up by its trait `timezone`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from antiphon.segments.engine import zones
from antiphon.segments.engine.frame import Frame
from antiphon.segments.language.rules import Calendar, Window

_DAY = timedelta(days=1)
_CLOCKS = timedelta(hours=26)
"""So much clocks, and days that a zone left out, can take of whole units."""


def _at_least(calendar: Calendar) -> timedelta:
    """So long before an event goes out of the window it came in, or longer: all units but the one that it lies in."""
    n = calendar.count - 1
    days = {"days": n, "weeks": 7 * n, "months": n * 365 // 12 - 3, "years": n * 365 - 2}[calendar.unit]
    return max(days * _DAY - _CLOCKS, timedelta())


class Bounds(Struct, frozen=True):
    """Where a calendar window begins in a zone, and when that will move next, in microseconds since 1970."""

    begin: int
    turn: int


class Span:
    """A window at the frame's instant. `person`, if needed, is a table with the `traits` of the event's profile."""

    def __init__(self, window: Window, frame: Frame) -> None:
        self.window, self.frame = window, frame
        calendar = window.within if isinstance(window.within, Calendar) else None
        self.calendar = calendar
        self.needs_person = calendar is not None and calendar.zone == "person"
        self._bounds = _bounds_of(calendar, frame.at, frame.words.zone) if calendar is not None else {}

    def since(self) -> str:
        """Earlier events are of no interest to anybody; empty: all are. A value, for partitions and rollups."""
        instant = self._since()
        return self.frame.add(instant, "timestamptz") if instant is not None else ""

    def _since(self) -> datetime | None:
        """Exclusive."""
        starts = []
        if isinstance(self.window.within, timedelta):
            starts.append(self.frame.at - self.window.within)
        elif self.window.within is not None:
            starts.append(zones.instant(min(each.begin for each in self._bounds.values()) - 1))
        if self.window.begin is not None:
            starts.append(self.window.begin - timedelta(microseconds=1))
        return max(starts, default=None)

    def recent(self, at: str = "e.at") -> str:
        """Conditions that an event meets which is in the window or will be; to be joined by AND, with one in front."""
        parts = [f"{at} > {since}"] if (since := self.since()) else []
        if self.window.end is not None:
            parts.append(f"{at} < {self.frame.add(self.window.end, 'timestamptz')}")
        if self.calendar is not None and self.needs_person:
            parts.append(f"{at} >= {self._own('begin')}")
        return "".join(f" AND {part}" for part in parts)

    def past(self, at: str = "e.at") -> str:
        """The window's end: what is later will be in it in its time."""
        return f"{at} <= {self.until()}"

    def until(self) -> str:
        return self.frame.add(self.frame.at - (self.window.ago or timedelta()), "timestamptz")

    def enters(self, at: str) -> str:
        """When an event that is later than `past` comes in."""
        return at if self.window.ago is None else f"{at} + {self.frame.add(self.window.ago, 'interval')}"

    def leaves(self, at: str) -> str | None:
        """When an event that is in the window goes out, or somewhat before; None: never."""
        within = self.window.within
        if isinstance(within, timedelta):
            return f"{at} + {self.frame.add(within, 'interval')}"
        if within is None:
            return None
        company = zones.instant(self._bounds[self.frame.words.zone].turn)
        turn = self._own("turn") if self.needs_person else self.frame.add(company, "timestamptz")
        return f"greatest({turn}, {at} + {self.frame.add(_at_least(within), 'interval')})"

    def _own(self, what: str) -> str:
        """The person's own instant; where no zone is known, or one that does not exist, the company's."""
        table = {zone: getattr(bounds, what) for zone, bounds in self._bounds.items()}
        table[""] = table[self.frame.words.zone]
        return zones.of_person(self.frame, table, "person")


_standing: dict[tuple[Calendar, str], tuple[datetime, datetime, dict[str, Bounds]]] = {}


def _bounds_of(calendar: Calendar, at: datetime, company: str) -> dict[str, Bounds]:
    return zones.standing(_standing, (calendar, company), at, lambda: _bounds_now(calendar, at, company))


def _bounds_now(calendar: Calendar, at: datetime, company: str) -> tuple[dict[str, Bounds], int]:
    wanted = zones.known() | {company} if calendar.zone == "person" else {company}
    found = {}
    for zone in wanted:
        begin, turn = zones.unit_bounds(calendar, at, zone)
        found[zone] = Bounds(zones.micros(begin), zones.micros(turn))
    return found, min(bounds.turn for bounds in found.values())
