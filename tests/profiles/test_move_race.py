"""Whoever read the directory before a merge, and writes after it, is found and followed."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from antiphon import profiles
from antiphon.kernel.db import Database, Transaction
from antiphon.profiles import store
from antiphon.profiles.identity import apply, move
from profiles.facts import ANNA, BROWSER, fact, record, sql

WHERE = "SELECT e.profile_id = i.profile_id FROM event e JOIN identifier i ON i.id = e.who"


async def look(database: Database) -> None:
    for _ in range(20):
        if not await move.work(database):
            return


@pytest.mark.parametrize("when", ["before the merge", "during the merge"])
async def test_an_event_that_is_written_beside_a_merge_follows(database: Database, when: str) -> None:
    await record(database, fact("1", BROWSER, event="a"), fact("2", ANNA, event="a"))
    await record(database, fact("3", ANNA, BROWSER, event="a"))
    seeds = [id for (id,) in await sql(database, "SELECT id FROM identifier")]
    async with AsyncExitStack() as writing:
        async with database.transaction() as merge:
            if when == "during the merge":
                await apply.settle(merge, seeds, by="rule")
            tx = await writing.enter_async_context(database.transaction())
            await profiles.record(tx, [fact("4", BROWSER, event="b")])
            if when == "before the merge":
                await apply.settle(merge, seeds, by="rule")
        await look(database)
        assert await sql(database, "SELECT count(*) FROM move_due") == [(1,)]
    await look(database)
    assert await sql(database, WHERE) == [(True,)] * 4
    assert await sql(database, "SELECT count(*) FROM move_due") == [(0,)]


async def test_an_event_that_is_committed_between_the_look_at_events_and_the_look_at_sums_counts_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(database, fact("1", BROWSER, event="a"), fact("2", ANNA, event="a"))
    await record(database, fact("3", ANNA, BROWSER, event="a"))
    written, end = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with database.transaction() as tx:
            await profiles.record(tx, [fact("4", BROWSER, event="b")])
            written.set()
            await end.wait()

    writer = asyncio.create_task(write())
    await written.wait()
    seeds = [id for (id,) in await sql(database, "SELECT id FROM identifier")]
    async with database.transaction() as merge:
        await apply.settle(merge, seeds, by="rule")
    moved = store.identity.move_events

    async def and_then_the_writer_ends(tx: Transaction, profile: int, *, most: int) -> int:
        count = await moved(tx, profile, most=most)
        end.set()
        await writer
        return count

    monkeypatch.setattr(store.identity, "move_events", and_then_the_writer_ends)
    for _ in range(5):
        await move.work(database)
    assert await sql(database, "SELECT count FROM event_sum ORDER BY count") == [(1,), (3,)]
    assert await sql(database, "SELECT count(*) FROM event") == [(4,)]
