"""Quiet hours: when a channel must be silent where the person may live, by the company's wish and by law."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from antiphon.kernel.records import Purpose
from antiphon.kernel.said import worded
from antiphon.kernel.settings import QuietHours
from antiphon.orchestration.jurisdictions import Law, Week, calendars, holidays_of, rules_for
from antiphon.orchestration.records import Policy
from antiphon.orchestration.zones import zones_of_region

QUIETED = frozenset({Purpose.CAMPAIGN})

SEARCH_DAYS = 15
"""How far an allowed hour is looked for: longer than any run of Sundays and holidays."""

LOOK_AGAIN = timedelta(days=1)
LOOK_AHEAD_DAYS = 3
STEPS_MAX = 200


class Place(Struct, frozen=True):
    """Where it is asked: the zones they may live in, the regions whose law counts, their own quiet hours."""

    zones: tuple[ZoneInfo, ...]
    regions: tuple[str, ...]
    own: QuietHours | None


def quiet_somewhere(
    zones: Sequence[str],
    regions: Sequence[str],
    channel: str,
    purpose: Purpose,
    policy: Policy,
    now: datetime,
    *,
    own: tuple[str, str] | None = None,
) -> tuple[datetime, str] | None:
    """Until when it is quiet in any of these zones, and why; None when it is quiet in none. `own`: the person's hours,
    HH:MM to HH:MM.

    Some calling codes are shared by countries far apart. Where no hour in two weeks is allowed in all zones, those of
    the regions alone count; where that leaves none either, it is looked at again in a day.
    """
    if purpose not in QUIETED:
        return None
    if own is None and not regions and (policy.quiet_hours is None or channel not in policy.quiet_hours.channels):
        return None
    place = Place(_zones(tuple(zones) or (policy.timezone,), policy.timezone), tuple(regions), _own(own))
    found = _first_open(place, channel, policy, now)
    if found is None and regions:
        near = _near(tuple(regions))
        place = Place(_zones(near, policy.timezone), place.regions, place.own)
        found = _first_open(place, channel, policy, now) if near else None
    if found is None:
        return now + LOOK_AGAIN, "no hour is allowed everywhere the person may live"
    return found if found[0] > now else None


def quiet_from(
    zones: Sequence[str],
    regions: Sequence[str],
    channel: str,
    purpose: Purpose,
    policy: Policy,
    now: datetime,
    *,
    own: tuple[str, str] | None = None,
) -> datetime | None:
    """When it is quiet next, where it is not now; None: not in the next two days. Where no hour is allowed in all
    zones, the clocks of the regions turn it too, as in `quiet_somewhere`."""
    if purpose not in QUIETED:
        return None
    if own is None and not regions and (policy.quiet_hours is None or channel not in policy.quiet_hours.channels):
        return None
    place = Place(_zones(tuple(zones) or (policy.timezone,), policy.timezone), tuple(regions), _own(own))
    for at in sorted(turn for turn in _turns(place, channel, policy, now) if turn > now):
        found = _first_open(place, channel, policy, at)
        if found is None:
            break
        if found[0] > at:
            return at
    else:
        return None
    place = Place((*place.zones, *_zones(_near(place.regions), policy.timezone)), place.regions, place.own)
    return next(
        (
            at
            for at in sorted(_turns(place, channel, policy, now))
            if at > now and quiet_somewhere(zones, regions, channel, purpose, policy, at, own=own) is not None
        ),
        None,
    )


def _turns(where: Place, channel: str, policy: Policy, now: datetime) -> set[datetime]:
    """When clocks show an hour at which something may become quiet: today, tomorrow and the day after."""
    clocks = {time(0)} | {_clock(hours.start) for hours in (policy.quiet_hours, where.own) if hours is not None}
    for region in where.regions:
        law = rules_for(region, channel, now, settings=policy.jurisdictions)
        ends = {end for week in law.weeks for spans in week.values() for _, end in spans} if law is not None else ()
        clocks |= {time(end // 60, end % 60) for end in ends if end < 24 * 60}
    return {
        datetime.combine(now.astimezone(zone).date() + timedelta(days=days), clock, tzinfo=zone).astimezone(UTC)
        for zone in where.zones
        for days in range(LOOK_AHEAD_DAYS)
        for clock in clocks
    }


@lru_cache(maxsize=1024)
def _near(regions: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for region in regions for name in zones_of_region(region))


@lru_cache(maxsize=1024)
def _zones(names: tuple[str, ...], default: str) -> tuple[ZoneInfo, ...]:
    return tuple(zone(name, default) for name in names)


@lru_cache(maxsize=256)
def _own(hours: tuple[str, str] | None) -> QuietHours | None:
    return QuietHours(start=hours[0], end=hours[1]) if hours else None


def _first_open(place: Place, channel: str, policy: Policy, now: datetime) -> tuple[datetime, str] | None:
    """The first instant from now on that is quiet in none of these, and why not before; None: there is none."""
    at, because = now, ""
    for _ in range(STEPS_MAX):
        ends = sorted(_ends(place, channel, policy, at), key=lambda end: end[0])
        if not ends:
            return at, because
        because = because or ends[-1][1]
        at = ends[-1][0]
        if at > now + timedelta(days=SEARCH_DAYS):
            break
    return None


def _ends(where: Place, channel: str, policy: Policy, at: datetime) -> Iterator[tuple[datetime, str]]:
    """The end of each quiet time that `at` falls into, and whose it is. Where clocks show the same, one speaks for
    all: whether it is quiet is asked again at the end that it names."""
    places = where.zones
    if len(places) > 1:
        places = tuple({at.astimezone(place).utcoffset(): place for place in places}.values())
    hours = policy.quiet_hours
    if hours is not None and channel in hours.channels:
        for place in places:
            if (until := quiet_until(hours, at, place)) is not None:
                yield until, "it is night where the person lives"
            if hours.holidays and (until := _holiday_until(hours.holidays, at, place)) is not None:
                yield until, "it is a holiday of the company"
    if where.own is not None and channel in where.own.channels:
        for place in places:
            if (until := quiet_until(where.own, at, place)) is not None:
                yield until, "the person wants quiet at this hour"
    for region in where.regions:
        law = rules_for(region, channel, at, settings=policy.jurisdictions)
        for place in places if law is not None and law.weeks else ():
            assert law is not None
            if (until := closed_until(law, at, place)) is not None:
                yield until, _by_law(law, channel)


def _by_law(law: Law, channel: str) -> str:
    form = "the law of {region} allows no {channel} marketing at this hour"
    return worded(form, region=law.regions[-1], channel=worded(channel))


def _holiday_until(holidays: Sequence[str], at: datetime, where: ZoneInfo) -> datetime | None:
    """Midnight after a holiday; None on any other day. A country without a calendar has none."""
    day = at.astimezone(where).date()
    if not any(_is_holiday(name, day) for name in holidays):
        return None
    return _instant(day + timedelta(days=1), time(0), where, after=at)


@lru_cache(maxsize=4096)
def _is_holiday(name: str, day: date) -> bool:
    if name[:4].isdecimal():
        return name == day.isoformat()
    return name in calendars() and day in holidays_of(name, day.year)


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
    start, end = _clock(hours.start), _clock(hours.end)
    local = at.astimezone(where)
    clock = local.timetz().replace(tzinfo=None)
    quiet = start <= clock < end if start <= end else clock >= start or clock < end
    if not quiet:
        return None
    day = local.date() + timedelta(days=1) if start > end and clock >= start else local.date()
    return _instant(day, end, where, after=at)


@lru_cache(maxsize=2048)
def _clock(text: str) -> time:
    return time.fromisoformat(text)


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
