"""What the profile's own row says: plain and relative conditions, chance, and what was before."""

from __future__ import annotations

import calendar
import random
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from antiphon.segments.language.rules import Changed, Condition, Op, Random, Trait
from conftest import START
from segments.engine.asking import Town

DAY, HOUR, TICK = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)


def text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def trait(op: Op, value: Any, field: str = "due") -> Trait:
    return Trait(Condition(field, op, value))


async def test_a_plain_condition_is_answered_by_the_row_and_never_by_time(town: Town) -> None:
    await town.person("gold", tier="gold", address={"city": "Bonn"})
    await town.person("silver", tier="silver", tags=["a", "b"])
    await town.person("none")
    assert await town.holds(trait("eq", "gold", "tier")) == {"gold"}
    assert await town.holds(trait("ne", "gold", "tier")) == {"silver", "none"}
    assert await town.holds(trait("starts_with", "Bo", "address.city")) == {"gold"}
    assert await town.holds(trait("eq", "b", "tags[]")) == {"silver"}
    assert await town.holds(trait("before", START, "due")) == set()
    assert await town.turns(trait("eq", "gold", "tier")) == {}


@pytest.mark.parametrize(
    ("op", "away", "holds", "turns"),
    [
        ("within", -3 * DAY, False, None),
        ("within", -3 * DAY + TICK, True, TICK),
        ("within", timedelta(), True, 3 * DAY),
        ("within", TICK, False, TICK),
        ("ago", -3 * DAY, True, None),
        ("ago", -3 * DAY + TICK, False, TICK),
        ("ago", 2 * DAY, False, 5 * DAY),
        ("next", timedelta(), False, None),
        ("next", TICK, True, TICK),
        ("next", 3 * DAY, True, 3 * DAY),
        ("next", 3 * DAY + HOUR, False, HOUR),
    ],
)
async def test_a_date_compares_with_the_instant_to_the_microsecond(
    town: Town, op: Op, away: timedelta, holds: bool, turns: timedelta | None
) -> None:
    await town.person("ada", due=text(START + away))
    assert await town.ask(trait(op, 3 * DAY)) == {"ada": (holds, START + turns if turns else None)}


async def test_what_is_no_date_and_what_never_comes_is_neither_near_nor_waited_for(town: Town) -> None:
    for name, due in {"number": 20260101, "words": "tomorrow", "odd": "2026-02-30", "null": None}.items():
        await town.person(name, due=due)
    for op in ("within", "ago", "next"):
        assert set((await town.ask(trait(op, 30 * DAY))).values()) == {(False, None)}
    await town.person("never", due="9999-12-31T23:59:59-12:00")
    for op in ("within", "ago", "next"):
        assert (await town.ask(trait(op, 36_500 * DAY)))["never"] == (False, None)


async def test_of_a_list_one_date_is_enough_and_the_first_to_turn_counts(town: Town) -> None:
    await town.person("ada", trips=[{"on": text(START - 9 * DAY)}, {"on": text(START + DAY)}, {"on": None}, "?"])
    await town.person("ben", trips=[{"on": text(START - 9 * DAY)}])
    await town.person("cleo", trips=[])
    assert await town.holds(trait("next", 2 * DAY, "trips[].on")) == {"ada"}
    assert await town.turns(trait("next", 2 * DAY, "trips[].on")) == {"ada": DAY}
    assert await town.holds(trait("within", 10 * DAY, "trips[].on")) == {"ada", "ben"}
    assert await town.turns(trait("within", 10 * DAY, "trips[].on")) == {"ada": DAY, "ben": DAY}


# ---- anniversaries ----

ZONES = {
    "madrid": None,
    "kiritimati": "Pacific/Kiritimati",
    "midway": "Pacific/Midway",
    "samoa": "Pacific/Apia",
    "nowhere": "Nowhere/Land",
}
BORN = ["2000-02-29", "1980-02-28", "1980-03-01", "2031-12-31", "1999-01-01T23:30:00-10:00"]


def comes(born: str, at: datetime, zone: str | None, ahead: int) -> bool:
    """Day by day."""
    here = ZoneInfo(zone if zone in ("Pacific/Kiritimati", "Pacific/Midway", "Pacific/Apia") else "Europe/Madrid")
    _, month, day = map(int, born[:10].split("-"))
    today = at.astimezone(here).date()
    days = [today + timedelta(days=n) for n in range(ahead + 1)]
    if any((each.month, each.day) == (month, day) for each in days):
        return True
    is_leap_child = (month, day) == (2, 29)
    return is_leap_child and any((d.month, d.day) == (2, 28) and not calendar.isleap(d.year) for d in days)


async def settle(town: Town) -> dict[str, tuple[str, str | None]]:
    people = {f"{zone} {born}": (born, name) for zone, name in ZONES.items() for born in BORN}
    for person, (born, zone) in people.items():
        await town.person(person, born=born, **({"timezone": zone} if zone else {}))
    return people


@pytest.mark.parametrize("ahead", [0, 7, 366])
async def test_an_anniversary_comes_by_the_persons_calendar(town: Town, ahead: int) -> None:
    people = await settle(town)
    chance = random.Random(1)
    edges = [datetime(year, 2, day, 12, tzinfo=UTC) for year in (2027, 2028, 2100) for day in (27, 28)]
    edges += [datetime(2027, 12, 31, 10, tzinfo=UTC), datetime(2027, 1, 1, 11, tzinfo=UTC)]
    for at in [edge + timedelta(minutes=chance.randrange(-1800, 1800)) for edge in edges for _ in range(4)]:
        expected = {name for name, (born, zone) in people.items() if comes(born, at, zone, ahead)}
        assert await town.holds(trait("anniversary", ahead * DAY, "born"), at) == expected, at


@pytest.mark.parametrize("ahead", [0, 3])
async def test_no_anniversary_comes_or_goes_before_its_timer(town: Town, ahead: int) -> None:
    people = await settle(town)
    for start in (datetime(2027, 2, 20, 23, 59, tzinfo=UTC), datetime(2028, 2, 28, 10, 30, tzinfo=UTC)):
        for name, (truth, timer) in (await town.ask(trait("anniversary", ahead * DAY, "born"), start)).items():
            born, zone = people[name]
            assert timer is not None
            passed = [start + n * HOUR for n in range(int((timer - start) / HOUR))]
            assert all(comes(born, at, zone, ahead) is truth for at in [*passed, timer - TICK]), (name, timer)


async def test_what_is_no_date_has_no_anniversary(town: Town) -> None:
    for n, born in enumerate(["1999-02-29", "abcd-01-01", "1999-01-01 or so", 19990101, ["1999-01-01"], None]):
        await town.person(f"p{n}", born=born)
    await town.person("ada", born="1999-01-01")
    assert await town.holds(trait("anniversary", 366 * DAY, "born")) == {"ada"}
    assert (await town.turns(trait("anniversary", 366 * DAY, "born"))).keys() == {"ada"}


async def test_an_anniversary_far_away_is_not_looked_at_every_day(town: Town) -> None:
    await town.person("ada", born="1990-08-15")
    wait = (await town.turns(trait("anniversary", timedelta(), "born")))["ada"]
    assert date(2026, 8, 13) <= (START + wait).date() <= date(2026, 8, 14)


# ---- chance ----


async def test_chance_is_the_hash_of_seed_and_profile_and_parts_do_not_meet(town: Town) -> None:
    for n in range(200):
        await town.person(f"p{n}")
    share = {
        name: int(md5(f"spring:{id}".encode()).hexdigest()[:8], 16) / 2**32 * 100 for name, id in town.people.items()
    }
    parts = [(0.0, 0.1 + 0.2), (0.3, 29.7), (30.0, 40.0), (70.0, 30.0)]
    found = [await town.holds(Random(size, first, "spring")) for first, size in parts]
    assert found == [{name for name, h in share.items() if first <= h < first + size} for first, size in parts]
    assert sum(map(len, found)) == len(set().union(*found)) == 200
    assert await town.holds(Random(40.0, 30.0, "autumn")) != found[2]
    assert await town.turns(Random(40.0, 30.0, "spring")) == {}


# ---- what was before ----


async def changed(town: Town, name: str, days_ago: float, before: str) -> None:
    await town.about("trait_change", name, at=START - days_ago * DAY, source="test", before=before)


async def test_a_change_counts_from_what_it_was_to_what_it_is(town: Town) -> None:
    await town.person("risen", tier="gold")
    await changed(town, "risen", 2, '{"tier": "silver", "city": "Rome"}')
    await changed(town, "risen", 1, '{"tier": "bronze"}')
    await town.person("fallen", tier="silver")
    await changed(town, "fallen", 2, '{"tier": "gold"}')
    await town.person("late", tier="gold")
    await changed(town, "late", 7, '{"tier": "silver"}')
    await town.person("new", tier="gold", points=1)
    await changed(town, "new", 1, '{"points": "1"}')
    await town.person("first", points=1)
    await changed(town, "first", 1, '{"points": null}')
    assert await town.holds(Changed("tier", 7 * DAY)) == {"risen", "fallen"}
    assert await town.holds(Changed("tier", 7 * DAY + TICK)) == {"risen", "fallen", "late"}
    assert await town.holds(Changed("tier", None)) == {"risen", "fallen", "late"}
    assert await town.holds(Changed("tier", 7 * DAY, before="silver")) == {"risen"}
    assert await town.holds(Changed("tier", 7 * DAY, after="silver")) == {"fallen"}
    assert await town.holds(Changed("tier", 7 * DAY, before="bronze", after="gold")) == {"risen"}
    assert await town.holds(Changed("points", 7 * DAY)) == {"new", "first"}
    assert await town.holds(Changed("points", 7 * DAY, before="1")) == {"new"}
    assert await town.holds(Changed("points", 7 * DAY, before=1)) == set()
    assert await town.holds(Changed("points", 7 * DAY, after=True)) == set()


async def test_a_change_counts_until_its_time_is_over_and_not_before_it_came(town: Town) -> None:
    await town.person("ada", tier="gold")
    await changed(town, "ada", 6, '{"tier": "silver"}')
    await changed(town, "ada", 2, '{"tier": "bronze"}')
    assert await town.turns(Changed("tier", 7 * DAY)) == {"ada": 5 * DAY}
    assert await town.turns(Changed("tier", 7 * DAY, before="silver")) == {"ada": DAY}
    assert await town.turns(Changed("tier", 7 * DAY, after="silver")) == {}
    assert await town.turns(Changed("tier", None)) == {}
    earlier = START - 3 * DAY
    assert await town.ask(Changed("tier", DAY), earlier, present=False) == {"ada": (False, START - 2 * DAY)}
    assert await town.ask(Changed("tier", 7 * DAY), earlier, present=False) == {"ada": (True, START - 2 * DAY)}
