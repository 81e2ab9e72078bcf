"""What the profile's own row says, and what it said before."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from math import ceil
from zoneinfo import ZoneInfo

import msgspec

from antiphon.segments.engine import zones
from antiphon.segments.engine.answers import Answer
from antiphon.segments.engine.conditions import condition_sql, instant_sql, items_path, path_sql
from antiphon.segments.engine.frame import Frame
from antiphon.segments.language.rules import RELATIVE_OPS, Calendar, Changed, Random, Trait

_FAR = "'9000-01-01 00:00:00+00'"
"""Dates that mean never (9999-12-31) wait for nothing: their turn may be later than any date there is."""
_EASTERNMOST = "interval '16 hours'"
"""A day begins nowhere so long before it begins in UTC."""


class OfTrait(Answer):
    def __init__(self, leaf: Trait, frame: Frame) -> None:
        super().__init__(frame)
        self.condition = leaf.condition
        self.relative = leaf.condition.op in RELATIVE_OPS

    def row(self) -> str:
        if not self.relative:
            return condition_sql(self.condition, "p.traits", self.frame)
        if self.condition.op == "anniversary":
            return f"EXISTS (SELECT FROM ({self._coming()}) c WHERE c.day - c.today <= {self._ahead})"
        begin, end = self._range()
        held = f"tstzrange({begin}, {end}, '(]')"
        if "[]" in self.condition.field:
            return f"EXISTS (SELECT FROM ({self._moments()}) m WHERE m.at <@ {held})"
        return f"coalesce({self._instant()} <@ {held}, false)"

    def row_timer(self) -> str | None:
        if not self.relative:
            return None
        if self.condition.op == "anniversary":
            return self._next_day()
        turns = self._turns()
        return f"(SELECT min({turns}) FROM ({self._moments()}) m WHERE m.at < {_FAR})"  # noqa: S608 - our own words

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
        return (
            f"CASE {goes} END"
            if self.condition.op == "ago"
            else f"CASE WHEN m.at > {self.frame.now} THEN m.at {goes} END"
        )

    # ---- anniversaries ----

    @property
    def _ahead(self) -> str:
        return self.frame.add(self._duration.days, "integer")

    def _coming(self) -> str:
        """Rows `(today, midnight, day)`: the person's day, when it ends, and the next on which the date comes again.

        The day is the one that is written, whatever time follows it. 29 February and some years is 28 February in most.
        """
        today, midnight = _days(self.frame.at, self.frame.words.zone)
        today_sql = f"({zones.of_person(self.frame, today, 'p')} AT TIME ZONE 'UTC')::date"
        day = f"left({self._text()}, 10)::date"
        years = "make_interval(years => (extract(year FROM z.today) - extract(year FROM m.day))::integer{})"
        this_year, next_year = (f"(m.day + {years.format(more)})::date" for more in ("", " + 1"))
        return (
            f"SELECT z.today, z.midnight, CASE WHEN {this_year} >= z.today THEN {this_year} ELSE {next_year} END AS day"  # noqa: S608 - our own words
            f" FROM (SELECT {today_sql} AS today, {zones.of_person(self.frame, midnight, 'p')} AS midnight) z"
            f" CROSS JOIN (SELECT CASE WHEN {self._instant()} IS NOT NULL THEN {day} END AS day{self._items()}) m"
            " WHERE m.day IS NOT NULL"
        )

    def _next_day(self) -> str:
        """The midnight on which the answer may turn, or somewhat before: when a day begins is known of the next."""
        turns = f"CASE WHEN c.day - c.today <= {self._ahead} THEN c.day + 1 ELSE c.day - {self._ahead} END"
        early = f"({turns})::timestamp AT TIME ZONE 'UTC' - {_EASTERNMOST}"
        return f"(SELECT min(greatest(c.midnight, {early})) FROM ({self._coming()}) c)"  # noqa: S608 - our own words

    # ---- the value, or each value of a list ----

    def _moments(self) -> str:
        return f"SELECT {self._instant()} AS at{self._items()}"

    def _instant(self) -> str:
        return instant_sql(self._value())

    def _text(self) -> str:
        return f"({self._value()} #>> '{{}}')"

    def _value(self) -> str:
        return "v.value" if "[]" in self.condition.field else path_sql("p.traits", self.condition.field, self.frame)

    def _items(self) -> str:
        if "[]" not in self.condition.field:
            return ""
        path = self.frame.add(items_path(self.condition.field), "jsonpath")
        return f" FROM jsonb_path_query(p.traits, {path}) v(value)"


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


@lru_cache(maxsize=64)
def _days(at: datetime, company: str) -> tuple[dict[str, int], dict[str, int]]:
    """Of each zone the day there, as the beginning of that day in UTC, and when it ends: in microseconds since 1970."""
    today, midnight = {}, {}
    for zone in zones.known() | {company}:
        _, end = zones.unit_bounds(Calendar("days", 1), at, zone)
        day = datetime.combine(at.astimezone(ZoneInfo(zone)).date(), time(), UTC)
        today[zone], midnight[zone] = zones.micros(day), zones.micros(end)
    today[""], midnight[""] = today[company], midnight[company]
    return today, midnight
