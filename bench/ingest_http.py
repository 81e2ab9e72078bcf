"""How many events a second `/v1/batch` acknowledges as on disk, beside the bare SQL core in the same run.

    python bench/ingest_http.py [--seconds 10] [--connections 32]

The server (uvicorn with uvloop) and the load run in processes of their own over an embedded PostgreSQL with durable
commits; every event is a track of a few hundred bytes by one of 20,000 people with a message id of its own. The core
is one connection that sends 2,000 rows per transaction through the statement that keeps the events and their sums,
with arrays that are made beforehand: what the database alone can do. It prints one JSON document.

Then the same at half that rate, by the clock: each request has its time, and counts from it, whether it could be sent
then or not.

Goals, for the slower of both batch sizes: at least 10,000 events/s, and at least 0.25 of the core; at half load, 99 of
100 requests are answered within 100 ms. A run in which one request failed, or the rows on disk are not the
acknowledged ones, meets none.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import multiprocessing
import os
import random
import re
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn
import uvloop

from antiphon import access
from antiphon.integrations import SegmentApi
from antiphon.kernel import postgres
from antiphon.kernel.db import Database, Transaction, open_database
from antiphon.kernel.migrate import migrate
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import read_secrets
from antiphon.profiles import Fact, normalise, record
from bench.machine import machine

PEOPLE = 20_000
LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)")
NAMES = ("Product Viewed", "Product Added", "Cart Viewed", "Order Completed")
CORE_BATCH = 2_000
GOAL_PER_S = 10_000
GOAL_OF_CORE = 0.25
GOAL_P99_MS = 100


class People(NamedTuple):
    """Whom events are about: their ids begin with `prefix` and go from 0 to `count` - 1."""

    prefix: str
    count: int


EVERYBODY = People("u", PEOPLE)


def event(number: int, people: People) -> dict[str, Any]:
    return {
        "type": "track",
        "userId": f"{people.prefix}{random.randrange(people.count)}",
        "event": NAMES[number % len(NAMES)],
        "messageId": f"node-next-{os.getpid()}-{number}-{time.monotonic_ns()}",
        "timestamp": datetime.now(UTC).isoformat(),
        "properties": {"sku": f"s{number % 997}", "price": number % 100 + 0.99, "currency": "EUR", "position": 3},
        "context": {"library": {"name": "analytics-node", "version": "3.1.0"}, "locale": "en-GB"},
    }


class Load(asyncio.Protocol):
    """One connection: a request, its answer, the next. The bodies are written beforehand, so the load costs little."""

    def __init__(self, requests: list[bytes], took: list[float]) -> None:
        self.requests, self.took = requests, took
        self.done = asyncio.get_running_loop().create_future()
        self.failed = 0
        self.answer = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        if not self.requests:
            self.transport.close()
            self.done.set_result(None)
            return
        self.started = time.perf_counter()
        self.transport.write(self.requests.pop())

    def data_received(self, data: bytes) -> None:
        # Head and body may come apart: an answer is over when its length is there, and only then goes the next request.
        self.answer += data
        head, end, body = self.answer.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if end and length is None:
            self.done.set_exception(ValueError("an answer without a length"))
            self.transport.abort()
        if not end or length is None or len(body) < int(length[1]):
            return
        self.answer = b""
        if head.startswith(b"HTTP/1.1 200") and body == b'{"success":true}':
            self.took.append(time.perf_counter() - self.started)
        else:
            self.failed += 1
        self.send()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("the server hung up"))


class Paced(Load):
    """At its own times, whatever the answers take: a late answer delays the next request, and counts for it too."""

    def __init__(self, requests: list[bytes], took: list[float], *, first_at: float, every_s: float) -> None:
        super().__init__(requests, took)
        self.due, self.every_s = first_at, every_s

    def send(self) -> None:
        if not self.requests:
            super().send()
            return
        asyncio.get_running_loop().call_later(max(0.0, self.due - time.perf_counter()), self._send)

    def _send(self) -> None:
        if self.transport.is_closing():
            return
        self.started, self.due = self.due, self.due + self.every_s
        self.transport.write(self.requests.pop())


def _same(client: Load) -> Load:
    return client


def written(key: str, size: int, number: int, people: People) -> bytes:
    body = json.dumps({"batch": [event(number * size + n, people) for n in range(size)]}).encode()
    user = base64.b64encode(f"{key}:".encode()).decode()
    head = f"POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {user}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def load(
    port: int, key: str, *, size: int, connections: int, seconds: float, people: People = EVERYBODY
) -> dict[str, Any]:
    """Doubles the work until it lasts long enough; reports the last round."""
    requests, acknowledged, failed = 20 * connections, 0, 0
    while True:
        took: list[float] = []
        bodies = [written(key, size, n, people) for n in range(requests)]
        clients = [Load(bodies[n::connections], took) for n in range(connections)]
        started = time.perf_counter()
        for client in clients:
            await asyncio.get_running_loop().create_connection(partial(_same, client), "127.0.0.1", port)
        await asyncio.gather(*(client.done for client in clients))
        elapsed = time.perf_counter() - started
        acknowledged += len(took) * size
        failed += sum(client.failed for client in clients)
        if elapsed >= seconds / 2 or requests * size > 400_000:
            break
        requests *= 2
    figures = _quantiles(took)
    rate = len(took) * size / elapsed
    half, lost = await half_load(
        port, key, size=size, connections=connections, seconds=seconds, per_s=rate / 2, people=people
    )
    return {
        "batch": size,
        "connections": connections,
        "events_per_s": round(rate),
        **figures,
        "half_load": half,
        "acknowledged": acknowledged + half["requests"] * size,
        "failed": failed + lost,
    }


async def half_load(
    port: int,
    key: str,
    *,
    size: int,
    connections: int,
    seconds: float,
    per_s: float,
    people: People = EVERYBODY,
) -> tuple[dict[str, Any], int]:
    """`per_s` events a second; figures, and how many requests failed."""
    every_s = connections * size / per_s
    each = max(1, int(seconds / every_s))
    took: list[float] = []
    bodies = [written(key, size, n, people) for n in range(each * connections)]
    begin = time.perf_counter() + 0.5
    clients = [
        Paced(bodies[n::connections], took, first_at=begin + n * every_s / connections, every_s=every_s)
        for n in range(connections)
    ]
    for client in clients:
        await asyncio.get_running_loop().create_connection(partial(_same, client), "127.0.0.1", port)
    await asyncio.gather(*(client.done for client in clients))
    figures = {"events_per_s": round(per_s), "requests": len(took), **_quantiles(took)}
    return figures, sum(client.failed for client in clients)


def _quantiles(took: list[float]) -> dict[str, float]:
    took.sort()
    return {"p50_ms": round(took[len(took) // 2] * 1e3, 1), "p99_ms": round(took[int(len(took) * 0.99)] * 1e3, 1)}


def load_process(
    port: int, key: str, sizes: Sequence[int], connections: int, seconds: float, people: People, answers: Any
) -> None:
    for size in sizes:
        answers.put(uvloop.run(load(port, key, size=size, connections=connections, seconds=seconds, people=people)))


async def seed(database: Database) -> list[int]:
    """Everybody is known, and their profiles have a sum of one kind."""
    people = [f"u{n}" for n in range(PEOPLE)]
    for start in range(0, PEOPLE, 2_000):
        facts = [
            Fact("bench", f"seed {name}", datetime.now(UTC), (normalise("external_id", name),), event=NAMES[n % 4])
            for n, name in enumerate(people[start : start + 2_000])
        ]
        await database.repeat(lambda tx, facts=facts: record(tx, facts))  # type: ignore[misc]  # default binds the loop variable
    return [row["id"] for row in await database.pool.fetch("SELECT id FROM profile")]


async def core(database: Database, ids: Sequence[int], *, seconds: float, batches: int = 20) -> float:
    """Rows a second of the statement alone: events and sums, no directory of message ids, no decoding, no people."""
    names = [row["id"] for row in await database.pool.fetch("SELECT id FROM event_name")]
    made = [_rows(ids, names) for _ in range(batches)]
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        rows = made[count % batches]
        await database.repeat(lambda tx, rows=rows: _insert(tx, rows))  # type: ignore[misc]  # as above
        count += 1
    return count * CORE_BATCH / (time.perf_counter() - started)


def _rows(ids: Sequence[int], names: list[int]) -> list[list[Any]]:
    now = datetime.now(UTC)
    chosen = random.choices(ids, k=CORE_BATCH)
    text = '{"sku":"s12","price":1.99,"currency":"EUR","position":3}'
    return [
        [id & 255 for id in chosen],
        chosen,
        random.choices(names, k=CORE_BATCH),
        [now - timedelta(milliseconds=n) for n in range(CORE_BATCH)],
        [text] * CORE_BATCH,
    ]


async def _insert(tx: Transaction, rows: list[list[Any]]) -> None:
    await tx.rows(
        """
        WITH n AS MATERIALIZED (
               SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::int[], $4::timestamptz[], $5::text[])
                   AS u(bucket, profile_id, name_id, at, properties)),
             i AS (INSERT INTO event (bucket, profile_id, at, name_id, received_at, who, properties)
                   SELECT bucket, profile_id, at, name_id, at, profile_id, properties::jsonb FROM n)
        INSERT INTO event_sum (bucket, profile_id, name_id, count, first_at, last_at)
        SELECT bucket, profile_id, name_id, count(*), min(at), max(at)
          FROM n GROUP BY 1, 3, 2 ORDER BY 1, 3, 2
            ON CONFLICT (bucket, name_id, profile_id) DO UPDATE
           SET count = event_sum.count + excluded.count,
               first_at = least(event_sum.first_at, excluded.first_at),
               last_at = greatest(event_sum.last_at, excluded.last_at)
        """,
        *rows,
    )


async def run(dsn: str, arguments: argparse.Namespace) -> dict[str, Any]:
    await migrate(dsn)
    database = await open_database(dsn)
    await database.start()
    async with database.transaction() as tx:
        _, key = await access.create_key(tx, "bench", "write")
    core_per_s = await core(database, await seed(database), seconds=arguments.seconds)
    before = await database.pool.fetchval("SELECT count(*) FROM event")
    async with served(database) as port:
        rounds = await asyncio.to_thread(
            loaded, port, key, seconds=arguments.seconds, connections=arguments.connections
        )
    kept = await database.pool.fetchval("SELECT count(*) FROM event") - before
    await database.close()
    worst = min(round["events_per_s"] for round in rounds)
    acknowledged = sum(round["acknowledged"] for round in rounds)
    whole = kept == acknowledged and not any(round["failed"] for round in rounds)
    return {
        "machine": machine(),
        "core_events_per_s": round(core_per_s),
        "rounds": rounds,
        "of_core": round(worst / core_per_s, 2),
        "acknowledged": acknowledged,
        "on_disk": kept,
        "goals_met": whole
        and worst >= GOAL_PER_S
        and worst / core_per_s >= GOAL_OF_CORE
        and max(round["half_load"]["p99_ms"] for round in rounds) <= GOAL_P99_MS,
    }


@contextlib.asynccontextmanager
async def served(database: Database) -> AsyncIterator[int]:
    """The intake alone, in this process; its port."""
    api = SegmentApi(Runtime(database=database, secrets=await read_secrets(database), base_url="http://127.0.0.1"))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(api, log_level="warning", access_log=False))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving


def loaded(
    port: int,
    key: str,
    *,
    seconds: float,
    connections: int,
    sizes: Sequence[int] = (20, 100),
    people: People = EVERYBODY,
) -> list[dict[str, Any]]:
    """The load in a process of its own, a round for each size; blocks."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=load_process, args=(port, key, sizes, connections, seconds, people, answers))
    process.start()
    try:
        return [answers.get(timeout=10 * seconds + 60) for _ in sizes]
    finally:
        process.terminate()
        process.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=32)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgres.start(Path(folder) / "bench") as server:
        result = uvloop.run(run(server.dsn, arguments))
    print(json.dumps(result, indent=1))
    sys.exit(0 if result["goals_met"] else 1)


if __name__ == "__main__":
    main()
