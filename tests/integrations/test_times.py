"""Times as others write them, and clocks that are wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.integrations.times import LIVE, Arrival, correct, parse_any, parse_iso

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SAME = Arrival(product=NOON, wall=NOON)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-01-01T12:00:00.000Z", NOON),
        ("2026-01-01T13:00:00+01:00", NOON),
        ("2026-01-01 12:00:00", NOON),
        ("2026-01-01T12:00:00.000000999Z", NOON),
        ("20260101", datetime(2026, 1, 1, tzinfo=UTC)),
        (1767268800, NOON),
        (1767268800000, NOON),
        ("1767268800000000", NOON),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (-86400, datetime(1969, 12, 31, tzinfo=UTC)),
    ],
)
def test_usual_ways_to_write_a_time(written: object, meant: datetime) -> None:
    assert parse_any(written) == meant


@pytest.mark.parametrize(
    "written",
    ["", "soon", "12/1/2010 8:26", "2026-13-01", None, True, [], {}, float("nan"), float("inf"), 10**400, "1e999",
     "9" * 5000, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 1e299],
)  # fmt: skip
def test_what_is_no_time_is_a_value_error(written: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is the caller's to show
        parse_any(written)


def test_the_printed_example_of_the_segment_spec() -> None:
    """…01.266 − (…01.169 − …01.152) = …01.249"""
    received, sent, original = (parse_iso(f"2026-01-01T12:00:01.{ms}Z") for ms in ("266", "169", "152"))
    assert correct(original, sent, Arrival(received, received)) == parse_iso("2026-01-01T12:00:01.249Z")


@given(
    age=st.timedeltas(timedelta(), timedelta(days=3000)),
    wrong=st.timedeltas(timedelta(days=-3000), timedelta(days=3000)),
)
def test_a_senders_wrong_clock_never_matters(age: timedelta, wrong: timedelta) -> None:
    assert correct(NOON + wrong - age, NOON + wrong, SAME) == NOON - age


def test_without_sent_at_the_time_is_kept() -> None:
    assert correct(NOON - timedelta(days=9), None, SAME) == NOON - timedelta(days=9)


@pytest.mark.parametrize("offset", [timedelta(days=21), timedelta(days=-3000)])
def test_in_a_moved_sandbox_live_events_happen_now_and_given_times_stay(offset: timedelta) -> None:
    arrival = Arrival(product=NOON + offset, wall=NOON)
    live, week_ago = timedelta(seconds=5), timedelta(days=7)
    assert correct(NOON - live, NOON, arrival) == arrival.product - live
    assert correct(arrival.product - week_ago, NOON, arrival) == arrival.product - week_ago
    assert correct(arrival.product - week_ago, arrival.product, arrival) == arrival.product - week_ago


def test_clocks_at_the_ends_of_time_are_refused_not_an_error() -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    with pytest.raises(ValueError, match="years"):
        correct(last, first, SAME)
    with pytest.raises(ValueError, match="years"):
        correct(first, last, SAME)
    assert timedelta() < LIVE
