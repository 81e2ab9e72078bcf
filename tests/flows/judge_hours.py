"""Whether a campaign may be heard at this hour where the person lives: the company's night and the table of laws."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone as phone_zones

from flows.cast import QUIET
from flows.evidence import Arrival
from flows.witness import Look

LAWS = tomllib.loads(
    (Path(__file__).parents[2] / "src/antiphon/orchestration/data/jurisdictions.toml").read_text(encoding="utf-8")
)
ZONES = {
    "US-FL": ("America/New_York", "America/Chicago"), "US-RI": ("America/New_York",), "FR": ("Europe/Paris",),
    "ES": ("Europe/Madrid", "Atlantic/Canary", "Africa/Ceuta"), "IN": ("Asia/Kolkata",),
    "US": ("America/New_York", "Pacific/Honolulu"),
}  # fmt: skip
"""Where the cast lives, by hand; of the United States the ends."""
STATES = {"305": "FL", "401": "RI", "212": "NY", "312": "IL"}
HOLIDAY = date(2026, 5, 8)
"""In France."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def quiet(look: Look, person: int, each: Arrival) -> str:
    zones, regions = lives(look, person)
    for zone in zones:
        local = each.product.astimezone(ZoneInfo(zone))
        clock = f"{local:%H:%M}"
        if clock >= QUIET["start"] or clock < QUIET["end"]:
            return f"{clock} in {zone}"
        for region in regions:
            if each.channel == "sms" and not lawful(region, local):
                return f"{clock} {local:%a} by the law of {region}"
    return ""


def lives(look: Look, person: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    traits = look.traits.get(person, {})
    phones = [row["value"] for row in look.addresses if row["channel"] == "sms" and row["profile_id"] == person]
    country = traits.get("country")
    state = traits.get("state") if country == "US" else None  # of whoever were one, a state may be the other's
    by_phone = tuple(region for phone in phones if (region := region_of(phone)))
    narrowed = tuple(region for region in by_phone if country and region.startswith(f"{country}-"))
    regions = (f"{country}-{state}",) if country and state else narrowed or (country,) if country else by_phone
    for zone in (traits.get("timezone"), traits.get("device_timezone")):
        if zone:
            return (zone,), regions
    if country:
        return ZONES[f"{country}-{state}" if state else country], regions
    return tuple(zone for phone in phones for zone in zones_of(phone)) or ("Europe/London",), regions


@lru_cache(maxsize=4096)
def zones_of(phone: str) -> tuple[str, ...]:
    return tuple(zone for zone in phone_zones.time_zones_for_number(phonenumbers.parse(phone)) if "/Un" not in zone)


@lru_cache(maxsize=4096)
def region_of(phone: str) -> str | None:
    country = phonenumbers.region_code_for_number(phonenumbers.parse(phone))
    return f"US-{STATES[phone[2:5]]}" if country == "US" else country


def laws(region: str, day: date) -> Iterator[dict[str, Any]]:
    for law in LAWS["law"]:
        here = law["region"] in (region, region.split("-")[0]) and "sms" in law["channels"]
        if here and law["from"] <= day < law.get("until", date.max):
            yield law


def lawful(region: str, local: datetime) -> bool:
    for law in laws(region, local.date()):
        if law.get("holidays") == "FR" and local.date() == HOLIDAY:
            return False
        if "windows" in law:
            spans = [span for days, spans in law["windows"].items() if on(days, local.weekday()) for span in spans]
            if not any(start <= f"{local:%H:%M}" < end for start, end in spans):
                return False
    return True


def on(days: str, weekday: int) -> bool:
    first, _, last = days.partition("-")
    return days == "all" or DAYS.index(first) <= weekday <= DAYS.index(last or first)
