"""What the profile's own row says, and what it said before."""

from __future__ import annotations

from calendar import isleap
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from antiphon.segments.engine import zones
from antiphon.segments.engine.answers import Answer
from antiphon.segments.engine.conditions import condition_sql, instant_sql, items_sql, path_sql
from antiphon.segments.engine.frame import Frame
from antiphon.segments.language.rules import RELATIVE_OPS, Calendar, Changed, Random, Trait

_FAR = "'9000-01-01 00:00:00+00'"
"""Dates that mean never (9999-12-31) wait for nothing: their turn may be later than any date there is."""
_YEAR_DAYS = 366
_EASTERNMOST = "interval '16 hours'"
"""A day begins nowhere so long before it begins in UTC."""


class OfTrait(Answer):
    """`column` has the traits that are asked about; whose day it is, `p` says."""

    def __init__(self, leaf: Trait, frame: Frame, *, column: str = "p.traits") -> None:
        super().__init__(frame)
        self.column = column
        self.condition = leaf.condition
        self.relative = leaf.condition.op in RELATIVE_OPS

    def row(self) -> str:
        if not self.relative:
            return condition_sql(self.condition, self.column, self.frame)
        if self.condition.op == "anniversary":
            holds = self._comes()
        else:
            begin, end = self._range()
            holds = f"coalesce({self._instant()} <@ tstzrange({begin}, {end}, '(]'), false)"
        return f"EXISTS (SELECT{self._items()} WHERE {holds})" if "[]" in self.condition.field else f"({holds})"

    def row_timer(self) -> str | None:
        if not self.relative:
            return None
        if self.condition.op == "anniversary":
            return self._next_day()
        moments = f"SELECT {self._instant()} AS at{self._items()} OFFSET 0"
        return f"(SELECT min({self._turns()}) FROM ({moments}) m WHERE m.at < {_FAR})"  # noqa: S608 - our own words

    # ---- durations ----

    @property
    def _duration(self) -> timedelta:
        assert isinstance(self.condition.value, timedelta)
        return self.condition.value

    def _edge(self, away: timedelta) -> str:
        return self.frame.add(self.frame.at + away, "timestamptz")

    def _range(self) -> tuple[str, str]:
        """The instants that the condition holds for: after the first, up to and with the second."""
        if self.condition.op == "within":
            return self._edge(-self._duration), self.frame.now
        if self.condition.op == "ago":
            return "NULL", self._edge(-self._duration)
        return self.frame.now, self._edge(self._duration)

    def _turns(self) -> str:
        """When an instant `m.at` comes in, else when it goes out."""
        after = self.frame.add(self._duration, "interval")
        if self.condition.op == "next":
            comes = f"WHEN m.at > {self._edge(self._duration)} THEN m.at - {after}"
            return f"CASE {comes} WHEN m.at > {self.frame.now} THEN m.at END"
        goes = f"WHEN m.at > {self._edge(-self._duration)} THEN m.at + {after}"
        comes = f"WHEN m.at > {self.frame.now} THEN m.at" if self.condition.op == "within" else ""
        return f"CASE {comes} {goes} END"

    # ---- anniversaries ----

    def _comes(self) -> str:
        """The few whose day comes are looked at again: it must be a date."""
        return f"CASE WHEN {self._days_until()} <= {self._ahead} THEN {self._instant()} IS NOT NULL ELSE false END"

    def _next_day(self) -> str:
        """The midnight on which the answer may turn, or somewhat before: when a day begins is known of the next."""
        midnight = zones.of_person(self.frame, _calendar(self.frame.at, self.frame.words.zone).midnight, "p")
        today = f"{self._today()}::timestamp AT TIME ZONE 'UTC'"
        days = f"SELECT CASE WHEN {self._instant()} IS NOT NULL THEN {self._days_until()} END AS days{self._items()}"
        turn = f"CASE WHEN m.days <= {self._ahead} THEN m.days + 1 ELSE m.days - {self._ahead} END"
        early = f"{today} + {turn} * interval '1 day' - {_EASTERNMOST}"
        return f"(SELECT min(greatest({midnight}, {early})) FROM ({days} OFFSET 0) m WHERE m.days IS NOT NULL)"  # noqa: S608 - our own words

    @property
    def _ahead(self) -> str:
        return self.frame.add(self._duration.days, "integer")

    def _days_until(self) -> str:
        """In how many days the month and day come again that are written, whatever time follows them."""
        days = self.frame.json(_calendar(self.frame.at, self.frame.words.zone).days_until)
        return f"({days} ->> ({self._today()} || substr({self._value()} #>> '{{}}', 5, 6)))::integer"

    def _today(self) -> str:
        today = self.frame.json(_calendar(self.frame.at, self.frame.words.zone).today)
        return f"coalesce({today} ->> (p.traits ->> 'timezone'), {today} ->> '')"

    # ---- the value, or each value of a list ----

    def _instant(self) -> str:
        return instant_sql(self._value())

    def _value(self) -> str:
        return "v.value" if "[]" in self.condition.field else path_sql(self.column, self.condition.field, self.frame)

    def _items(self) -> str:
        if "[]" not in self.condition.field:
            return ""
        return f" FROM {items_sql(self.column, self.condition.field, self.frame)} v"


class InPart(Answer):
    """The bounds are worked out exactly: parts that touch neither meet nor leave a gap."""

    def __init__(self, leaf: Random, frame: Frame) -> None:
        super().__init__(frame)
        first = Decimal(repr(leaf.first))
        self.begin, self.end = (ceil(part * 2**32 / 100) for part in (first, first + Decimal(repr(leaf.share))))
        self.seed = leaf.seed

    def row(self) -> str:
        digest = f"md5({self.frame.add(self.seed, 'text')} || ':' || p.id)"
        number = f"('x' || substr({digest}, 1, 8))::bit(32)::bigint"
        # one comparison, so that the hash is made once
        return f"{number} <@ int8range({self.frame.add(self.begin, 'bigint')}, {self.frame.add(self.end, 'bigint')})"


class HasChanged(Answer):
    """What a trait was is known from the changes that were noted, by when we learnt of them."""

    def __init__(self, leaf: Changed, frame: Frame) -> None:
        super().__init__(frame)
        self.leaf = leaf

    def differing(self) -> str:
        recent = ""
        if self.leaf.within is not None:
            recent = f" AND c.at > {self.frame.add(self.frame.at - self.leaf.within, 'timestamptz')}"
        return f"SELECT DISTINCT c.bucket, c.profile_id {self._changes()} AND c.at <= {self.frame.now}{recent}"

    def timers(self) -> str:
        """Until when the last change counts; and changes that are still to come, seen from an earlier instant."""
        now = self.frame.now
        turns = [f"min(c.at) FILTER (WHERE c.at > {now})"]
        if self.leaf.within is not None:
            over = f"c.at + {self.frame.add(self.leaf.within, 'interval')}"
            turns.append(f"max({over}) FILTER (WHERE c.at <= {now} AND {over} > {now})")
        return (
            f"SELECT c.bucket, c.profile_id, least({', '.join(turns)}) AS timer_at {self._changes()}"
            " GROUP BY c.bucket, c.profile_id"
        )

    def _changes(self) -> str:
        """The history is kept by number, also of numbers that lead elsewhere: these are nobody."""
        trait = self.frame.add(self.leaf.trait, "text")
        text = (
            f"FROM known_trait_change c JOIN {self.frame.people} p ON p.bucket = c.bucket AND p.id = c.profile_id"
            f" WHERE c.before ? {trait}"
        )
        for row, value in (("c.before", self.leaf.before), ("p.traits", self.leaf.after)):
            if value is not None:
                text += f" AND {row} -> {trait} = {self.frame.add(msgspec.json.encode(value).decode(), 'jsonb')}"
        return text


class _Calendar(Struct, frozen=True):
    """`today` and `midnight`, when it ends (in microseconds since 1970), by zone; "" is the company's.

    `days_until` says from `2026-02-27-03-01`, a day and a month and day, that it is two days to that.
    """

    today: dict[str, str]
    midnight: dict[str, int]
    days_until: dict[str, int]


_standing: dict[str, tuple[datetime, datetime, _Calendar]] = {}


def _calendar(at: datetime, company: str) -> _Calendar:
    return zones.standing(_standing, company, at, lambda: _calendar_now(at, company))


def _calendar_now(at: datetime, company: str) -> tuple[_Calendar, int]:
    today: dict[str, str] = {}
    midnight: dict[str, int] = {}
    for zone in zones.known() | {company}:
        today[zone] = at.astimezone(ZoneInfo(zone)).date().isoformat()
        midnight[zone] = zones.micros(zones.unit_bounds(Calendar("days", 1), at, zone)[1])
    today[""], midnight[""] = today[company], midnight[company]
    until: dict[str, int] = {}
    for day in set(today.values()):
        for ahead in range(_YEAR_DAYS + 1):
            comes = date.fromisoformat(day) + timedelta(days=ahead)
            until.setdefault(f"{day}-{comes:%m-%d}", ahead)
            if (comes.month, comes.day) == (2, 28) and not isleap(comes.year):
                until.setdefault(f"{day}-02-29", ahead)
    return _Calendar(today, midnight, until), min(midnight.values())
