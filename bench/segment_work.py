"""Processes beside which segments are measured: a worker as under `antiphon serve`, and one that takes events in.

Both are processes of their own with a pool of their own, as web process and worker are. The worker runs all loops of
the product and notes when each change of membership was committed; the load goes through the same queue as requests
(`integrations.intake`), in pieces of 20 facts, each at its time by the clock, and notes when each was acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog
import uvloop

from antiphon.app import worker
from antiphon.app.child import die_with_parent
from antiphon.app.opening import opened
from antiphon.integrations.intake import Intake
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Busy
from antiphon.kernel.outlet import take
from antiphon.kernel.records import Identifier, SegmentChange
from antiphon.profiles import Fact
from bench.segment_rules import KINDS, name_of
from bench.segment_stage import process

REQUEST = 20


class Noted(NamedTuple):
    """A change that was committed at this wall time."""

    segment: int
    profile: int
    happened: bool
    at: float


class Sent(NamedTuple):
    """An event, when it was handed in and when it was acknowledged; wall time."""

    person: int
    kind: int
    sent: float
    acknowledged: float


# ---- the worker ----


@contextlib.contextmanager
def working(dsn: str) -> Iterator[Worker]:
    context = multiprocessing.get_context("spawn")
    ready, ask, notes = context.Event(), context.Event(), context.SimpleQueue()
    with process(_worker, dsn, ready, ask, notes) as child:
        assert ready.wait(60), "the worker did not start"
        assert child.pid is not None
        yield Worker(child.pid, ask, notes)


class Worker:
    def __init__(self, pid: int, ask: Any, notes: Any) -> None:
        self.pid, self._ask, self._notes = pid, ask, notes

    async def noted(self) -> list[Noted]:
        """What it has noted since the last time."""
        self._ask.set()
        return await asyncio.to_thread(self._notes.get)


def _worker(dsn: str, ready: Any, ask: Any, notes: Any) -> None:
    die_with_parent()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    uvloop.run(_work(dsn, ready, ask, notes))


async def _work(dsn: str, ready: Any, ask: Any, notes: Any) -> None:
    async with opened(dsn, migrating=False, connections_max=worker.CONNECTIONS_MAX) as runtime:
        noted = _note_commits(runtime.database)
        running = asyncio.create_task(worker.run(runtime))
        ready.set()
        while not running.done():
            await asyncio.sleep(0.1)
            if ask.is_set():
                ask.clear()
                notes.put(noted[:])
                noted.clear()
        await running


def _note_commits(database: Database) -> list[Noted]:
    """The outlet hands a change over inside its transaction: its time is taken when that has been committed."""
    noted: list[Noted] = []
    open_ones: dict[int, list[SegmentChange]] = {}
    transaction = database.transaction

    async def hear(tx: Transaction, changes: Sequence[SegmentChange]) -> None:
        open_ones.setdefault(id(tx), []).extend(changes)

    @contextlib.asynccontextmanager
    async def timed(*, read_only: bool = False) -> AsyncIterator[Transaction]:
        mark = 0
        try:
            async with transaction(read_only=read_only) as tx:
                mark = id(tx)
                yield tx
        except BaseException:
            open_ones.pop(mark, None)
            raise
        at = time.time()
        for change in open_ones.pop(mark, ()):
            noted.append(Noted(change.segment, change.profile, change.cause == "happened", at))

    take(database, SegmentChange, hear)
    database.transaction = timed  # type: ignore[method-assign]
    return noted


# ---- the load ----


class Loaded(NamedTuple):
    sent: list[Sent]
    busy: int
    """How many requests were turned away."""


@contextlib.contextmanager
def loading(dsn: str, *, people: int, rate: float, seconds: float, seed: int) -> Iterator[Load]:
    context = multiprocessing.get_context("spawn")
    ready, results = context.Event(), context.SimpleQueue()
    with process(_load, dsn, people, rate, seconds, seed, ready, results):
        assert ready.wait(120), "the load did not start"
        yield Load(results)


class Load:
    def __init__(self, results: Any) -> None:
        self._results = results

    async def done(self) -> Loaded:
        return Loaded(*await asyncio.to_thread(self._results.get))


def _load(dsn: str, people: int, rate: float, seconds: float, seed: int, ready: Any, results: Any) -> None:
    die_with_parent()
    uvloop.run(_send(dsn, people, rate, seconds, seed, ready, results))


async def _send(dsn: str, people: int, rate: float, seconds: float, seed: int, ready: Any, results: Any) -> None:
    async with opened(dsn, migrating=False) as runtime:
        intake = Intake(runtime.database)
        requests = drawn(people, int(rate * seconds / REQUEST), seed)
        sent: list[Sent] = []
        tasks = []
        busy = 0
        ready.set()
        begun = time.time()

        async def submit(request: Sequence[tuple[int, int]]) -> None:
            nonlocal busy
            at = time.time()
            now = runtime.database.clock.now()
            facts = [_fact(seed, person, kind, now, n) for n, (person, kind) in enumerate(request)]
            try:
                await intake.submit(facts, size=300 * len(facts))
            except Busy:
                busy += 1
                return
            done = time.time()
            sent.extend(Sent(person, kind, at, done) for person, kind in request)

        for n, request in enumerate(requests):
            wait = begun + n * REQUEST / rate - time.time()
            if wait > 0:
                await asyncio.sleep(wait)
            tasks.append(asyncio.create_task(submit(request)))
        await asyncio.gather(*tasks)
        await intake.close()
        results.put((sent, busy))


def drawn(people: int, requests: int, seed: int) -> list[list[tuple[int, int]]]:
    """People in a random order, nobody twice before all had their turn; kinds are zipf(1)."""
    draw, order, found = random.Random(seed), list[int](), []
    for _ in range(requests):
        if len(order) < REQUEST:
            order = draw.sample(range(1, people + 1), people)
        one = [(order.pop(), min(KINDS, int((KINDS + 1) ** draw.random()))) for _ in range(REQUEST)]
        found.append(one)
    return found


def _fact(seed: int, person: int, kind: int, now: datetime, n: int) -> Fact:
    properties = f'{{"amount": {random.randrange(1, 80)}.5}}' if kind == 9 else '{"sku": "s12", "position": 3}'
    return Fact(
        "bench",
        f"{seed} {person} {time.monotonic_ns()} {n}",
        now.astimezone(UTC),
        (Identifier("external_id", str(person)),),
        event=name_of(kind),
        properties=properties,
    )
