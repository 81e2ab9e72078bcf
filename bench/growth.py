"""Whether taking events in stays as fast when there are more customers: 100,000, 1,000,000 and 5,000,000.

    python -m bench.growth [--sizes 100000 1000000 5000000] [--seconds 20]

For each size a durable server of its own with so many profiles, four identifiers and four sums of events each; the
events themselves that those sums speak of are left out, for taking in never reads them. Then batches of 100 over HTTP
about people drawn at random from all, and the bare SQL core about the same crowd (see `bench.ingest_http`), which is
the reference: rows that are farther apart cost any database more.

Goal: at every size at least 10,000 events/s and 0.25 of the core.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import uvloop

from antiphon import access, profiles
from antiphon.kernel import postgres
from antiphon.kernel.db import open_database
from antiphon.kernel.migrate import migrate
from bench import crowd, ingest_http
from bench.machine import machine, settle

SIZES = (100_000, 1_000_000, 5_000_000)
BATCH, CONNECTIONS = 100, 32
CORE_BATCHES = 200
GOAL_PER_S, GOAL_OF_CORE = 10_000, 0.25


async def measure(dsn: str, *, people: int, seconds: float) -> dict[str, Any]:
    await migrate(dsn)
    database = await open_database(dsn)
    await database.start()
    begun = perf_counter()
    await crowd.people(database, people, lean=True)
    await crowd.sums(database, people=people, named=ingest_http.NAMES)
    async with database.transaction() as tx:
        _, key = await access.create_key(tx, "bench", "write")
        await profiles.ensure_partitions(tx)
    await database.pool.execute("CHECKPOINT", timeout=600)
    made_s = perf_counter() - begun
    size = await database.pool.fetchval("SELECT pg_database_size(current_database())")
    everybody = ingest_http.People("", people)
    ids = [crowd.profile_of(n) for n in random.sample(range(1, people + 1), min(people, 400_000))]
    await settle()
    async with ingest_http.served(database) as port:
        (found,) = await asyncio.to_thread(
            ingest_http.loaded, port, key, seconds=seconds, connections=CONNECTIONS, sizes=(BATCH,), people=everybody
        )
    core = await ingest_http.core(database, ids, seconds=seconds, batches=CORE_BATCHES)
    await database.close()
    return {**found, "core": core, "made_s": made_s, "gib": size / 2**30}


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    options.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    options.add_argument("--seconds", type=float, default=20.0)
    chosen = options.parse_args()
    print(machine())
    print(
        f"{'profiles':>10} {'GiB':>6} {'made s':>7} {'events/s':>9} {'p99 ms':>7} {'half p99':>9} {'core/s':>8} of core"
    )
    kept = True
    for people in chosen.sizes:
        with tempfile.TemporaryDirectory() as folder, postgres.start(Path(folder) / "bench") as server:
            found = uvloop.run(measure(server.dsn, people=people, seconds=chosen.seconds))
        rate, ratio = found["events_per_s"], found["events_per_s"] / found["core"]
        kept &= rate >= GOAL_PER_S and ratio >= GOAL_OF_CORE and not found["failed"]
        print(
            f"{people:>10} {found['gib']:>6.1f} {found['made_s']:>7.0f} {rate:>9,} {found['p99_ms']:>7}"
            f" {found['half_load']['p99_ms']:>9} {found['core']:>8,.0f} {ratio:>7.2f}",
            flush=True,
        )
    print(f"goal {GOAL_PER_S:,}/s and {GOAL_OF_CORE} of the core at every size: {'kept' if kept else 'MISSED'}")
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
