"""How long it takes to find what is due, with few and with very many deliveries that wait.

    python -m bench.claims [--most 10000000]

The rows are made by SQL. Half of them wait for an hour to come, the rest are due but behind those that are taken.
What is measured is the statement that the delivery loop takes its batch with, and the one that listens for silence.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from antiphon.kernel import postgres
from antiphon.kernel.db import Database, Transaction, open_database
from antiphon.kernel.migrate import migrate
from antiphon.kernel.records import ProviderId
from antiphon.orchestration.store import delivering
from bench.machine import machine

FEW = 10_000
BATCH, ROUNDS = 250, 40
PROVIDER = ProviderId(1)
LANES = (0, 1, 2, 3, 4)

FILL = """
    INSERT INTO delivery (bucket, id, notification_id, profile_id, source_id, n, channel, address, provider_id, lane,
                          state, due_at)
    SELECT i & 255, i, i, i, 1, 1, 'email', 'p' || i || '@example.org', 1, CASE WHEN i % 10 = 0 THEN 9 ELSE 4 END,
           CASE WHEN i % 10 = 0 THEN 'accepted' ELSE 'queued' END,
           timestamptz '2026-01-01 12:00Z' + make_interval(secs => CASE WHEN i % 2 = 0 THEN 3600 ELSE i / 1e6 - 600 END)
      FROM generate_series($1::bigint, $2::bigint) AS i"""


async def fill(database: Database, *, first: int, last: int) -> None:
    async with database.pool.acquire() as connection:
        for at in range(first, last + 1, 500_000):
            await connection.execute(FILL, at, min(last, at + 499_999), timeout=600)
        await connection.execute("VACUUM ANALYZE delivery", timeout=1200)
        await connection.execute("CHECKPOINT", timeout=1200)


async def timed(database: Database, work: Callable[[Transaction], Awaitable[int]]) -> tuple[float, float]:
    """Milliseconds: the median, and what one of twenty is slower than."""
    took = []
    for _ in range(ROUNDS):
        async with database.transaction() as tx:
            begun = time.perf_counter()
            assert await work(tx) == BATCH
            took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


async def take(tx: Transaction) -> int:
    """As the loop does, and gone from the queue as if it had been marked and recorded."""
    rows = await delivering.take(tx, PROVIDER, LANES, batch=BATCH)
    ids = [row["id"] for row in rows]
    await tx.rows(
        "UPDATE delivery d SET state = 'accepted', due_at = NULL FROM unnest($1::bigint[]) AS given(id)"
        " WHERE d.bucket = (given.id & 255)::smallint AND d.id = given.id",
        ids,
    )
    return len(rows)


async def count(tx: Transaction) -> int:
    return await delivering.count_ready(tx, PROVIDER, LANES, batch=BATCH)


async def watch(tx: Transaction) -> int:
    assert await delivering.read_due(tx, [PROVIDER], lane=delivering.SILENCE_LANE)
    return len(await delivering.SILENT.claim(tx, PROVIDER, batch=BATCH, lease_s=60.0))


async def measure(dsn: str, most: int) -> None:
    await migrate(dsn)
    database = await open_database(dsn)
    await database.start()
    filled = 0
    for rows in (FEW * 10, most):
        await fill(database, first=filled + 1, last=rows)
        filled = rows
        print(f"{rows:,} deliveries, {rows // 2:,} of them not due")
        for name, work in (("look", count), ("take", take), ("silence", watch)):
            if name == "silence":
                await database.pool.execute("UPDATE delivery SET due_at = '2026-01-01' WHERE lane = 9", timeout=1200)
                await database.pool.execute("VACUUM ANALYZE delivery", timeout=1200)
            median, slow = await timed(database, work)
            print(f"  {name}: {BATCH} in {median:.1f} ms, one of twenty takes more than {slow:.1f} ms", flush=True)
    await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--most", type=int, default=10_000_000)
    arguments = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder, postgres.throwaway(Path(folder)) as dsn:
        uvloop.run(measure(dsn, arguments.most))


if __name__ == "__main__":
    main()
