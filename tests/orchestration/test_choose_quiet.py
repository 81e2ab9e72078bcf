"""When quiet hours end, where clocks are moved too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.kernel.settings import QuietHours
from antiphon.orchestration.quiet import quiet_until
from orchestration.choosing import times

ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "Africa/Cairo", "UTC"]
).map(ZoneInfo)
instants = st.integers(0, 2 * 366 * 24 * 12).map(lambda n: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=5 * n))


@given(times, times, instants, ZONES)
def test_quiet_hours_end_when_it_is_not_quiet(start, end, at, where):
    """Any zone, any day of two years, changes of the clock too."""
    hours = QuietHours(start=start, end=end)
    until = quiet_until(hours, at, where)
    local = at.astimezone(where).strftime("%H:%M")
    asleep = start <= local < end if start <= end else (local >= start or local < end)
    assert (until is not None) == asleep
    if until is not None:
        assert at < until <= at + timedelta(hours=25)
        assert quiet_until(hours, until, where) is None


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-10-25T00:10Z", "2026-10-25T00:30Z"),  # 02:10 summer time
        ("2026-10-25T01:10Z", "2026-10-25T01:30Z"),  # 02:10 again, an hour later
        ("2026-03-28T22:30Z", "2026-03-29T01:30Z"),  # the night of the change to summer time
    ],
)
def test_the_night_of_the_change(at, until):
    hours = QuietHours(start="22:00", end="02:30")
    instant = datetime.fromisoformat(at)
    assert quiet_until(hours, instant, ZoneInfo("Europe/Berlin")) == datetime.fromisoformat(until)
