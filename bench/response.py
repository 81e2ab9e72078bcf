"""What it costs to count who answers, and to foretell it.

    python -m bench.response [--people 200000] [--batch 250] [--patience 900]

Campaigns to everybody on a durable server of its own, in random order, one worker: each batch is noted as sent in one
transaction; beside it, the same rows by hand (one upsert that adds one, nothing else). Then answers, predictions of 500
people at once, the arithmetic alone, and the keeper.

Goal: 10 microseconds for each message that is noted as sent, database and Python together.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from antiphon import metrics
from antiphon.kernel import postgres
from antiphon.kernel.clock import ClockState, wall_datetime
from antiphon.kernel.db import Database, Transaction, open_database
from antiphon.kernel.migrate import migrate
from antiphon.kernel.records import ProfileId, Purpose
from bench.machine import machine, settle

GOAL_US = 10.0
CAMPAIGNS = 4
CALLS = 300_000
By = Callable[[Transaction, Sequence[ProfileId]], Awaitable[None]]


async def note(tx: Transaction, people: Sequence[ProfileId]) -> None:
    await metrics.note_sent(tx, [(person, "email", Purpose.CAMPAIGN) for person in people])


async def by_hand(tx: Transaction, people: Sequence[ProfileId]) -> None:
    await tx.rows(
        "INSERT INTO bare (bucket, profile_id, cell, sent) SELECT (id & 255)::smallint, id, 0, 1"
        " FROM unnest($1::bigint[]) id ORDER BY 1, 2"
        " ON CONFLICT (bucket, profile_id, cell) DO UPDATE SET sent = bare.sent + 1",
        people,
    )


async def campaign(database: Database, batches: Sequence[Sequence[ProfileId]], by: By) -> tuple[float, float]:
    """Microseconds for each person: of the statements, and with the commit."""
    statements, begun = 0.0, perf_counter()
    for batch in batches:
        async with database.transaction() as tx:
            since = perf_counter()
            await by(tx, batch)
            statements += perf_counter() - since
    people = sum(map(len, batches))
    return statements / people * 1e6, (perf_counter() - begun) / people * 1e6


async def sending(database: Database, people: list[ProfileId], *, batch: int) -> float:
    """The worst of the campaigns after the first, in microseconds for each message."""
    await database.pool.execute(
        "CREATE TABLE bare (bucket smallint, profile_id bigint, cell smallint, sent smallint,"
        " PRIMARY KEY (bucket, profile_id, cell)) WITH (fillfactor = 80)"
    )
    worst = 0.0
    for number in range(1, CAMPAIGNS + 1):
        random.Random(number).shuffle(people)
        batches = [people[n : n + batch] for n in range(0, len(people), batch)]
        bare, _ = await campaign(database, batches, by_hand)
        ours, committed = await campaign(database, batches, note)
        print(
            f"campaign {number}, batches of {batch}: note_sent {ours:.1f} us a message ({1e6 / ours:,.0f}/s), with the"
            f" commit {committed:.1f}; by hand {bare:.1f}, ratio {ours / bare:.1f}",
            flush=True,
        )
        worst = max(worst, ours) if number > 1 else 0.0
        await answering(database, batches, share=0.05 * number)
        await folding(database)
        await database.move_clock(lambda state: state.moved(state.now() + timedelta(days=2)))
    await folding(database)
    return worst


async def answering(database: Database, batches: Sequence[Sequence[ProfileId]], *, share: float) -> None:
    chance, n, took = random.Random(7), 0, 0.0
    for batch in batches[: max(1, len(batches) // 5)]:
        said = [(one, "email", Purpose.CAMPAIGN, database.clock.now(), 20) for one in batch if chance.random() < share]
        async with database.transaction() as tx:
            begun = perf_counter()
            await metrics.note_answered(tx, said)
            took += perf_counter() - begun
        n += len(said)
    print(f"  {n:,} answers, {n / len(batches[: max(1, len(batches) // 5)]):.0f} at once: {took / n * 1e6:.0f} us each")


async def folding(database: Database) -> None:
    parts = await database.pool.fetchval("SELECT count(*) FROM response_part")
    begun = perf_counter()
    while await database.repeat(metrics.fold_responses):
        pass
    folded = perf_counter() - begun
    begun = perf_counter()
    cells = await database.repeat(metrics.fit_priors)
    print(
        f"  keeper: {parts:,} parts folded in {folded:.2f} s, {cells} cells learned in {perf_counter() - begun:.3f} s"
    )


async def predicting(database: Database, people: list[ProfileId]) -> None:
    chance, n, begun = random.Random(8), 0, perf_counter()
    async with database.transaction(read_only=True) as tx:
        while perf_counter() - begun < 3.0:
            counts = await metrics.predict(tx, chance.sample(people, 500))
            n += 500
        took = (perf_counter() - begun) / n
        print(f"predict, 500 at once: {1 / took:,.0f} people/s, {took * 500e3:.1f} ms for 500", flush=True)
        everybody = await metrics.population(tx)
    known = next(iter(counts.values())) | {"email:urgent": metrics.Counts(5, 2), "sms:campaign": metrics.Counts(9, 1)}
    for name, mine in (("of nobody", {}), ("of somebody with three cells", known)):
        begun = perf_counter()
        for _ in range(CALLS):
            metrics.response(mine, everybody, "email", Purpose.CAMPAIGN)
        print(f"response {name}: {(perf_counter() - begun) / CALLS * 1e6:.2f} us")
    likely = metrics.response(known, everybody, "email", Purpose.CAMPAIGN)
    begun = perf_counter()
    for _ in range(1_000):
        metrics.interval(likely)
    print(f"interval: {(perf_counter() - begun) * 1e3:.0f} us")


async def measure(dsn: str, arguments: argparse.Namespace) -> bool:
    await migrate(dsn)
    database = await open_database(dsn)
    await database.start()
    await database.move_clock(lambda _: ClockState(held_at=wall_datetime()))
    people = [ProfileId(n << 8 | n % 256) for n in range(1, arguments.people + 1)]
    await settle(patience_s=arguments.patience)
    worst = await sending(database, people, batch=arguments.batch)
    await predicting(database, people)
    size = await database.pool.fetchval("SELECT pg_total_relation_size('response')")
    print(f"{arguments.people:,} windows: {size / 2**20:.0f} MiB, {size / arguments.people:.0f} bytes each")
    await database.close()
    print(f"goal {GOAL_US:.0f} us a message: {'kept' if worst <= GOAL_US else 'MISSED'}, {worst:.1f}")
    return worst <= GOAL_US


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    options.add_argument("--people", type=int, default=200_000)
    options.add_argument("--batch", type=int, default=250)
    options.add_argument("--patience", type=float, default=900.0, help="seconds to wait for a quiet machine")
    arguments = options.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder, postgres.start(Path(folder) / "data") as server:
        kept = asyncio.run(measure(server.dsn, arguments))
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
