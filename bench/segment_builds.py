"""How long a new rule takes until it is live, and an edited one until all its changes are written; intake beside it.

    python -m bench.segment_builds [--profiles 1000000] [--rate 1000] [--data FOLDER]

Both while events are taken in and a worker works (see `bench.segment_work`). Beside it: the fill of as many members by
hand, and intake without a build.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from time import perf_counter
from typing import Any

from antiphon import segments
from antiphon.kernel.db import Database
from bench import segment_stage
from bench.crowd import quantile
from bench.segment_work import Loaded, loading, working

RULES: dict[str, tuple[Any, Any]] = {
    "by a trait": (
        {"trait": "age", "op": "gte", "value": 40},
        {"trait": "age", "op": "gte", "value": 42},
    ),
    "none in 21 days": (
        {"event": "email opened", "within": "21d", "count": {"op": "eq", "value": 0}},
        {"event": "email opened", "within": "20d", "count": {"op": "eq", "value": 0}},
    ),
    "3 purchases in 30 days": (
        {"event": "purchase", "within": "30d", "count": {"op": "gte", "value": 3}},
        {"event": "purchase", "within": "30d", "count": {"op": "gte", "value": 2}},
    ),
}
"""A rule, and what it is edited to."""


async def by_hand(database: Database, segment: int) -> float:
    """Seconds to write these members once more, under another number; undone."""
    took = 0.0
    with contextlib.suppress(_Undone):
        async with database.transaction() as tx:
            begun = perf_counter()
            await tx.rows(
                "INSERT INTO member (bucket, segment_id, profile_id, entered_at)"
                " SELECT bucket, -1, profile_id, $2 FROM member WHERE segment_id = $1 ORDER BY bucket, profile_id",
                segment,
                tx.now,
            )
            took = perf_counter() - begun
            raise _Undone
    return took


class _Undone(Exception):
    pass


def acknowledged(loaded: Loaded) -> str:
    times = [1000 * (each.acknowledged - each.sent) for each in loaded.sent]
    return f"p50 {quantile(times, 0.5):.1f} ms, p99 {quantile(times, 0.99):.1f} ms, most {max(times):.0f} ms"


async def built(database: Database, name: str, first: Any, edited: Any) -> None:
    async with database.transaction(read_only=True) as tx:
        there = name in {segment.name for segment in await segments.list_all(tx)}
    begun = perf_counter()
    if not there:
        await segments.create(database, name, {"version": 1, "rule": first})
    new_s = perf_counter() - begun
    async with database.transaction(read_only=True) as tx:
        made = await segments.get(tx, name)
        bounds = await segments.bounds(tx, made.id)
    await database.repeat(lambda tx: segments.save_draft(tx, name, {"version": 1, "rule": edited}))
    begun = perf_counter()
    await segments.publish(database, name)
    edited_s = perf_counter() - begun
    changed = await database.pool.fetchval(
        "SELECT count(*) FROM segment_change WHERE segment_id = $1 AND cause = 'rule'", made.id
    )
    hand = await by_hand(database, made.id)
    print(
        f"{name:24} {bounds.count if bounds else 0:9,} {new_s:8.2f} {hand:8.2f} {new_s / hand:7.1f}"
        f" {changed:9,} {edited_s:8.2f}",
        flush=True,
    )


BESIDE_S = 15.0


async def measure(dsn: str, database: Database, *, rate: float) -> None:
    people = await database.pool.fetchval("SELECT count(*) FROM profile")
    with working(dsn):
        await segment_stage.at_rest(database)
        with loading(dsn, people=people, rate=rate, seconds=10, seed=1) as load:
            print(f"\nintake at {rate:,.0f}/s and a worker, no build: {acknowledged(await load.done())}")
        print(f"{'':24} {'members':>9} {'new s':>8} {'by hand':>8} {'ratio':>7} {'changed':>9} {'edited s':>8}")
        for name, (first, edited) in RULES.items():
            with loading(dsn, people=people, rate=rate, seconds=BESIDE_S, seed=hash(name)) as load:
                beside = asyncio.create_task(load.done())
                await built(database, f"built {name}", first, edited)
                print(f"{'':24} intake beside it: {acknowledged(await beside)}", flush=True)


async def run(dsn: str, arguments: argparse.Namespace) -> None:
    async with segment_stage.staged(dsn, arguments) as database:
        await measure(dsn, database, rate=arguments.rate)
        for name in RULES:
            await segments.archive(database, f"built {name}")


def main() -> None:
    options = segment_stage.options(__doc__)
    options.add_argument("--rate", type=float, default=1_000)
    arguments = options.parse_args()
    with segment_stage.served(arguments.data) as (dsn, _folder):
        asyncio.run(run(dsn, arguments))


if __name__ == "__main__":
    main()
