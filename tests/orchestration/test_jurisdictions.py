"""The table of laws: dated, with sources, and the cases that everybody knows."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Purpose
from antiphon.kernel.settings import FrequencyCap, Jurisdiction, QuietHours, Settings
from antiphon.kernel.settings import write as write_settings
from antiphon.orchestration import jurisdictions
from antiphon.orchestration.jurisdictions import easter, entries, holidays_of, rules_for, week_of
from antiphon.orchestration.quiet import LOOK_AGAIN, quiet_somewhere
from antiphon.orchestration.records import Policy

PAGE = Path(__file__).parents[2] / "docs/reference/jurisdictions.md"
NONE = Policy(providers={})
SHORT = QuietHours(start="10:00", end="09:00")


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def allowed(text: str, zone: str, region: str, channel: str = "sms", policy: Policy = NONE) -> bool:
    return quiet_somewhere((zone,), (region,), channel, Purpose.CAMPAIGN, policy, local(text, zone)) is None


def test_every_entry_has_dates_a_source_and_hours_that_can_be_read():
    wrong = []
    for n, entry in enumerate(entries()):
        if not re.fullmatch(r"[A-Z]{2}(-[A-Z]{2})?", entry.region):
            wrong.append((n, entry.region, "region"))
        if not (date(1970, 1, 1) < entry.since <= date(2027, 1, 1)) or (entry.until and entry.until <= entry.since):
            wrong.append((n, entry.region, "dates"))
        if len(entry.source) < 10 or (entry.checked and not entry.url):
            wrong.append((n, entry.region, "a checked entry names the page"))
        if (entry.count is None) != (entry.hours is None):
            wrong.append((n, entry.region, "count and hours go together"))
        if entry.holidays and (entry.holidays not in jurisdictions.calendars() or entry.windows is None):
            wrong.append((n, entry.region, "holidays"))
        for spans in week_of(entry.windows or {}).values():
            if not spans or any(not 0 <= start < end <= 1440 for start, end in spans):
                wrong.append((n, entry.region, spans))
    assert wrong == []
    assert len(entries()) >= 25


def test_the_page_says_what_the_table_says():
    expected = jurisdictions.markdown()
    assert expected in PAGE.read_text("utf-8"), f"docs/reference/jurisdictions.md lacks the table:\n{expected}"


@pytest.mark.parametrize(
    ("region", "zone", "yes", "no"),
    [
        ("US", "America/Denver", ["2026-03-04T08:00", "2026-03-04T20:59"], ["2026-03-04T07:59", "2026-03-04T21:00"]),
        ("US-CT", "America/New_York", ["2026-03-04T09:00", "2026-03-04T19:59"],
         ["2026-03-04T08:59", "2026-03-04T20:00"]),
        ("US-FL", "America/New_York", ["2026-03-04T08:00", "2026-03-04T19:59"], ["2026-03-04T20:00"]),
        ("US-TX", "America/Chicago", ["2026-03-08T12:00", "2026-03-09T09:00"],
         ["2026-03-08T11:59", "2026-03-09T08:59"]),
        ("US-RI", "America/New_York", ["2026-03-06T17:59", "2026-03-07T16:59"],
         ["2026-03-06T18:00", "2026-03-07T09:59", "2026-03-07T17:00"]),
        ("US-MS", "America/Chicago", ["2026-03-07T12:00"], ["2026-03-08T12:00"]),
        ("FR", "Europe/Paris", ["2026-04-30T12:00", "2026-05-02T10:00"],
         ["2026-05-03T12:00", "2026-05-01T12:00", "2026-05-02T18:00", "2026-05-14T12:00", "2026-05-25T12:00"]),
        ("IN", "Asia/Kolkata", ["2026-03-08T10:00", "2026-03-08T20:59"], ["2026-03-08T09:30", "2026-03-08T21:00"]),
    ],
)  # fmt: skip
def test_hours_that_everybody_knows(region, zone, yes, no):
    assert [text for text in yes if not allowed(text, zone, region)] == []
    assert [text for text in no if allowed(text, zone, region)] == []


def test_a_law_counts_from_its_date_on():
    """Texts came under the hours of Texas on 1 September 2025; before, the federal ones held."""
    assert allowed("2025-08-31T11:00", "America/Chicago", "US-TX")
    assert not allowed("2025-09-07T11:00", "America/Chicago", "US-TX")


def test_who_waits_for_a_law_is_told_the_first_hour_that_it_allows():
    holiday = local("2026-04-30T22:00", "Europe/Paris")  # Thursday night; Friday is the first of May
    until, because = quiet_somewhere(("Europe/Paris",), ("FR",), "sms", Purpose.CAMPAIGN, NONE, holiday)
    assert until == local("2026-05-02T10:00", "Europe/Paris")
    assert "FR" in because


def test_florida_lets_three_through_in_a_day():
    at = datetime(2026, 3, 4, 18, tzinfo=UTC)
    assert jurisdictions.caps_for(["US-FL"], "sms", at, settings={}) == [FrequencyCap(3, 86400)]
    assert jurisdictions.caps_for(["US-NY", "FR"], "sms", at, settings={}) == []
    assert jurisdictions.caps_for(["US-FL"], "sms", at, settings={"US-FL": Jurisdiction(enabled=False)}) == []


def test_what_has_to_be_asked_first():
    at = datetime(2026, 3, 4, tzinfo=UTC)
    assert rules_for("DE", "email", at).consent == "double_opt_in"
    canada = rules_for("CA", "email", at)
    assert (canada.consent, canada.consent_days) == ("consent", {"purchase": 730, "inquiry": 183})
    assert rules_for("BR", "email", at) is None


def test_laws_leave_everything_but_marketing_and_every_other_channel_alone():
    night = local("2026-03-04T03:00", "America/New_York")
    for purpose in set(Purpose) - {Purpose.CAMPAIGN}:
        assert quiet_somewhere(("America/New_York",), ("US-FL",), "sms", purpose, NONE, night) is None
    assert allowed("2026-03-04T03:00", "America/New_York", "US-FL", "email")
    assert allowed("2026-03-04T03:00", "America/New_York", "US-FL", "push")


def test_the_operator_can_switch_a_law_off_everywhere_or_in_one_place():
    off = Policy(providers={}, jurisdictions={"*": Jurisdiction(enabled=False)})
    assert allowed("2026-05-01T03:00", "Europe/Paris", "FR", policy=off)
    one = Policy(providers={}, jurisdictions={"*": Jurisdiction(enabled=False), "FR": Jurisdiction()})
    assert not allowed("2026-05-01T03:00", "Europe/Paris", "FR", policy=one)
    state = Policy(providers={}, jurisdictions={"US-CT": Jurisdiction(enabled=False)})
    assert allowed("2026-03-04T08:30", "America/New_York", "US-CT", policy=state)
    assert not allowed("2026-03-04T07:30", "America/New_York", "US-CT", policy=state), "federal hours stay"


def test_the_operators_hours_take_the_place_of_the_tables():
    own = {
        "FR": Jurisdiction(windows={"mon-sat": (("08:00", "22:00"),)}),
        "BR": Jurisdiction(windows={"all": (("09:00", "21:00"),)}),
    }
    policy = Policy(providers={}, jurisdictions=own)
    assert allowed("2026-05-02T21:00", "Europe/Paris", "FR", policy=policy)
    assert not allowed("2026-05-03T12:00", "Europe/Paris", "FR", policy=policy)
    assert not allowed("2026-05-01T12:00", "Europe/Paris", "FR", policy=policy), "holidays stay"
    assert not allowed("2026-03-04T08:00", "America/Sao_Paulo", "BR", policy=policy)
    assert allowed("2026-03-04T09:00", "America/Sao_Paulo", "BR", policy=policy)


def test_the_company_s_night_and_the_law_s_are_both_kept():
    late = Policy(providers={}, quiet_hours=QuietHours(start="22:00", end="11:00"))
    assert not allowed("2026-03-04T10:30", "America/New_York", "US-CT", policy=late)
    assert allowed("2026-03-04T11:00", "America/New_York", "US-CT", policy=late)
    assert not allowed("2026-03-04T21:00", "America/New_York", "US-CT", policy=late)


def test_where_no_hour_is_allowed_everywhere_it_is_looked_at_again_tomorrow():
    now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    zones = ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Paris")

    until, because = quiet_somewhere(zones, (), "sms", Purpose.CAMPAIGN, replace(NONE, quiet_hours=SHORT), now)
    assert until == now + LOOK_AGAIN
    assert "no hour" in because


REGIONS = sorted({entry.region for entry in entries()})
instants = st.integers(0, 366 * 24 * 12).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=5 * n))
zones = st.lists(
    st.sampled_from(["Europe/Paris", "America/New_York", "America/Denver", "Asia/Kolkata", "Australia/Lord_Howe"]),
    min_size=1, max_size=3, unique=True,
)  # fmt: skip


@hypothesis.settings(deadline=None)
@given(zones, st.lists(st.sampled_from(REGIONS), max_size=2, unique=True), instants, st.sampled_from(["sms", "voice"]))
def test_a_wait_ends_at_the_first_instant_that_is_quiet_nowhere(where, regions, at, channel):
    policy = Policy(providers={}, quiet_hours=QuietHours(start="22:30", end="07:15", channels=("sms",)))

    def quiet(when):
        return quiet_somewhere(where, regions, channel, Purpose.CAMPAIGN, policy, when)

    if (said := quiet(at)) is None:
        return
    until, because = said
    assert at < until
    if because.startswith("no hour"):
        return
    assert quiet(until) is None
    step = (until - at) / 12
    assert all(quiet(at + n * step) is not None for n in range(12))


@given(st.integers(1583, 2999))
def test_easter_is_a_sunday_of_march_or_april(year):
    found = easter(year)
    assert found.weekday() == 6
    assert date(year, 3, 22) <= found <= date(year, 4, 25)


def test_easter_and_the_holidays_after_it():
    assert [easter(year) for year in (1961, 2000, 2024, 2025, 2026, 2038)] == [
        date(1961, 4, 2), date(2000, 4, 23), date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2038, 4, 25),
    ]  # fmt: skip
    assert {date(2026, 4, 6), date(2026, 5, 14), date(2026, 5, 25), date(2026, 7, 14)} <= holidays_of("FR", 2026)
    assert len(holidays_of("FR", 2026)) == 11


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"france": {}}, "jurisdictions.france"),
        ({"FR": {"windows": {"someday": []}}}, "jurisdictions.FR.windows.someday"),
        ({"FR": {"windows": {"fri-mon": []}}}, "jurisdictions.FR.windows.fri-mon"),
        ({"FR": {"windows": {"mon": [["9", "10"]]}}}, "jurisdictions.FR.windows.mon[0]"),
        ({"FR": {"windows": {"mon": [["20:00", "08:00"]]}}}, "jurisdictions.FR.windows.mon[0]"),
        ({"FR": {"channels": ["fax"]}}, "jurisdictions.FR.channels[0]"),
        ({f"A{chr(65 + n // 26)}-{n}": {} for n in range(301)}, "jurisdictions"),
    ],
)
async def test_hours_that_cannot_be_read_are_refused_with_their_place(database, given, place):
    with pytest.raises(Invalid) as refused:
        async with database.transaction() as tx:
            await write_settings(tx, {"jurisdictions": given})
    assert place in {flaw.at for flaw in refused.value.flaws}


async def test_hours_are_kept_as_they_were_given(database):
    given = {"FR": {"windows": {"mon-sat": [["08:00", "24:00"]]}}, "*": {"enabled": False}}
    async with database.transaction() as tx:
        kept = await write_settings(tx, {"jurisdictions": given})
    assert kept.jurisdictions["FR"].windows == {"mon-sat": (("08:00", "24:00"),)}
    assert kept.jurisdictions["*"].enabled is False
    assert Settings().jurisdictions == {}
