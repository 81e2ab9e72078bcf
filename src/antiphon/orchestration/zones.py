"""In which time zones, and under whose law, a person may live: the strictest of what is known.

The first source that says anything decides: what they declared, their device, their postal address, their phone
numbers, the company's default. Where it leaves several zones, all of them count.
"""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from msgspec import Struct
from phonenumbers import timezone as phone_zones

from antiphon.orchestration import places

ZONES_MAX = 64


class Traces(Struct, frozen=True):
    """What is known of where a person lives, as it was written: traits and phone numbers (E.164)."""

    timezone: str | None = None
    device_timezone: str | None = None
    country: str | None = None
    state: str | None = None
    phones: tuple[str, ...] = ()


def zones_of(traces: Traces, default: str) -> tuple[str, ...]:
    """Zones that exist; none where nothing is known and the default is none."""
    for candidates in (
        (traces.timezone,),
        (traces.device_timezone,),
        _of_address(traces),
        tuple(zone for phone in traces.phones for zone in zones_of_phone(phone)),
        (default,),
    ):
        known = tuple(dict.fromkeys(zone for zone in candidates if zone and exists(zone)))
        if known:
            return known[:ZONES_MAX]
    return ()


def regions_of(traces: Traces) -> tuple[str, ...]:
    """Whose law counts: ISO 3166 codes such as FR or US-FL. By postal address, else by every phone number."""
    of_phones = tuple(dict.fromkeys(region for phone in traces.phones if (region := region_of_phone(phone))))
    country = places.country_of(traces.country) if traces.country else None
    if country is None:
        return of_phones
    state = places.state_of(country, traces.state) if traces.state else None
    if state is not None:
        return (f"{country}-{state}",)
    return tuple(region for region in of_phones if region.startswith(f"{country}-")) or (country,)


@lru_cache(maxsize=2048)
def exists(zone: str) -> bool:
    try:
        return zone != places.NOWHERE and bool(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown, a path, a folder or an endless name
        return False


def _of_address(traces: Traces) -> tuple[str, ...]:
    country = places.country_of(traces.country) if traces.country else None
    if country is None:
        return ()
    state = places.state_of(country, traces.state) if traces.state else None
    return places.states()[state].zones if state else places.zones_of_country(country)


@lru_cache(maxsize=8192)
def zones_of_phone(phone: str) -> tuple[str, ...]:
    """All zones that the number's prefix is used in. Source: libphonenumber's map of prefixes."""
    number = _parse(phone)
    if number is None:
        return ()
    zones = tuple(zone for zone in phone_zones.time_zones_for_number(number) if exists(zone))
    country = phonenumbers.region_code_for_number(number)
    return zones or (zones_of_region(country) if country else ())


def zones_of_region(region: str) -> tuple[str, ...]:
    """FR, US-FL."""
    country, _, letters = region.partition("-")
    state = places.states().get(letters) if country == "US" else None
    return tuple(zone for zone in (state.zones if state else places.zones_of_country(country)) if exists(zone))


@lru_cache(maxsize=8192)
def region_of_phone(phone: str) -> str | None:
    """US-FL for an area code of Florida, else the country."""
    number = _parse(phone)
    if number is None:
        return None
    country = phonenumbers.region_code_for_number(number)
    if country is None and number.country_code:  # not valid, but its calling code may be one country's alone
        regions: tuple[str, ...] = phonenumbers.region_codes_for_country_code(number.country_code)
        country = regions[0] if len(regions) == 1 else None
    if number.country_code != 1 or country not in ("US", None):
        return country
    state = places.area_codes().get(str(number.national_number)[:3])
    return f"US-{state}" if state else country


_NEAR: dict[str, str | None] = {}
_NEAR_MAX = 50_000


def region_near(phone: str) -> str | None:
    """As `region_of_phone`, of the first number that began with the same digits: near enough for what it costs."""
    beginning = phone[:9]
    if beginning not in _NEAR:
        if len(_NEAR) >= _NEAR_MAX:
            _NEAR.clear()
        _NEAR[beginning] = region_of_phone(phone)
    return _NEAR[beginning]


def _parse(phone: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return None
