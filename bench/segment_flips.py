"""100,000 people whose window ends in the same minute: how long until every one of them is written as having left.

    python -m bench.segment_flips [--profiles 1000000] [--people 100000] [--workers 1 2] [--data FOLDER]

Each of them had one event of a kind of its own, thirty days ago less some seconds, and a segment asks for it within
thirty days. Then product time is moved past that minute, and the clock runs until the last change is in
`segment_change`. The workers are processes of their own, as under `antiphon serve`; all other segments are live. Beside
it, the same writes by hand: members deleted, changes and due rows written, in one statement and one transaction.

Goal: 5 s.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from datetime import datetime, timedelta
from time import perf_counter

from antiphon import segments
from antiphon.kernel.db import Database, Transaction
from bench import segment_stage
from bench.segment_stage import verdict
from bench.segment_work import working

GOAL_S = 5.0
PATIENCE_S = 600.0


async def prepare(database: Database, *, name: str, people: int, ends: datetime) -> None:
    """Their windows end one after the other, in the minute up to `ends`."""
    await database.pool.execute("INSERT INTO event_name (name) VALUES ($1) ON CONFLICT DO NOTHING", name)
    number = await database.pool.fetchval("SELECT id FROM event_name WHERE name = $1", name)
    async with database.transaction() as tx:
        await tx.rows(
            """
            CREATE TEMPORARY TABLE flipping ON COMMIT DROP AS
            SELECT bucket, id,
                   $1::timestamptz - interval '30 d' - interval '60 s' * (row_number() OVER () / $2::float8) AS at
              FROM (SELECT bucket, id FROM profile LIMIT $2::integer) chosen""",
            ends,
            people,
        )
        await tx.rows(
            "INSERT INTO event (bucket, profile_id, at, name_id, received_at)"
            " SELECT bucket, id, at, $1, at FROM flipping",
            number,
        )
        await tx.rows(
            "INSERT INTO event_sum (bucket, profile_id, name_id, count, first_at, last_at)"
            " SELECT bucket, id, $1, 1, at, at FROM flipping ORDER BY bucket, id",
            number,
        )
    rule = {"event": name, "within": "30d"}
    made = await segments.create(database, name, {"version": 1, "rule": rule})
    async with database.transaction(read_only=True) as tx:
        bounds = await segments.bounds(tx, made.id)
    assert bounds is not None, "nobody is in before the minute"
    assert bounds.count == people, bounds
    await database.pool.execute("VACUUM ANALYZE membership_due, member, event_sum", timeout=PATIENCE_S)


async def flipped(dsn: str, database: Database, *, name: str, people: int, ends: datetime, workers: int) -> float:
    """Seconds from the moment at which product time is moved to the last row."""
    async with database.transaction(read_only=True) as tx:
        segment = (await segments.get(tx, name)).id
    with contextlib.ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(working(dsn))
        await segment_stage.at_rest(database)
        begun = perf_counter()
        await database.move_clock(lambda state: state.moved(ends))
        while perf_counter() - begun < PATIENCE_S:
            left = await database.pool.fetchval(
                "SELECT count(*) FROM segment_change WHERE segment_id = $1 AND NOT entered", segment
            )
            if left == people:
                return perf_counter() - begun
            await asyncio.sleep(0.02)
    raise TimeoutError(f"{left} of {people} left within {PATIENCE_S} s")


async def by_hand(database: Database, name: str) -> float:
    """The same rows by one who knows them all; undone."""
    took = 0.0

    async def write(tx: Transaction) -> None:
        nonlocal took
        begun = perf_counter()
        await tx.rows(
            """
            WITH gone AS (DELETE FROM member WHERE segment_id = (SELECT id FROM segment WHERE name = $1)
                          RETURNING bucket, segment_id, profile_id),
                 due AS (UPDATE membership_due d SET due_at = NULL, timer_at = NULL, version = version + 1 FROM gone
                          WHERE d.bucket = gone.bucket AND d.profile_id = gone.profile_id)
            INSERT INTO segment_change (bucket, segment_id, profile_id, at, entered, cause)
            SELECT bucket, segment_id, profile_id, $2, false, 'time' FROM gone""",
            name,
            tx.now,
        )
        took = perf_counter() - begun
        raise _Undone

    with contextlib.suppress(_Undone):
        async with database.transaction() as tx:
            await write(tx)
    await database.pool.execute("VACUUM member, membership_due, segment_change", timeout=PATIENCE_S)
    return took


class _Undone(Exception):
    pass


async def measure(dsn: str, database: Database, *, people: int, workers: int) -> bool:
    now = database.clock.now()
    name, ends = f"flip {now:%Y-%m-%d %H:%M:%S.%f}", now + timedelta(minutes=3)
    await database.move_clock(lambda state: state.held())
    await prepare(database, name=name, people=people, ends=ends)
    await segment_stage.work_off(database)
    hand = await by_hand(database, name)
    took = await flipped(dsn, database, name=name, people=people, ends=ends, workers=workers)
    await segment_stage.work_off(database)
    wrong = await segment_stage.verified(database, [name])
    await database.move_clock(lambda state: state.released())
    goal = GOAL_S * max(1.0, people / 100_000)
    print(
        f"{people:,} windows end in one minute, {workers} worker(s): {took:.2f} s ({people / took:,.0f}/s),"
        f" by hand {hand:.2f} s, ratio {took / hand:.1f}; {goal:.0f} s: {verdict(took, goal)}; wrong: {wrong}",
        flush=True,
    )
    async with database.transaction(read_only=True) as tx:
        segment = await segments.get(tx, name)
    await segments.archive(database, str(segment.id))
    return took <= goal and not wrong


async def run(dsn: str, arguments: argparse.Namespace) -> bool:
    kept = True
    async with segment_stage.staged(dsn, arguments) as database:
        for workers in arguments.workers:
            kept &= await measure(dsn, database, people=arguments.people, workers=workers)
    return kept


def main() -> None:
    options = segment_stage.options(__doc__)
    options.add_argument("--people", type=int, default=100_000)
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    arguments = options.parse_args()
    with segment_stage.served(arguments.data) as (dsn, _folder):
        kept = asyncio.run(run(dsn, arguments))
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
