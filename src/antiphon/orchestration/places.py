"""Which time zones a country or state has, and which state an area code belongs to.

Zones of countries come from the time zone database's own `zone.tab` (public domain): the system's, else that of the
`tzdata` package, else what libphonenumber knows of the country's calling code. States are in data/places.toml.
"""

from __future__ import annotations

import tomllib
import zoneinfo
from collections import defaultdict
from functools import cache
from importlib import resources
from pathlib import Path

import phonenumbers
from msgspec import Struct, convert
from phonenumbers.tzdata import TIMEZONE_DATA

NOWHERE = "Etc/Unknown"


class State(Struct, frozen=True):
    name: str
    zones: tuple[str, ...]
    codes: tuple[int, ...] = ()


@cache
def states() -> dict[str, State]:
    """States of the United States by their two letters."""
    return convert(_document()["US"], dict[str, State])


@cache
def area_codes() -> dict[str, str]:
    """Area code of the North American Numbering Plan → state of the United States."""
    return {str(code): letters for letters, state in states().items() for code in state.codes}


def country_of(text: str) -> str | None:
    """ISO 3166-1 alpha-2 of a code or a name, as English and a few other languages write it."""
    word = " ".join(text.split()).casefold()
    if len(word) == 2 and word.upper() in _countries():
        return word.upper()
    return _names().get(word)


def state_of(country: str, text: str) -> str | None:
    """The two letters of a state of the United States: FL, US-FL or Florida. Other countries' are not known."""
    if country != "US":
        return None
    word = " ".join(text.split()).casefold().removeprefix("us-")
    return next((letters for letters, s in states().items() if word in (letters.casefold(), s.name.casefold())), None)


def zones_of_country(country: str) -> tuple[str, ...]:
    """All zones of a country; empty for an unknown one."""
    listed = _listed().get(country)
    if listed:
        return listed
    code = phonenumbers.country_code_for_region(country)
    return tuple(zone for zone in TIMEZONE_DATA.get(str(code), ()) if zone != NOWHERE)


@cache
def _listed() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for country, _coordinates, zone, *_ in _table("zone.tab"):
        found[country].append(zone)
    return {country: tuple(zones) for country, zones in found.items()}


@cache
def _countries() -> frozenset[str]:
    return frozenset({row[0] for row in _table("iso3166.tab")} | phonenumbers.SUPPORTED_REGIONS)


@cache
def _names() -> dict[str, str]:
    listed = {name.casefold(): code for code, name, *_ in _table("iso3166.tab")}
    return listed | convert(_document()["countries"], dict[str, str])


def _table(name: str) -> list[list[str]]:
    """Rows of a table of the time zone database; none where it is not installed."""
    text = _read(name)
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


def _read(name: str) -> str:
    for folder in zoneinfo.TZPATH:
        if (file := Path(folder, name)).is_file():
            return file.read_text("utf-8")
    try:
        return resources.files("tzdata.zoneinfo").joinpath(name).read_text("utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        return ""


@cache
def _document() -> dict[str, object]:
    return tomllib.loads(resources.files(__package__).joinpath("data/places.toml").read_text("utf-8"))
