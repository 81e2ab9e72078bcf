"""Warm-up: so many messages a day to each receiving system, over all processes."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import channels
from antiphon.channels import reserving, warmup
from antiphon.channels.pacing import SLOT_AHEAD_S
from antiphon.channels.records import WarmUp
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import ProviderId
from channels.accounts import make, run, word_of

NOON = datetime(2026, 12, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "limit"),
    [(date(2026, 11, 1), 50), (date(2026, 12, 1), 50), (date(2026, 12, 2), 100), (date(2026, 12, 3), None)],
)
def test_each_day_has_its_limit_and_the_last_ends_it(day: date, limit: int | None) -> None:
    assert warmup.limit(WarmUp(date(2026, 12, 1), (50, 100)), day) == limit


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda at: at.year < 9999))
def test_tomorrow_is_never_today_and_not_far(at: datetime) -> None:
    later = at + timedelta(seconds=warmup.until_tomorrow(at))
    assert at.date() < later.date()
    assert (later - at).total_seconds() <= 86_400 + warmup.JITTER_S


@pytest.fixture
def noon(monkeypatch) -> datetime:
    monkeypatch.setattr(reserving, "wall_datetime", lambda: NOON)
    return NOON


async def ask(database: Database, provider: ProviderId, addresses) -> list[float]:
    async with database.transaction() as tx:
        return await channels.slots(tx, provider, addresses)


def going(waits: list[float]) -> int:
    return sum(wait <= SLOT_AHEAD_S for wait in waits)


async def test_three_processes_together_never_exceed_the_day(database: Database, noon) -> None:
    provider = await make(database, "relay", warm_up=WarmUp(NOON.date(), (100, 1000)))
    found = await asyncio.gather(*(ask(database, provider, ["a@gmail.com"] * 45) for _ in range(3)))
    assert sorted(map(going, found)) == [10, 45, 45]
    waits = [wait for each in found for wait in each if wait > 0]
    assert min(waits) >= 12 * 3600
    assert max(waits) <= 12 * 3600 + warmup.JITTER_S
    assert len(set(waits)) == len(waits), "they do not come all at once"


async def test_each_receiver_has_its_own_room(database: Database, noon) -> None:
    provider = await make(database, "relay", warm_up=WarmUp(NOON.date(), (10,)))
    assert going(await ask(database, provider, ["a@gmail.com"] * 20 + ["a@me.com"] * 20 + ["a@shop.example"])) == 21


async def test_the_next_day_has_its_own_limit(database: Database, monkeypatch) -> None:
    provider = await make(database, "relay", warm_up=WarmUp(NOON.date(), (10, 30)))
    for day, room in ((0, 10), (1, 30), (2, 100)):
        monkeypatch.setattr(reserving, "wall_datetime", lambda day=day: NOON + timedelta(days=day))
        assert going(await ask(database, provider, ["a@gmail.com"] * 100)) == room


async def test_a_minute_before_midnight_nobody_believes_in_a_slot(database: Database, monkeypatch) -> None:
    provider = await make(database, "relay", warm_up=WarmUp(NOON.date(), (1, 1)))
    monkeypatch.setattr(reserving, "wall_datetime", lambda: NOON + timedelta(hours=12, seconds=-0.5))
    assert going(await ask(database, provider, ["a@gmail.com"] * 200)) == 1


async def test_who_finds_no_slot_has_not_used_the_day(database: Database, noon) -> None:
    provider = await make(database, "relay", warm_up=WarmUp(NOON.date(), (100,)))
    async with database.transaction() as tx:
        await tx.rows(
            "INSERT INTO receiver_pace (provider_id, receiver, per_second, ceiling, deferred_at)"
            " VALUES ($1, 'google', 2, 2, clock_timestamp())",
            provider,
        )
    waits = await ask(database, provider, ["a@gmail.com"] * 60)
    assert going(waits) < 20
    assert await word_of(database, "SELECT n FROM provider_day") == going(waits)


async def test_other_channels_have_one_room_for_all(database: Database, noon) -> None:
    provider = await make(database, "operator", adapter="smpp", warm_up=WarmUp(NOON.date(), (5,)))
    assert going(await ask(database, provider, [f"+4366400{n}" for n in range(20)])) == 5


async def test_days_that_are_over_are_forgotten(database: Database) -> None:
    provider = await make(database, "relay", warm_up=WarmUp(wall_datetime().date(), (5,)))
    await ask(database, provider, ["a@gmail.com"])
    await run(database, "UPDATE provider_day SET day = day - 3")
    async with database.transaction() as tx:
        await channels.keep_health(tx)
    assert await word_of(database, "SELECT count(*) FROM provider_day") == 0


@pytest.mark.parametrize("per_day", [(), (0,), (-1,), (1,) * 400])
async def test_a_plan_that_cannot_be_is_named(database: Database, per_day) -> None:
    with pytest.raises(Invalid) as told:
        await make(database, "relay", warm_up=WarmUp(NOON.date(), per_day))
    assert [flaw.at for flaw in told.value.flaws] == ["warm_up.per_day"]
