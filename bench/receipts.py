"""How fast receipts are folded: delivered, opened and clicked of known deliveries, in batches, in one process.

    python -m bench.receipts [--deliveries 50000] [--batch 500]

Each fold is what `channels.take_receipts` does with all its takers: the ledger, counters, timelines, segments, what is
known of how people answer and how providers deliver. Real PostgreSQL that waits for the disk.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from antiphon import channels, profiles
from antiphon.app.wiring import wire
from antiphon.kernel import postgres
from antiphon.kernel.db import Database, Transaction, open_database
from antiphon.kernel.migrate import migrate
from antiphon.kernel.records import DeliveryId, Identifier, Receipt, ReceiptKind
from bench.machine import machine
from bench.processes import spent, uses

AT_ONCE = 2
"""Connections that take receipts in side by side, as two providers of a worker do."""

SENT = """
    INSERT INTO source (kind, name, message_id, version, topic, purpose, channels, failover_on)
    VALUES ('campaign', 'spring', 1, 1, 'news', 'campaign', '{email}', 'definite');
    INSERT INTO provider (name, channel, adapter, settings, created_at)
    VALUES ('mail', 'email', 'smtp', '', '2026-01-01');
    INSERT INTO provider_state (provider_id) SELECT id FROM provider;
    INSERT INTO person (bucket, profile_id) SELECT bucket, id FROM profile;
    INSERT INTO notification (bucket, id, profile_id, source_id, state, channel, created_at)
    SELECT bucket, id, id, (SELECT max(id) FROM source), 'sent', 'email', '2026-01-01' FROM profile;
    INSERT INTO delivery (bucket, id, notification_id, profile_id, source_id, n, channel, address, provider_id, lane,
                          state, attempts, handed_at)
    SELECT p.bucket, p.id, p.id, p.id, (SELECT max(id) FROM source), 1, 'email', a.value,
           (SELECT id FROM provider), 4, 'accepted', 1, '2026-01-01'
      FROM profile p JOIN address a ON a.bucket = p.bucket AND a.profile_id = p.id;
    ANALYZE"""


async def people(database: Database, n: int) -> list[DeliveryId]:
    for first in range(0, n, 2_000):
        facts = [
            profiles.Fact(
                "bench", f"p{i}", database.clock.now(), (Identifier("external_id", f"p{i}"),
                                                         Identifier("email", f"p{i}@example.org"))
            )
            for i in range(first, min(n, first + 2_000))
        ]  # fmt: skip
        await database.repeat(partial(profiles.record, facts=facts))
    async with database.pool.acquire() as connection:
        await connection.execute(SENT)
        return [DeliveryId(row["id"]) for row in await connection.fetch("SELECT id FROM delivery ORDER BY random()")]


async def fold(database: Database, receipts: Sequence[Receipt], *, batch: int) -> float:
    """Seconds."""
    waiting = iter([receipts[at : at + batch] for at in range(0, len(receipts), batch)])

    async def take() -> None:
        for some in waiting:
            await database.repeat(partial(channels.take_receipts, receipts=some))

    begun = time.perf_counter()
    await asyncio.gather(*[take() for _ in range(AT_ONCE)])
    return time.perf_counter() - begun


async def measure(dsn: str, n: int, batch: int) -> None:
    await migrate(dsn)
    database = await open_database(dsn)
    wire(database)
    await database.start()
    deliveries = await people(database, n)
    now = database.clock.now()
    kinds: tuple[ReceiptKind, ...] = ("delivered", "opened", "clicked", "clicked")
    for turn, kind in enumerate(kinds):
        at = now + timedelta(seconds=turn)
        before, used = own_s(), uses()
        took = await fold(database, [Receipt(kind, at, delivery=each) for each in deliveries], batch=batch)
        cpu, server = 1e6 * (own_s() - before) / n, 1e6 * spent(used, uses()).get("postgres", 0.0) / n
        again = ", a second time" if turn and kinds[turn - 1] == kind else ""
        print(
            f"{kind}{again}: {n / took:,.0f}/s; CPU each, microseconds: worker {cpu:,.0f}, postgres {server:,.0f}",
            flush=True,
        )
    await check(database, n)
    await database.close()


async def check(database: Database, n: int) -> None:
    async def read(tx: Transaction) -> list[Any]:
        return await tx.rows("SELECT state, count(*) AS n FROM delivery GROUP BY 1")

    assert [(row["state"], row["n"]) for row in await database.repeat(read)] == [("read", n)]


def own_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--deliveries", type=int, default=50_000)
    parser.add_argument("--batch", type=int, default=500)
    arguments = parser.parse_args()
    os.environ.pop("ANTIPHON_TEST_FAST_DATABASE", None)
    print(machine())
    with tempfile.TemporaryDirectory() as folder, postgres.throwaway(Path(folder)) as dsn:
        uvloop.run(measure(dsn, arguments.deliveries, arguments.batch))


if __name__ == "__main__":
    main()
