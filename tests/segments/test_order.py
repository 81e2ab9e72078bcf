"""Timers: once all due rows are worked none is due, few looks end each window, and any jump of the clock ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import segments
from antiphon.segments import resolve
from antiphon.segments.engine import zones
from antiphon.segments.engine.frame import Moment
from antiphon.segments.engine.judge import Judge
from antiphon.segments.language.parse import parse
from segments import generated as g
from segments.stage import Stage
from segments.stage_ground import Ground, examples
from segments.stage_ground import ground as ground

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONES = [
    "UTC", "Europe/London", "America/Havana", "America/Santiago", "Africa/Cairo", "Asia/Kathmandu", "Asia/Beirut",
    "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "Africa/Casablanca", "America/St_Johns", "Etc/GMT+12",
]  # fmt: skip
"""Odd offsets, half an hour of summer time, clocks that jump at midnight, and the first and last places of a day."""
DATES = [
    "1970-01-01", "1904-02-29", "2024-02-29T23:59:59.999999-11:00", "0001-01-01", "9999-12-31", "2026-03-29T01:30:00Z",
    "8999-12-31T23:59:59.999999Z", "2026-10-25", "2026-04-24T22:00:00Z", "2026-02-28", "2026-12-31T23:59:59Z",
]  # fmt: skip
EDGES = [
    datetime(2026, 3, 29, 0, 59, 59, 999999, UTC),  # Europe puts clocks forward
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # and back
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 4, 59, 59, 999999, UTC),  # Havana: midnight is left out
    datetime(2026, 11, 1, 4, 30, tzinfo=UTC),  # Havana: midnight comes twice
    datetime(2026, 4, 23, 21, 59, 59, 999999, UTC),  # Cairo: midnight is left out
    datetime(2026, 4, 5, 3, 30, tzinfo=UTC),  # Santiago: the hour before midnight comes twice
    datetime(2026, 4, 4, 15, 0, tzinfo=UTC),  # Lord Howe: half an hour
    datetime(2028, 2, 28, 23, 59, 59, 999999, UTC),
    datetime(2028, 2, 29, 12, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 59, 59, 999999, UTC),
]
_timed = st.one_of(g.about_events, g.about_events, g.about_people, g.about_wishes).filter(
    lambda rule: "account" not in rule
)
_dated = g.both(
    g.some(trait=st.just("born")),
    st.one_of(
        g.some(op=st.sampled_from(["within", "ago", "next"]), value=st.sampled_from(["90m", "1d", "365d", "36500d"])),
        g.some(op="anniversary", value=st.sampled_from(["0d", "1d", "28d", "366d"])),
    ),
)


@examples(16)
@given(
    at=st.sampled_from(EDGES),
    rules=st.lists(st.one_of(_timed, _dated), min_size=12, max_size=12),
    zones=st.lists(st.sampled_from(ZONES), min_size=3, max_size=3),
    dates=st.lists(st.sampled_from(DATES), min_size=3, max_size=3),
    hours=st.lists(st.sampled_from([0, 0, -1, -24, -25, -72, -960, 0.5, 24]), min_size=4, max_size=9),
)
def test_a_timer_is_always_still_to_come(
    ground: Ground, at: datetime, rules: Any, zones: Any, dates: Any, hours: Any
) -> None:
    ground.run(_ask_timers(ground, at, rules, zones, dates, hours))


async def _ask_timers(ground: Ground, at: datetime, rules: Any, lived: Any, dates: Any, hours: Any) -> None:
    stage = await ground.emptied(at)
    for n, (zone, date) in enumerate(zip(lived, dates, strict=True)):
        await stage.identify(f"p{n}", timezone=zone, born=date, seen_at=date, tier="gold")
    for n, hour in enumerate(hours):
        await stage.track(f"p{n % 3}", g.EVENTS[n % len(g.EVENTS)], at=at + hour * HOUR, amount=n)
    async with stage.database.transaction() as tx:
        for rule in rules:
            parsed = parse({"version": 1, "rule": rule})
            judge = Judge(tx, await resolve.words(tx, [parsed]), Moment(at))
            people: Any = set(stage.ids.values())
            await judge.prepare([(parsed, people)])
            verdict = await judge.verdict(parsed, people)
            assert all(timer > at for timer in verdict.timers.values()), (rule, verdict.timers)
            assert all(zones.instant(zones.micros(timer)) > at for timer in verdict.timers.values()), rule


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ({"event": "bought", "within": "40d"}, 45),
        ({"event": "bought", "ago": "20d"}, 45),
        ({"event": "bought", "within": {"days": 7}}, 12),
        ({"event": "bought", "within": {"days": 90}}, 95),
        ({"event": "bought", "within": {"weeks": 15}}, 110),
        ({"event": "bought", "within": {"months": 3}}, 100),
        ({"trait": "born", "op": "anniversary", "value": "5d"}, 60),
        ({"all": [{"event": "bought", "within": "9d"}, {"event": "looked", "within": "9d"}]}, 12),
    ],
)
async def test_a_window_ends_after_few_looks(stage: Stage, rule: Any, days: int) -> None:
    await stage.track("ada", "bought")
    await stage.track("ada", "looked", at=stage.now - HOUR)
    await stage.identify("ada", born="1990-02-10")
    await stage.make("s", rule)
    await stage.drain()
    looks = 0
    for stride in (days * 3 // 5, *([1] * (days * 2 // 5 + 1))):
        await stage.move(stride * DAY)
        looks += await segments.work(stage.database)
        await stage.drain()
    await stage.check()
    flips = len(stage.changes)
    assert flips >= 1
    assert looks <= 3 * flips, looks


CLOCKWORK = [
    {"event": "bought", "within": "24h"},
    {"event": "bought", "within": {"days": 3}},
    {"local_time": {"from": "23:00", "to": "01:30"}},
    {"trait": "born", "op": "anniversary", "value": "1d"},
    {"trait": "born", "op": "next", "value": "36500d"},
    {"trait": "born", "op": "within", "value": "36500d"},
    {"sequence": ["looked", "bought"], "within": "9d", "span": "1d", "complete": False},
    {"segment": "s0", "for": "2d"},
    {"left": "s0", "within": "9d"},
]


async def test_a_jump_of_the_clock_by_decades_ends(stage: Stage) -> None:
    for n, (zone, date) in enumerate(zip(ZONES, [*DATES, *DATES], strict=False)):
        await stage.identify(f"p{n}", timezone=zone, born=date)
        await stage.track(f"p{n}", "bought", at=stage.now - n * HOUR)
        await stage.track(f"p{n}", "looked", at=stage.now + n * HOUR)
    for n, rule in enumerate(CLOCKWORK):
        await stage.make(f"s{n}", rule)
    for years in (1, 30, 3):
        await stage.move(years * 365 * DAY + 7 * HOUR)
        assert await stage.drain() < 20
        await stage.check()
        due = "SELECT FROM membership_due WHERE due_at <= $1 OR timer_at <= $1"
        async with stage.database.transaction() as tx:
            assert await tx.rows(due, stage.now) == []


FIRST, LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)
OPEN_ENDED: list[Any] = [
    {"event": "bought"},
    {"event": "bought", "within": "24h"},
    {"event": "bought", "ago": "40d"},
    {"event": "bought", "within": "40d", "count": {"op": "gte", "value": 2}},
    {"event": "bought", "first": {"op": "within", "value": "40d"}},
    {"event": "bought", "where": [{"property": "x", "op": "exists"}], "ago": "40d"},
    {"sequence": ["bought", "bought"], "span": "40d", "complete": False},
]


@pytest.mark.parametrize("first", [True, False], ids=["built", "judged"])
@pytest.mark.parametrize("rule", OPEN_ENDED, ids=str)
async def test_events_at_the_ends_of_time_hold_up_nobody(stage: Stage, rule: Any, first: bool) -> None:
    if not first:
        await stage.make("s", rule)
    await stage.track("ada", "bought", at=LAST, x=1)
    for at in (FIRST, datetime(1970, 1, 1, tzinfo=UTC), stage.now):
        await stage.track("bob", "bought", at=at, x=1)
    if first:
        await stage.make("s", rule)
    await stage.drain()
    await stage.check()


async def test_who_entered_by_a_clock_that_goes_ahead_is_not_overlooked_by_one_that_lags(stage: Stage) -> None:
    """Two machines; what one wrote is seen by the other a second before it is so."""
    await stage.make("active", {"event": "bought", "within": "24h"})
    await stage.make("came", {"entered": "active"})
    await stage.track("ada", "bought", at=stage.now - HOUR)
    await segments.work(stage.database)
    second = timedelta(seconds=1)
    await stage.move(-second)
    async with stage.database.transaction() as tx:
        await tx.rows("UPDATE membership_due SET due_at = $1 WHERE due_at <= $2", stage.now, stage.now + second)
    await stage.drain()
    await stage.move(second)
    await stage.drain()
    await stage.check()
