"""How much database a message takes: delivered only, and delivered, opened and clicked.

    python -m bench.size [--people 20000] [--ids]

A campaign runs through all loops of a worker over an account that takes everything; receipts name our own token, as
those of mail do, or (`--ids`) the id that the account gave each message, as an operator does. It prints the growth of
every table with its indexes and its TOAST, per message, dead rows and all; each campaign begins on a vacuumed database,
as autovacuum leaves it between two.
Goals: at most 1,000 bytes delivered, 2,000 opened and clicked.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import structlog
from msgspec import Struct

from antiphon import campaigns, channels, content, profiles, segments
from antiphon.app.opening import opened
from antiphon.app.worker import run
from antiphon.channels import registry
from antiphon.channels.adapter import Limits, OneWay, Sink
from antiphon.kernel import postgres
from antiphon.kernel.records import Accepted, Channel, Identifier, Outgoing, ProviderId, Receipt, Result
from antiphon.kernel.runtime import Runtime

MESSAGE = {
    "name": "coupon",
    "topic": "coupons",
    "locales": {"en": {"email": {"subject": "Hello", "blocks": [{"kind": "text", "text": "20 %"}]}}},
}
CHUNK = 500
SIZES = """
    SELECT CASE WHEN relname LIKE 'event\\_2%' OR relname = 'event_default' THEN 'event'
                WHEN relname LIKE 'event\\_sum%' THEN 'event_sum' ELSE relname END AS name,
           sum(pg_table_size(oid))::bigint AS heap, sum(pg_indexes_size(oid))::bigint AS indexes
      FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
     GROUP BY 1"""

Sizes = dict[str, tuple[int, int]]


class NoSettings(Struct):
    pass


class Taker(OneWay):
    """Takes everything; ids as long as an operator's."""

    ids = False
    name: ClassVar[str] = "taker"
    channel: ClassVar[Channel] = Channel.EMAIL
    limits: ClassVar[Limits] = Limits(in_flight_max=250, size_max=10**6, source="a bench")

    async def connect(self) -> None: ...

    async def close(self) -> None: ...

    async def listen(self, sink: Sink) -> None: ...

    async def send_many(self, batch: Sequence[Outgoing]) -> Sequence[Result]:
        return [Accepted(f"{outgoing.delivery:016x}" if self.ids else None) for outgoing in batch]


async def set_up(runtime: Runtime, people: int) -> ProviderId:
    registry.ADAPTERS["taker"] = registry.Entry(Channel.EMAIL, NoSettings, lambda *_: Taker())
    for start in range(0, people, 2000):
        facts = [
            profiles.Fact(
                "setup", str(n), runtime.database.clock.now(),
                (Identifier("external_id", str(n)), Identifier("email", f"person.{n}@mail{n % 50}.example")),
            )
            for n in range(start, min(start + 2000, people))
        ]  # fmt: skip
        await runtime.database.repeat(lambda tx, facts=facts: profiles.record(tx, facts))
    await segments.create(runtime.database, "all", {"version": 1, "rule": {"reachable": "email"}})
    async with runtime.database.transaction() as tx:
        await content.create(tx, content.parse(MESSAGE))
        return await channels.create_provider(tx, runtime.secrets, name="taker", adapter="taker", settings={})


async def sizes(runtime: Runtime, *, vacuum: bool = False) -> Sizes:
    if vacuum:
        await runtime.database.pool.execute("VACUUM")
    await runtime.database.pool.execute("CHECKPOINT")
    return {row["name"]: (row["heap"], row["indexes"]) for row in await runtime.database.pool.fetch(SIZES)}


def per_message(before: Sizes, after: Sizes, people: int) -> dict[str, list[int]]:
    """Table: heap and index bytes; only what grew."""
    grown = {
        name: [round((now - was) / people) for now, was in zip(after[name], before.get(name, (0, 0)), strict=True)]
        for name in after
    }
    return dict(sorted(((name, both) for name, both in grown.items() if sum(both)), key=lambda item: -sum(item[1])))


async def send_to_all(runtime: Runtime, name: str) -> None:
    async with runtime.database.transaction() as tx:
        campaign = await campaigns.create(tx, name=name, message="coupon", segment="all", channels=["email"])
        await campaigns.launch(tx, campaign)
    while True:
        await asyncio.sleep(0.2)
        async with runtime.database.transaction(read_only=True) as tx:
            if (await campaigns.find(tx, name)).state == "done":
                return


async def hear(runtime: Runtime, provider: ProviderId, source: str, kinds: Sequence[str]) -> None:
    """One kind after the other, half a minute apart, as they come in life; in the order that they were sent."""
    theirs = "SELECT id FROM delivery WHERE source_id = (SELECT source_id FROM campaign WHERE name = $1) ORDER BY ctid"
    ids = await runtime.database.pool.fetch(theirs, source)
    for n, kind in enumerate(kinds):
        at = runtime.database.clock.now() + timedelta(seconds=-90 + 30 * n)
        for start in range(0, len(ids), CHUNK):
            said = [
                Receipt(kind, at, provider=provider, provider_message_id=f"{row['id']:016x}")  # type: ignore[arg-type]
                if Taker.ids
                else Receipt(kind, at, delivery=row["id"])  # type: ignore[arg-type]
                for row in ids[start : start + CHUNK]
            ]
            await runtime.database.repeat(lambda tx, said=said: channels.take_receipts(tx, said))


async def measure(people: int) -> dict[str, object]:
    figures: dict[str, object] = {"people": people}
    with tempfile.TemporaryDirectory() as folder, postgres.start(Path(folder) / "data") as server:
        async with opened(server.dsn, connections_max=14) as runtime:
            provider = await set_up(runtime, people)
            working = asyncio.create_task(run(runtime))
            await sizes(runtime, vacuum=True)
            for name, kinds in (
                ("delivered, the first", ["delivered"]),
                ("delivered, the second", ["delivered"]),
                ("opened and clicked", ["delivered", "opened", "clicked"]),
            ):
                before, begun = await sizes(runtime), time.monotonic()
                await send_to_all(runtime, name)
                sent_s = time.monotonic() - begun
                await hear(runtime, provider, name, kinds)
                grown = per_message(before, await sizes(runtime), people)
                await sizes(runtime, vacuum=True)
                figures[name] = {
                    "bytes": sum(map(sum, grown.values())), "per_second": round(people / sent_s),
                    "tables": {table: {"heap": heap, "indexes": index} for table, (heap, index) in grown.items()},
                }  # fmt: skip
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
    return figures


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=20_000)
    options.add_argument("--ids", action="store_true")
    given = options.parse_args()
    Taker.ids = given.ids
    print(json.dumps(asyncio.run(measure(given.people)), indent=2))


if __name__ == "__main__":
    main()
