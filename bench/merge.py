"""How long two profiles with 10,000 events each take to become one, beside 5,000 events a second coming in.

    python -m bench.merge [--events 10000] [--seconds 20] [--rate 5000]

The product runs as `antiphon serve` with a durable database of its own; the load comes over HTTP, fifty events a
request, each at its time by the clock. First the load alone, then with one merge after the other: somebody names two
known people together, and it is over when every event is under one number and decisions may go on. Beside it the bare
move of as many rows (a delete, an insert, their sums) in one transaction of the same database, without load.

Goals: at most 1 s a merge; 99 of 100 requests within 150 ms meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import uvloop

from antiphon import profiles
from antiphon.app.opening import opened
from antiphon.kernel import postgres
from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier, ProfileId
from bench import ingest_http
from bench.crowd import quantile
from bench.house import house
from bench.machine import machine, settle

SIZE, CONNECTIONS = 50, 16
MERGE_S, P99_MS = 1.0, 150
PATIENCE_S = 120.0
KINDS = 20


async def load(port: int, key: str, *, seconds: float, rate: float) -> tuple[dict[str, Any], int]:
    return await ingest_http.half_load(
        port, key, size=SIZE, connections=CONNECTIONS, seconds=seconds, per_s=rate
    )  # fmt: skip


def load_process(port: int, key: str, seconds: float, rate: float, answers: Any) -> None:
    answers.put(uvloop.run(load(port, key, seconds=seconds, rate=rate)))


@contextlib.contextmanager
def under_load(port: int, key: str, seconds: float, rate: float) -> Iterator[dict[str, Any]]:
    """The figures are there when the block has ended."""
    context = multiprocessing.get_context("spawn")
    answers, figures = context.Queue(), dict[str, Any]()
    process = context.Process(target=load_process, args=(port, key, seconds, rate, answers))
    process.start()
    try:
        yield figures
        found, failed = answers.get(timeout=10 * seconds + 60)
        figures |= {**found, "failed": failed}
    finally:
        process.terminate()
        process.join()


def names_of(pair: int) -> tuple[Identifier, Identifier]:
    return Identifier("external_id", f"pair-{pair}"), Identifier("email", f"pair-{pair}@example.org")


async def prepare(database: Database, *, pairs: int, events: int) -> None:
    """Two people a pair who know nothing of each other, each with as many events in the last month."""
    for pair in range(pairs):
        facts = [
            profiles.Fact("bench", f"{pair} {who.kind}", database.clock.now(), (who,), traits={"first_name": "Pat"})
            for who in names_of(pair)
        ]
        await database.repeat(lambda tx, facts=facts: profiles.record(tx, facts))
    async with database.transaction() as tx:
        kinds = await profiles.event_names(tx, [f"kind {n}" for n in range(KINDS)], make=True)
    await database.pool.execute(
        """
        INSERT INTO event (bucket, profile_id, at, name_id, received_at, who, properties)
        SELECT i.profile_id & 255, i.profile_id, $2::timestamptz - n * interval '2 minutes',
               ($3::integer[])[1 + n % array_length($3::integer[], 1)], $2, i.id, '{"sku": "s12", "price": 1.99}'
          FROM identifier i, generate_series(1, $1::integer) n
         WHERE i.value LIKE 'pair-%'""",
        events,
        database.clock.now(),
        list(kinds.values()),
    )
    await database.pool.execute(
        """
        INSERT INTO event_sum (bucket, profile_id, name_id, count, first_at, last_at)
        SELECT e.bucket, e.profile_id, e.name_id, count(*), min(e.at), max(e.at)
          FROM event e JOIN identifier i ON i.id = e.who AND i.value LIKE 'pair-%' GROUP BY 1, 2, 3"""
    )
    await database.pool.execute("VACUUM ANALYZE")


async def merge(database: Database, pair: int) -> tuple[float, float]:
    """Seconds until they are one person, and until that person is whole."""
    one, other = names_of(pair)
    async with database.transaction(read_only=True) as tx:
        before = await profiles.find(tx, [one, other])
    begun = perf_counter()
    await database.repeat(lambda tx: profiles.say_same(tx, one, other, by="bench"))
    merged = None
    while perf_counter() - begun < PATIENCE_S:
        async with database.transaction(read_only=True) as tx:
            now = await profiles.find(tx, [one, other])
        if merged is None and now[one] == now[other]:
            merged = perf_counter() - begun
        if merged is not None and not await database.pool.fetchval(
            "SELECT EXISTS (SELECT FROM move_due WHERE due_at IS NOT NULL)"
        ):
            left = await _events(database, next(id for id in before.values() if id != now[one]))
            assert left == 0, left
            return merged, perf_counter() - begun
        await asyncio.sleep(0.005)
    raise TimeoutError(f"pair {pair} is not one after {PATIENCE_S} s (merged: {merged})")


async def _events(database: Database, profile: ProfileId) -> int:
    return int(await database.pool.fetchval("SELECT count(*) FROM event WHERE profile_id = $1", profile))


async def bare_move(database: Database, pair: int) -> float:
    """Seconds to give one profile's rows to another, by hand."""
    one, other = names_of(pair)
    async with database.transaction(read_only=True) as tx:
        found = await profiles.find(tx, [one, other])
    begun = perf_counter()
    async with database.transaction() as tx:
        for statement in (
            """
            WITH gone AS (DELETE FROM event WHERE profile_id = $1 RETURNING *)
            INSERT INTO event (bucket, profile_id, at, name_id, received_at, who, properties)
            SELECT $2 & 255, $2, at, name_id, received_at, who, properties FROM gone""",
            """
            WITH gone AS (DELETE FROM event_sum WHERE profile_id = $1 AND bucket = $1 & 255 RETURNING *)
            INSERT INTO event_sum AS kept (bucket, profile_id, name_id, count, first_at, last_at)
            SELECT $2 & 255, $2, name_id, count, first_at, last_at FROM gone
                ON CONFLICT (bucket, name_id, profile_id) DO UPDATE
               SET count = kept.count + excluded.count, first_at = least(kept.first_at, excluded.first_at),
                   last_at = greatest(kept.last_at, excluded.last_at)""",
        ):
            await tx.rows(statement, found[one], found[other])
    return perf_counter() - begun


async def merges(database: Database, first: int, pairs: int, *, seconds: float) -> list[tuple[float, float]]:
    """One after the other for so long, or until no pair is left."""
    begun, done = perf_counter(), []
    for pair in range(first, pairs):
        if perf_counter() - begun > seconds:
            break
        done.append(await merge(database, pair))
    return done


async def measure(dsn: str, port: int, key: str, arguments: argparse.Namespace) -> bool:
    async with opened(dsn, migrating=False) as runtime:
        database = runtime.database
        await prepare(database, pairs=arguments.pairs, events=arguments.events)
        await settle()
        bare = [await bare_move(database, pair) for pair in range(5)]
        loaded = {"port": port, "key": key, "rate": arguments.rate}
        with under_load(**loaded, seconds=arguments.seconds / 4):
            pass  # everybody is known afterwards
        with under_load(**loaded, seconds=arguments.seconds) as alone:
            pass
        with under_load(**loaded, seconds=arguments.seconds) as beside:
            await asyncio.sleep(1.0)
            done = await merges(database, 5, arguments.pairs, seconds=arguments.seconds - 2)
        quiet = await merges(database, 5 + len(done), arguments.pairs, seconds=10)
    for name, figures in (("load alone", alone), ("load beside merges", beside)):
        print(f"{name:28} {figures['events_per_s']}/s: p50 {figures['p50_ms']} ms, p99 {figures['p99_ms']} ms")
    whole = [took for _, took in done]
    print(f"{len(done)} merges of {arguments.events} + {arguments.events} events under load: ")
    print(f"  one person after p50 {quantile([took for took, _ in done], 0.5):.3f} s")
    print(f"  whole after      p50 {quantile(whole, 0.5):.3f} s, most {max(whole):.3f} s")
    if quiet:
        print(f"  without load     p50 {quantile([took for _, took in quiet], 0.5):.3f} s")
    ratio = quantile(whole, 0.5) / quantile(bare, 0.5)
    print(f"bare move of {arguments.events} rows, without load: {quantile(bare, 0.5):.3f} s; ratio {ratio:.1f}")
    kept = max(whole) <= MERGE_S and beside["p99_ms"] <= P99_MS and not beside["failed"]
    print(f"goals {MERGE_S} s and {P99_MS} ms: {'kept' if kept else 'MISSED'}; failed requests: {beside['failed']}")
    return kept


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    options.add_argument("--events", type=int, default=10_000)
    options.add_argument("--pairs", type=int, default=60)
    options.add_argument("--seconds", type=float, default=20.0)
    options.add_argument("--rate", type=float, default=5_000)
    arguments = options.parse_args()
    print(machine())
    with (
        tempfile.TemporaryDirectory() as name,
        house(Path(name) / "data") as made,
        postgres.join_or_start(Path(name) / "data") as server,
    ):
        kept = uvloop.run(measure(server.dsn, made.port, made.key, arguments))
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
