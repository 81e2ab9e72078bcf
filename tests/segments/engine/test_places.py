"""Where people live: how near, and what time it is there."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from antiphon.segments.language.rules import Day, LocalTime, Near
from segments.engine.asking import Town

DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONDON = (51.5074, -0.1278)
PARIS = (48.8566, 2.3522)  # 343.6 km from London


@pytest.mark.parametrize(
    ("here", "there", "km", "near"),
    [
        (LONDON, PARIS, 343, False),
        (LONDON, PARIS, 344, True),
        (LONDON, LONDON, 0, True),
        (LONDON, (51.5074, -0.1279), 0, False),
        ((-17.0, 179.9), (-17.0, -179.9), 22, True),
        ((-17.0, 179.9), (-17.0, 180.1), 22, True),
        ((-17.0, 179.9), (-17.0, -179.9), 21, False),
        ((89.9, 0), (89.9, 180), 23, True),
        ((89.9, 0), (89.9, 180), 22, False),
        ((0, 0), (0, 180), 20_015, False),
        ((0, 0), (0, 180), 20_016, True),
    ],
)
async def test_near_is_along_a_great_circle(town: Town, here: Any, there: Any, km: float, near: bool) -> None:
    await town.person("ada", latitude=there[0], longitude=there[1])
    assert await town.ask(Near(*here, km)) == {"ada": (near, None)}


async def test_who_has_no_two_numbers_that_are_degrees_is_nowhere(town: Town) -> None:
    odd: list[dict[str, Any]] = [
        {},
        {"latitude": 51.5},
        {"longitude": -0.1},
        {"latitude": "51.5", "longitude": "-0.1"},
        {"latitude": 91, "longitude": 0},
        {"latitude": 10**400, "longitude": 0},
        {"latitude": 51.5, "longitude": 10**400},
        {"latitude": None, "longitude": -0.1},
        {"latitude": [51.5], "longitude": -0.1},
        {"latitude": True, "longitude": 1},
    ]
    for n, traits in enumerate(odd):
        await town.person(f"odd {n}", **traits)
    await town.person("ada", latitude=51.5, longitude=0)
    assert await town.holds(Near(*LONDON, 20_100)) == {"ada"}


# ---- local time ----

ZONES = {
    "madrid": None,
    "nowhere": "Nowhere/Land",
    "london": "Europe/London",
    "york": "America/New_York",
    "delhi": "Asia/Kolkata",
    "howe": "Australia/Lord_Howe",
    "azores": "Atlantic/Azores",
}
CASES = [
    LocalTime(time(9), time(18), DAYS),
    LocalTime(time(0), time(0), ("sun",)),
    LocalTime(time(22), time(2, 30), ("fri", "sat")),
    LocalTime(time(1, 30), time(2), DAYS),
    LocalTime(time(2, 15), time(2, 15), ("sat",)),
    LocalTime(time(23), time(0), ("mon",)),
]


def there(zone: str | None) -> ZoneInfo:
    return ZoneInfo("Europe/Madrid" if zone in (None, "Nowhere/Land") else zone)


def holds(leaf: LocalTime, at: datetime, zone: str | None) -> bool:
    """What the clock on the wall shows."""
    wall = at.astimezone(there(zone))
    today, yesterday = DAYS[wall.weekday()], DAYS[wall.weekday() - 1]
    clock = wall.time().replace(fold=0)
    if leaf.begin < leaf.end:
        return today in leaf.days and leaf.begin <= clock < leaf.end
    return (today in leaf.days and clock >= leaf.begin) or (yesterday in leaf.days and clock < leaf.end)


@pytest.fixture
async def everywhere(town: Town) -> Town:
    for name, zone in ZONES.items():
        await town.person(name, **({"timezone": zone} if zone else {}))
    return town


STARTS = [
    datetime(2026, 3, 28, 20, 7, tzinfo=UTC),  # Europe puts its clocks forward in the night
    datetime(2026, 10, 24, 20, 7, tzinfo=UTC),  # and back
    datetime(2026, 11, 1, 4, 30, tzinfo=UTC),  # New York back
    datetime(2026, 4, 4, 11, tzinfo=UTC),  # Lord Howe back, by half an hour
    datetime(2026, 7, 13, 9, tzinfo=UTC),
]


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("leaf", CASES)
async def test_it_is_that_time_where_they_live_until_the_timer(
    everywhere: Town, leaf: LocalTime, start: datetime
) -> None:
    at = start
    for _ in range(5):
        found = await everywhere.ask(leaf, at)
        assert {name: truth for name, (truth, _) in found.items()} == {
            name: holds(leaf, at, zone) for name, zone in ZONES.items()
        }, at
        for name, (truth, timer) in found.items():
            assert timer is not None
            steps = int((timer - at) / timedelta(minutes=15))
            passed = [at + n * timedelta(minutes=15) for n in range(steps + 1)]
            before = [each for each in passed if each < timer] + [timer - timedelta(microseconds=1)]
            assert all(holds(leaf, each, ZONES[name]) is truth for each in before), (name, at, timer)
        at = min(timer for _, timer in found.values() if timer is not None)


async def test_a_timer_is_the_change_itself_while_clocks_go_on(everywhere: Town) -> None:
    start = datetime(2026, 7, 13, 9, tzinfo=UTC)
    turns = await everywhere.turns(LocalTime(time(9), time(18), DAYS), start)
    assert turns["london"] == timedelta(hours=8)
    assert turns["york"] == timedelta(hours=4)
    assert turns["nowhere"] == turns["madrid"] == timedelta(hours=7)


async def test_all_day_every_day_is_always(everywhere: Town) -> None:
    found = await everywhere.ask(LocalTime(time(7), time(7), DAYS))
    assert set(found.values()) == {(True, None)}
