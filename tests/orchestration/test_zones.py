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
from antiphon.orchestration.zones import Traces, exists, regions_of, zones_of, zones_of_phone

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


def test_every_mobile_number_with_several_zones_is_safe_in_all_of_them(several):
    """47 examples. Even those under +1, whose list reaches from Guam to Newfoundland, have two hours left of a day."""
    start, wrong = datetime(2026, 3, 20, tzinfo=UTC), []
    for example in several:
        wanted, woken = [ZoneInfo(zone) for zone in example["time_zones"]], False
        zones = zones_of(Traces(phones=(example["e164"],)), "UTC")
        for minutes in range(0, 60 * 24 * 12, 290):  # over the change to summer time
            at = start + timedelta(minutes=minutes)
            asleep = [zone.key for zone in wanted if quiet_until(NIGHT, at, zone) is not None]
            said = quiet_somewhere(zones, (), "sms", Purpose.CAMPAIGN, POLICY, at)
            if (said is not None) != bool(asleep):
                wrong.append((example["e164"], at, asleep, said))
            if said is not None and any(quiet_until(NIGHT, said[0], zone) for zone in wanted):
                wrong.append((example["e164"], at, "wakes too early", said))
            woken = woken or said is None or not said[1].startswith("no hour")
        if not woken:
            wrong.append((example["e164"], "has no hour at all"))
    assert wrong == [], f"{len(wrong)} wrong answers: {wrong[:5]}"


def test_where_a_shorter_day_leaves_no_hour_under_a_calling_code_the_number_s_own_country_counts():
    short = Policy(providers={}, quiet_hours=QuietHours(start="18:00", end="09:00"))
    zones = zones_of_phone("+12684641234")
    assert len(zones) == 42
    noon, night = datetime(2026, 1, 15, 16, tzinfo=UTC), datetime(2026, 1, 15, 3, tzinfo=UTC)  # 12:00, 23:00 there
    assert quiet_somewhere(zones, ("AG",), "sms", Purpose.CAMPAIGN, short, noon) is None
    until, _ = quiet_somewhere(zones, ("AG",), "sms", Purpose.CAMPAIGN, short, night)
    assert until == datetime(2026, 1, 15, 13, tzinfo=UTC)


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
