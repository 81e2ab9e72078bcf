"""Where a person may live: the first source that says anything, and all that it leaves possible."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.kernel.records import Purpose
from antiphon.kernel.settings import QuietHours
from antiphon.orchestration import places
from antiphon.orchestration.quiet import quiet_somewhere, quiet_until
from antiphon.orchestration.records import Policy
from antiphon.orchestration.zones import SPREAD_H_MAX, Traces, exists, regions_of, zones_of, zones_of_phone

NUMBERS = Path(__file__).parents[2] / "../shared/data/phone/phone_numbers.json"
NIGHT = QuietHours(start="21:00", end="08:00")
POLICY = Policy(providers={}, quiet_hours=NIGHT)
MADRID, PARIS, TOKYO = "+34600112233", "+33612345678", "+819012345678"


def test_each_source_counts_only_while_those_before_it_are_silent():
    traces = Traces("Europe/Oslo", "Asia/Tokyo", "FR", None, ("+912234567890",))
    assert zones_of(traces, "UTC") == ("Europe/Oslo",)
    assert zones_of(Traces(None, "Asia/Tokyo", "FR", None, ("+912234567890",)), "UTC") == ("Asia/Tokyo",)
    assert zones_of(Traces(None, None, "France", None, ("+912234567890",)), "UTC") == ("Europe/Paris",)
    assert zones_of(Traces(None, None, None, None, (TOKYO,)), "UTC") == ("Asia/Tokyo",)
    assert zones_of(Traces(), "Europe/Lisbon") == ("Europe/Lisbon",)


@pytest.mark.parametrize("nonsense", ["", "Nowhere/At_All", "../../etc/passwd", "x" * 5000, "Etc/Unknown"])
def test_a_zone_that_does_not_exist_says_nothing(nonsense):
    assert zones_of(Traces(nonsense, nonsense, nonsense, nonsense, (nonsense, MADRID)), "UTC") == zones_of_phone(MADRID)


def test_a_spanish_number_may_be_on_the_canaries():
    assert set(zones_of_phone(MADRID)) == {"Atlantic/Canary", "Europe/Madrid"}


def test_a_country_with_several_zones_has_all_of_them_and_a_state_its_own():
    assert {"America/New_York", "Pacific/Honolulu"} <= set(zones_of(Traces(country="USA"), "UTC"))
    assert zones_of(Traces(country="us", state="Florida"), "UTC") == ("America/New_York", "America/Chicago")
    assert zones_of(Traces(country="United States", state="US-AZ"), "UTC") == ("America/Phoenix", "America/Denver")


@pytest.fixture(scope="module")
def several() -> list[dict]:
    if not NUMBERS.exists():
        pytest.skip(f"no shared data: {NUMBERS.name}")
    examples = [e for e in json.loads(NUMBERS.read_text())["examples"] if e["kind"] == "mobile"]
    assert len(examples) == 244
    found = [e for e in examples if len(e["time_zones"]) > 1]
    assert len(found) == 47
    return found


def hours_apart(zones: list[str]) -> float:
    at = datetime(2026, 1, 15, tzinfo=UTC)
    offsets = [at.astimezone(ZoneInfo(zone)).utcoffset().total_seconds() for zone in zones]
    return (max(offsets) - min(offsets)) / 3600


def test_every_mobile_number_with_several_zones_is_safe_in_all_of_them(several):
    """47 examples. 20 of them are of islands under +1, whose list spans 21 hours: no hour is allowed in all of those
    zones, so it is the zones of the number's own country that count."""
    start, islands, wrong = datetime(2026, 3, 20, tzinfo=UTC), 0, []
    for example in several:
        wanted = example["time_zones"]
        if hours_apart(wanted) > SPREAD_H_MAX:
            islands += 1
            wanted = list(places.zones_of_country(example["region_found"]))
        zones = zones_of(Traces(phones=(example["e164"],)), "UTC")
        for hours in range(0, 24 * 14, 5):  # over the change to summer time
            at = start + timedelta(hours=hours)
            asleep = [zone for zone in wanted if quiet_until(NIGHT, at, ZoneInfo(zone)) is not None]
            said = quiet_somewhere(zones, (), "sms", Purpose.CAMPAIGN, POLICY, at)
            if (said is not None) != bool(asleep):
                wrong.append((example["e164"], at, asleep, said))
            if said is not None and any(quiet_until(NIGHT, said[0], ZoneInfo(zone)) for zone in wanted):
                wrong.append((example["e164"], at, "wakes too early", said))
    assert wrong == []
    assert islands == 20


def test_every_example_number_has_a_zone_that_exists(several):
    numbers = json.loads(NUMBERS.read_text())["examples"]
    without = [e["e164"] for e in numbers if e["valid"] and not zones_of_phone(e["e164"])]
    assert len(numbers) == 917
    assert without == []
    assert all(exists(zone) for e in numbers for zone in zones_of_phone(e["e164"]))


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_may_stand_in_traits(zone, country):
    traces = Traces(zone, None, country, country, (zone,))
    assert all(exists(found) for found in zones_of(traces, "UTC"))
    assert regions_of(traces) is not None


@pytest.mark.parametrize(
    ("traces", "regions"),
    [
        (Traces(country="US", state="FL"), ("US-FL",)),
        (Traces(country="US", phones=("+13055550123", "+33612345678")), ("US-FL",)),
        (Traces(country="US", phones=("+33612345678",)), ("US",)),
        (Traces(phones=("+13055550123", "+33612345678")), ("US-FL", "FR")),
        (Traces(phones=("+18005550123",)), ("US",)),
        (Traces(phones=("+14165550123",)), ("CA",)),
        (Traces(phones=("+12684641234",)), ("AG",)),
        (Traces(country="Deutschland"), ("DE",)),
        (Traces(phones=("+919876543210",)), ("IN",)),
        (Traces(phones=("12345", "hello")), ()),
        (Traces(), ()),
    ],
)
def test_whose_law_counts(traces, regions):
    assert regions_of(traces) == regions


def test_every_area_code_belongs_to_one_state_and_every_state_has_zones_that_exist():
    states = places.states()
    assert len(states) == 51  # with the District of Columbia
    assert sum(len(state.codes) for state in states.values()) == len(places.area_codes()) > 300
    assert all(exists(zone) for state in states.values() for zone in state.zones)


def test_area_codes_have_the_zones_of_their_states():
    """A second opinion: libphonenumber's map of prefixes to zones, beside our table of states."""
    wrong = {
        code: (state, zones)
        for code, state in places.area_codes().items()
        if (zones := zones_of_phone(f"+1{code}2345678"))
        and len(zones) < 5
        and not _same_clock(zones, places.states()[state].zones)
    }
    assert wrong == {}


def _same_clock(zones, others) -> bool:
    at = [datetime(2026, month, 15, tzinfo=UTC) for month in (1, 7)]
    clocks = {tuple(when.astimezone(ZoneInfo(zone)).utcoffset() for when in at) for zone in others}
    return {tuple(when.astimezone(ZoneInfo(zone)).utcoffset() for when in at) for zone in zones} <= clocks


def test_without_its_tables_the_time_zone_database_is_replaced_by_calling_codes(monkeypatch):
    monkeypatch.setattr(places, "_read", lambda _name: "")
    for cached in (places._listed, places._names, places._countries):
        cached.cache_clear()
    try:
        assert places.zones_of_country("FR") == ("Europe/Paris",)
        assert places.country_of("fr") == "FR"
        assert places.country_of("Deutschland") == "DE"
    finally:
        monkeypatch.undo()
        for cached in (places._listed, places._names, places._countries):
            cached.cache_clear()
