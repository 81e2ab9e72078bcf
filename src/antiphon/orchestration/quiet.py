"""Quiet hours: when a channel must be silent where the person may live, by the company's wish and by law."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from antiphon.kernel.records import Purpose
from antiphon.kernel.settings import QuietHours
from antiphon.orchestration.jurisdictions import Law, Week, holidays_of, rules_for
from antiphon.orchestration.records import Policy
from antiphon.orchestration.zones import zones_of_region

QUIETED = frozenset({Purpose.CAMPAIGN})

SEARCH_DAYS = 15
"""How far an allowed hour is looked for: longer than any run of Sundays and holidays."""

LOOK_AGAIN = timedelta(days=1)
STEPS_MAX = 200


def quiet_somewhere(
    zones: Sequence[str], regions: Sequence[str], channel: str, purpose: Purpose, policy: Policy, now: datetime
) -> tuple[datetime, str] | None:
    """Until when it is quiet in any of these zones, and why; None when it is quiet in none.

    Some calling codes are shared by countries far apart. Where no hour in two weeks is allowed in all zones, those of
    the regions alone count; where that leaves none either, it is looked at again in a day.
    """
    if purpose not in QUIETED:
        return None
    found = _first_open(zones or (policy.timezone,), regions, channel, policy, now)
    if found is None and regions:
        near = [name for region in regions for name in zones_of_region(region)]
        found = _first_open(near, regions, channel, policy, now) if near else None
    if found is None:
        return now + LOOK_AGAIN, "no hour is allowed everywhere the person may live"
    return found if found[0] > now else None


def _first_open(
    zones: Sequence[str], regions: Sequence[str], channel: str, policy: Policy, now: datetime
) -> tuple[datetime, str] | None:
    """The first instant from now on that is quiet in none of these, and why not before; None: there is none."""
    places = [zone(name, policy.timezone) for name in zones]
    at, because = now, ""
    for _ in range(STEPS_MAX):
        ends = sorted(_ends(places, regions, channel, policy, at), key=lambda end: end[0])
        if not ends:
            return at, because
        because = because or ends[-1][1]
        at = ends[-1][0]
        if at > now + timedelta(days=SEARCH_DAYS):
            break
    return None


def _ends(
    places: Sequence[ZoneInfo], regions: Sequence[str], channel: str, policy: Policy, at: datetime
) -> Iterator[tuple[datetime, str]]:
    """The end of each quiet time that `at` falls into, and whose it is. Where clocks show the same, one speaks for
    all: whether it is quiet is asked again at the end that it names."""
    places = list({at.astimezone(place).utcoffset(): place for place in places}.values())
    hours = policy.quiet_hours
    if hours is not None and channel in hours.channels:
        for place in places:
            if (until := quiet_until(hours, at, place)) is not None:
                yield until, "it is night where the person lives"
    for region in regions:
        law = rules_for(region, channel, at, settings=policy.jurisdictions)
        for place in places if law is not None and law.weeks else ():
            assert law is not None
            if (until := closed_until(law, at, place)) is not None:
                yield until, f"the law of {law.regions[-1]} allows no {channel} marketing at this hour"


@lru_cache(maxsize=1024)
def zone(name: str | None, default: str) -> ZoneInfo:
    """The person's zone; a name nobody knows counts as none."""
    for candidate in (name, default):
        if candidate:
            try:
                return ZoneInfo(candidate)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                continue
    return ZoneInfo("UTC")


def quiet_until(hours: QuietHours, at: datetime, where: ZoneInfo) -> datetime | None:
    """The end of the quiet hours that `at` falls into, in UTC; None when it is not quiet.

    Local wall-clock times: over a change to summer time the night is an hour shorter, as people expect.
    """
    start, end = time.fromisoformat(hours.start), time.fromisoformat(hours.end)
    local = at.astimezone(where)
    clock = local.timetz().replace(tzinfo=None)
    quiet = start <= clock < end if start <= end else clock >= start or clock < end
    if not quiet:
        return None
    day = local.date() + timedelta(days=1) if start > end and clock >= start else local.date()
    return _instant(day, end, where, after=at)


def closed_until(law: Law, at: datetime, where: ZoneInfo) -> datetime | None:
    """The next opening of a law's hours, in UTC; None when all of them are open. Hours of several laws may open one
    after the other: ask again at the answer."""
    ends = [until for week in law.weeks if (until := _week_opens(week, law.holidays, at, where)) is not None]
    return max(ends, default=None)


def _week_opens(week: Week, calendars: Sequence[str], at: datetime, where: ZoneInfo) -> datetime | None:
    local = at.astimezone(where)
    minute = local.hour * 60 + local.minute
    for days in range(SEARCH_DAYS + 1):
        day = local.date() + timedelta(days=days)
        if any(day in holidays_of(calendar, day.year) for calendar in calendars):
            continue
        for start, end in week.get(day.weekday(), ()):
            if days == 0 and start <= minute < end:
                return None
            if days > 0 or start > minute:
                return _instant(day, time(start // 60, start % 60), where, after=at)
    return at + timedelta(days=SEARCH_DAYS + 1)


def _instant(day: date, clock: time, where: ZoneInfo, *, after: datetime) -> datetime:
    until = datetime.combine(day, clock, tzinfo=where).astimezone(UTC)
    if until <= after:  # the hour that comes twice when summer time ends: it is quiet until its second end
        until = datetime.combine(day, clock.replace(fold=1), tzinfo=where).astimezone(UTC)
    return until
