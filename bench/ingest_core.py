"""How fast facts are taken in, beside the bare statements on the same tables.

    PYTHONPATH=src python bench/ingest_core.py [--dsn DSN] [--profiles 20000] [--batch 1000] [--writers 1]

Without a DSN it starts a durable server in a temporary folder. Three figures, in turn, so that checkpoints and load
meet all alike:

- `core`: the two statements (seen message, event and sum) with columns made beforehand;
- `record`: `profiles.record` for tracks with one known external id;
- `ratio`: record / core.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from antiphon import profiles
from antiphon.kernel import postgres
from antiphon.kernel.db import Database, open_database
from antiphon.kernel.migrate import migrate
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import store
from antiphon.profiles.ingest import message_key

NAMES = [f"event {n}" for n in range(20)]
PROPERTIES = json.dumps({"product": "A-1234", "price": 19.9, "channel": "web", "campaign": 12})


@contextmanager
def server(dsn: str | None) -> Iterator[str]:
    if dsn:
        yield dsn
        return
    with tempfile.TemporaryDirectory() as folder, postgres.start(Path(folder) / "data") as started:
        yield started.dsn


async def people(database: Database, count: int) -> list[ProfileId]:
    found: list[ProfileId] = []
    for start in range(0, count, 5000):
        async with database.transaction() as tx:
            facts = [
                profiles.Fact("setup", str(n), tx.now, (Identifier("external_id", str(n)),), traits={"n": n})
                for n in range(start, min(start + 5000, count))
            ]
            found += [one for one in (await profiles.record(tx, facts)).profiles if one is not None]
    return found


class Batches:
    def __init__(self, known: Sequence[ProfileId], size: int, run: str) -> None:
        self.known, self.size, self.run = known, size, run
        self.random = random.Random(run)

    def facts(self, database: Database, number: int) -> list[profiles.Fact]:
        now = database.clock.now()
        return [
            profiles.Fact(
                self.run,
                f"{number}-{n}",
                now - timedelta(seconds=self.random.random() * 86400 * 20),
                (Identifier("external_id", str(self.random.randrange(len(self.known)))),),
                event=self.random.choice(NAMES),
                properties=PROPERTIES,
            )
            for n in range(self.size)
        ]


async def record_one(database: Database, facts: Sequence[profiles.Fact]) -> float:
    started = time.perf_counter()
    async with database.transaction() as tx:
        done = await profiles.record(tx, facts)
    assert done.new == len(facts)
    return time.perf_counter() - started


async def core_one(
    database: Database,
    facts: Sequence[profiles.Fact],
    known: Sequence[ProfileId],
    whos: Sequence[int],
    names: dict[str, int],
) -> float:
    keys = [message_key(fact.source, fact.message_id) for fact in facts]
    places = [int(fact.who[0].value) for fact in facts]
    rows = [
        (known[place], names[f.event or ""], f.at, whos[place], f.properties)
        for place, f in zip(places, facts, strict=True)
    ]
    started = time.perf_counter()
    async with database.transaction() as tx:
        assert not await store.ingest.admit(tx, keys)
        await store.ingest.add_events(tx, rows)
    return time.perf_counter() - started


async def measure(dsn: str, arguments: argparse.Namespace) -> dict[str, object]:
    await migrate(dsn)
    database = await open_database(dsn)
    async with database.transaction() as tx:
        await profiles.ensure_partitions(tx)
        names = await profiles.event_names(tx, NAMES, make=True)
    known = await people(database, arguments.profiles)
    numbers = dict(await database.pool.fetch("SELECT value, id FROM identifier"))
    whos = [numbers[str(n)] for n in range(arguments.profiles)]
    await database.pool.execute("VACUUM ANALYZE")
    spent = {"core": 0.0, "record": 0.0}

    async def writer(number: int) -> None:
        batches = Batches(known, arguments.batch, f"{time.time_ns()}-{number}")
        for n in range(arguments.batches):
            spent["core"] += await core_one(database, batches.facts(database, 2 * n), known, whos, names)
            spent["record"] += await record_one(database, batches.facts(database, 2 * n + 1))

    await asyncio.gather(*(writer(number) for number in range(arguments.writers)))
    total = arguments.batch * arguments.batches * arguments.writers
    size = await database.pool.fetchval("SELECT pg_database_size(current_database())")
    await database.close()
    rates = {name: round(total / (seconds / arguments.writers)) for name, seconds in spent.items()}
    return {
        "machine": {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        "profiles": arguments.profiles,
        "batch": arguments.batch,
        "facts": total,
        "database_mb": size // 2**20,
        "facts_per_s": rates,
        "ratio": round(rates["record"] / rates["core"], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dsn")
    parser.add_argument("--profiles", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--writers", type=int, default=1)
    arguments = parser.parse_args()
    with server(arguments.dsn) as dsn:
        print(json.dumps(asyncio.run(measure(dsn, arguments)), indent=2))


if __name__ == "__main__":
    main()
