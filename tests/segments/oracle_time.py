"""An instant and whose calendar it is looked at by: windows, anniversaries, the time of day where somebody lives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from segments.oracle_values import instant

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def zone(name: Any, otherwise: str) -> ZoneInfo:
    """Where somebody lives; what is no zone counts as nothing said."""
    if isinstance(name, str) and name:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            pass
    return ZoneInfo(otherwise)


def fixed(text: str) -> datetime:
    found = instant(text)
    assert found is not None, text
    return found


@dataclass(frozen=True)
class Moment:
    at: datetime
    theirs: ZoneInfo
    company: ZoneInfo

    @staticmethod
    def long(duration: str) -> timedelta:
        return timedelta(seconds=int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[duration[-1]])

    def holds(self, window: dict[str, Any], at: datetime) -> bool:
        """Whether something that happened at that time is in the window."""
        return (
            at <= self.at
            and ("ago" not in window or at <= self.at - self.long(window["ago"]))
            and ("from" not in window or at >= fixed(window["from"]))
            and ("to" not in window or at < fixed(window["to"]))
            and ("within" not in window or self._is_recent(window, at))
        )

    def _is_recent(self, window: dict[str, Any], at: datetime) -> bool:
        if isinstance(window["within"], str):
            return at > self.at - self.long(window["within"])
        calendar = self.company if window.get("zone") == "company" else self.theirs
        [(unit, number)] = window["within"].items()
        return at.astimezone(calendar).date() >= first_day(unit, number, self.at.astimezone(calendar).date())

    def day_of(self, at: datetime) -> date:
        """By the company's calendar."""
        return at.astimezone(self.company).date()

    def days_until_the_day_of(self, day: str) -> int:
        """From today, where they live, until this day and month come again: 0 is today."""
        today = self.at.astimezone(self.theirs).date()
        return next(n for n in range(400) if _is_kept(date.fromisoformat(day), today + timedelta(days=n)))

    def is_between(self, hours: dict[str, Any]) -> bool:
        """On the clock where they live. What goes past midnight belongs to the day on which it began."""
        here = self.at.astimezone(self.theirs)
        clock, begin, end = here.strftime("%H:%M"), hours["from"], hours["to"]
        yesterday = here.date() - timedelta(days=1)
        days = hours.get("days", DAYS)
        if begin < end:
            return begin <= clock < end and _name(here.date()) in days
        return (clock >= begin and _name(here.date()) in days) or (clock < end and _name(yesterday) in days)


def first_day(unit: str, number: int, today: date) -> date:
    """The day on which the last so many of a unit began, the present one among them."""
    if unit == "days":
        return today - timedelta(days=number - 1)
    if unit == "weeks":
        return today - timedelta(days=today.weekday() + 7 * (number - 1))
    if unit == "years":
        return date(today.year - number + 1, 1, 1)
    first = today.replace(day=1)
    for _ in range(number - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


def _is_kept(born: date, day: date) -> bool:
    """29 February is kept on 28 February in other years."""
    if (born.month, born.day) == (2, 29) and not _is_leap(day.year):
        return (day.month, day.day) == (2, 28)
    return (born.month, born.day) == (day.month, day.day)


def _is_leap(year: int) -> bool:
    return (date(year, 3, 1) - timedelta(days=1)).day == 29


def _name(day: date) -> str:
    return DAYS[day.weekday()]
