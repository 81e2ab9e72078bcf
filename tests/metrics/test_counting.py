"""Counts: appended by many at once, folded by several keepers, right at every instant."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta

from antiphon import metrics
from antiphon.kernel.db import Database
from antiphon.kernel.records import Count, SourceId

ONE = SourceId(1)


def count(
    database: Database, kind: str, n: int = 1, *, minutes: int = 0, variant: str = "", amount: float = 0.0
) -> Count:
    return Count(ONE, "sms", variant, kind, database.clock.now() + timedelta(minutes=minutes), n, amount)


async def total(database: Database) -> dict[tuple[str, str], int]:
    async with database.transaction(read_only=True) as tx:
        return {(each.kind, each.variant): each.n for each in await metrics.totals(tx, [ONE])}


async def test_totals_are_the_sum_while_writers_and_keepers_race(database: Database) -> None:
    chance = random.Random(1)
    expected: Counter[tuple[str, str]] = Counter()
    writing = True

    async def write() -> None:
        for _ in range(15):
            made = [
                count(database, chance.choice("ab"), minutes=chance.randrange(3), variant=chance.choice(["", "b"]))
                for _ in range(20)
            ]
            await database.repeat(lambda tx, made=made: metrics.add(tx, made))
            expected.update((each.kind, each.variant) for each in made)

    async def keep() -> None:
        while writing:
            await database.repeat(metrics.fold_parts)
            await asyncio.sleep(0.005)

    async def read() -> None:
        last = 0
        while writing:
            now = sum((await total(database)).values())
            assert now >= last  # folding never shows a number twice or not at all
            last = now

    others = [asyncio.create_task(work()) for work in (keep, keep, read)]
    await asyncio.gather(*(write() for _ in range(4)))
    writing = False
    await asyncio.gather(*others)
    assert await total(database) == dict(expected)
    while await database.repeat(metrics.fold_parts):
        pass
    assert await total(database) == dict(expected)
    async with database.transaction() as tx:
        assert not await tx.rows("SELECT FROM counter_part")


async def test_nothing_counts_when_the_fact_is_not_committed(database: Database) -> None:
    try:
        async with database.transaction() as tx:
            await metrics.add(tx, [count(database, "sent")])
            raise LookupError
    except LookupError:
        pass
    assert await total(database) == {}


async def test_money_adds_up_and_minutes_are_apart(database: Database) -> None:
    counts = [count(database, "sent", 2, amount=0.14), count(database, "sent", 1, amount=0.07, minutes=3)]
    for _ in range(2):
        await database.repeat(lambda tx: metrics.add(tx, counts))
        await database.repeat(metrics.fold_parts)
    async with database.transaction() as tx:
        (one,) = await metrics.totals(tx, [ONE])
        minutes = [database.clock.now() + timedelta(minutes=n) for n in range(4)]
        spans = await metrics.history(tx, ONE, minutes, until=minutes[3] + timedelta(minutes=1))
    assert (one.n, round(one.amount, 6)) == (6, 0.42)
    assert [(each.slot, each.n) for each in spans] == [(0, 4), (3, 2)]


async def test_what_is_taken_off_again_is_off(database: Database) -> None:
    await database.repeat(lambda tx: metrics.add(tx, [count(database, "failed")]))
    await database.repeat(metrics.fold_parts)
    await database.repeat(lambda tx: metrics.add(tx, [count(database, "failed", -1)]))
    assert await total(database) == {("failed", ""): 0}
