"""What the law asks of marketing, by region, channel and date: read from data/jurisdictions.toml.

    rules_for("US-FL", "sms", at)   # federal law and the state's, the strictest of both

The operator can switch a region off or set its hours (setting `jurisdictions`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from typing import Literal

from msgspec import Struct, convert

from antiphon.kernel.settings import FrequencyCap, Jurisdiction

Consent = Literal["none", "consent", "double_opt_in"]
Minutes = tuple[int, int]
Week = Mapping[int, tuple[Minutes, ...]]
"""Weekday (Monday is 0) → allowed spans in minutes after midnight, the end excluded. A day without any is quiet."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STRICTNESS: Mapping[Consent, int] = {"none": 0, "consent": 1, "double_opt_in": 2}
EVERYWHERE = "*"
BY_TELEPHONE = ("sms", "voice")
"""What a law that limits the number counts together."""


class Entry(Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """One entry of the table; the file says what each field means."""

    region: str
    channels: tuple[str, ...]
    since: date
    source: str
    checked: bool
    until: date | None = None
    windows: dict[str, tuple[tuple[str, str], ...]] | None = None
    holidays: str | None = None
    count: int | None = None
    hours: float | None = None
    consent: Consent = "none"
    consent_days: dict[str, int] = {}
    purposes: tuple[str, ...] = ("campaign",)
    url: str = ""
    note: str = ""


class Calendar(Struct, frozen=True):
    fixed: tuple[str, ...]
    easter: tuple[int, ...]
    source: str


class Law(Struct, frozen=True):
    """What holds for a person on a channel at an instant. `weeks`: allowed hours, each must allow it."""

    regions: tuple[str, ...]
    weeks: tuple[Week, ...]
    holidays: tuple[str, ...]
    caps: tuple[FrequencyCap, ...]
    consent: Consent
    consent_days: Mapping[str, int]
    sources: tuple[str, ...]


@cache
def entries() -> tuple[Entry, ...]:
    return convert(_document()["law"], tuple[Entry, ...])


@cache
def calendars() -> dict[str, Calendar]:
    return convert(_document()["holidays"], dict[str, Calendar])


@cache
def _document() -> dict[str, object]:
    return tomllib.loads(resources.files(__package__).joinpath("data/jurisdictions.toml").read_text("utf-8"))


def rules_for(
    region: str,
    channel: str,
    at: datetime,
    *,
    purpose: str = "campaign",
    settings: Mapping[str, Jurisdiction] | None = None,
) -> Law | None:
    """The laws of a region and of the country around it, in force on that day (UTC), put together: the strictest."""
    if settings:
        return _put_together(region, channel, at.date(), purpose, settings)
    return _as_the_table_says(region, channel, at.date(), purpose)


@lru_cache(maxsize=4096)
def _as_the_table_says(region: str, channel: str, day: date, purpose: str) -> Law | None:
    return _put_together(region, channel, day, purpose, {})


def _put_together(
    region: str, channel: str, day: date, purpose: str, settings: Mapping[str, Jurisdiction]
) -> Law | None:
    found = [entry for entry in _in_force(region, channel, day, purpose) if _counts(entry.region, settings)]
    weeks = [week for entry in found if (week := _week_of(entry, channel, settings)) is not None]
    for place in _around(region):  # hours that the operator set where the table has none
        own = settings.get(place)
        if own and own.enabled and own.windows is not None and channel in own.channels:
            weeks += [] if any(e.region == place and e.windows for e in found) else [week_of(own.windows)]
    if not found and not weeks:
        return None
    return Law(
        regions=tuple(dict.fromkeys(entry.region for entry in found)) or (region,),
        weeks=tuple(weeks),
        holidays=tuple(dict.fromkeys(entry.holidays for entry in found if entry.holidays)),
        caps=tuple(FrequencyCap(e.count, e.hours * 3600) for e in found if e.count is not None and e.hours),
        consent=max((entry.consent for entry in found), key=STRICTNESS.__getitem__, default="none"),
        consent_days={kind: days for entry in found for kind, days in entry.consent_days.items()},
        sources=tuple(entry.source for entry in found),
    )


def _in_force(region: str, channel: str, day: date, purpose: str) -> Iterator[Entry]:
    for entry in _by_region().get(region.partition("-")[0], ()):
        here = entry.region in _around(region) and channel in entry.channels and purpose in entry.purposes
        if here and entry.since <= day and (entry.until is None or day < entry.until):
            yield entry


@cache
def _by_region() -> dict[str, list[Entry]]:
    """By country."""
    found: dict[str, list[Entry]] = {}
    for entry in entries():
        found.setdefault(entry.region.partition("-")[0], []).append(entry)
    return found


def _around(region: str) -> tuple[str, ...]:
    country = region.partition("-")[0]
    return (country,) if country == region else (country, region)


def _counts(region: str, settings: Mapping[str, Jurisdiction]) -> bool:
    """A region's own word counts before that for everywhere."""
    own = settings.get(region, settings.get(EVERYWHERE))
    return own is None or own.enabled


def _week_of(entry: Entry, channel: str, settings: Mapping[str, Jurisdiction]) -> Week | None:
    own = settings.get(entry.region)
    if own is not None and own.windows is not None and channel in own.channels:
        return week_of(own.windows)
    return None if entry.windows is None else week_of(entry.windows)


def week_of(windows: Mapping[str, Iterable[tuple[str, str]]]) -> Week:
    """From {"mon-fri": [["08:00", "20:00"]]}: a later key adds to an earlier one."""
    week: dict[int, list[Minutes]] = {}
    for days, spans in windows.items():
        for day in days_of(days):
            week.setdefault(day, []).extend((_minutes(start), _minutes(end)) for start, end in spans)
    return {day: tuple(sorted(spans)) for day, spans in week.items()}


def days_of(words: str) -> range:
    first, _, last = words.partition("-")
    return range(7) if words == "all" else range(DAYS.index(first), DAYS.index(last or first) + 1)


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


@cache
def holidays_of(calendar: str, year: int) -> frozenset[date]:
    known = calendars()[calendar]
    fixed = {date(year, int(day[:2]), int(day[3:])) for day in known.fixed}
    return frozenset(fixed | {easter(year) + timedelta(days=n) for n in known.easter})


def easter(year: int) -> date:
    """Easter Sunday, Gregorian. Source: the anonymous algorithm as given by Meeus, Astronomical Algorithms, ch. 8."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def caps_for(
    regions: Sequence[str], channel: str, at: datetime, *, settings: Mapping[str, Jurisdiction] | None = None
) -> list[FrequencyCap]:
    """How much marketing the law lets a person get on a channel."""
    laws = [rules_for(region, channel, at, settings=settings) for region in regions]
    return [cap for law in laws if law is not None for cap in law.caps]


def markdown() -> str:
    """The table, as the manual has it."""
    lines = ["| region | channels | hours | limit | asked first | in force | source |", "|---|---|---|---|---|---|---|"]
    lines += [_line(entry) for entry in sorted(entries(), key=lambda e: (e.region, e.channels, e.since))]
    return "\n".join(lines) + "\n"


def _line(entry: Entry) -> str:
    spans = {days: ", ".join(f"{a}-{b}" for a, b in given) for days, given in (entry.windows or {}).items()}
    hours = "; ".join(f"{days} {text}" for days, text in spans.items()) or "any"
    hours += f"; no holidays ({entry.holidays})" if entry.holidays else ""
    limit = f"{entry.count} in {entry.hours:g} h" if entry.count is not None else ""
    asked = entry.consent.replace("_", " ")
    if entry.consent_days:
        asked += "; runs out after " + ", ".join(f"{days} days ({kind})" for kind, days in entry.consent_days.items())
    force = f"from {entry.since}" + (f" until {entry.until}" if entry.until else "")
    source = f"[{entry.source}]({entry.url})" if entry.url else entry.source
    source += f". {entry.note}" if entry.note else ""
    if not entry.checked:
        source += " *(general knowledge, to be checked)*"
    return f"| `{entry.region}` | {', '.join(entry.channels)} | {hours} | {limit} | {asked} | {force} | {source} |"
