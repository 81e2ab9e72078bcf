"""The keeper of event partitions."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from antiphon import profiles
from antiphon.kernel.db import Database
from profiles.facts import ANNA, fact, record, sql

MONTHS = ["event_2025_12", "event_2026_01", "event_2026_02"]


async def ensure(database: Database) -> list[str]:
    return await database.repeat(profiles.ensure_partitions)


async def where(database: Database) -> dict[str, int]:
    return dict(await sql(database, "SELECT tableoid::regclass::text, count(*)::int FROM event GROUP BY 1"))


async def test_last_this_and_next_month_are_made_once(database: Database, move: Any) -> None:
    assert await ensure(database) == ["event_before", *MONTHS]
    assert await ensure(database) == []
    await move(timedelta(days=31))
    assert await ensure(database) == ["event_2026_03"]


async def test_events_go_to_their_month_and_any_other_date_has_a_place(database: Database) -> None:
    await ensure(database)
    dates = [datetime(*date, tzinfo=UTC) for date in ((1970, 1, 1), (2025, 12, 1), (2026, 2, 28), (9999, 1, 1))]
    await record(database, *[fact(str(at), ANNA, event="a", at=at) for at in dates])
    assert await where(database) == {"event_before": 1, "event_2025_12": 1, "event_2026_02": 1, "event_default": 1}


async def test_a_month_with_rows_in_the_default_is_passed_over(database: Database) -> None:
    await record(database, fact("1", ANNA, event="a", at=datetime(2026, 1, 5, tzinfo=UTC)))
    assert await ensure(database) == ["event_before", "event_2025_12", "event_2026_02"]
    assert await ensure(database) == []
    await record(database, fact("2", ANNA, event="a", at=datetime(2026, 1, 6, tzinfo=UTC)))
    assert await where(database) == {"event_default": 2}


async def test_a_clock_set_back_makes_nothing_and_fails_at_nothing(database: Database, move: Any) -> None:
    await ensure(database)
    await move(timedelta(days=-400))
    assert await ensure(database) == []


async def test_rival_keepers_make_each_month_once(database: Database) -> None:
    made = await asyncio.gather(ensure(database), ensure(database), ensure(database))
    assert {name for names in made for name in names} <= {"event_before", *MONTHS}
    assert await ensure(database) == [] or await ensure(database) == []


async def test_an_open_ingest_is_neither_stopped_nor_waited_for_long(database: Database) -> None:
    """An open transaction with rows in the default holds its lock: the keeper gives up at once and tries later."""
    async with database.transaction() as tx:
        await profiles.record(tx, [fact("1", ANNA, event="a", at=datetime(1970, 1, 1, tzinfo=UTC))])
        assert await asyncio.wait_for(ensure(database), 3) == []
        await profiles.record(tx, [fact("2", ANNA, event="a")])
    assert set(await ensure(database)) == {"event_2026_01", "event_2026_02"}
