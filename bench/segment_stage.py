"""The stage on which segments are measured: people, events, live segments, on a durable server; kept if asked to.

`--data FOLDER` keeps the server's folder, and another benchmark of segments finds its people, events and segments
there: making them takes longer than most measurements. Product time runs, and began at `crowd.NOW`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import multiprocessing
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import structlog

from antiphon import profiles, segments
from antiphon.app.opening import opened as runtime_opened
from antiphon.kernel import postgres
from antiphon.kernel.clock import ClockState, wall_datetime
from antiphon.kernel.db import Database, Transaction
from bench import crowd, segment_rules
from bench.idle import cpu_s, family, pss_mb
from bench.machine import machine, settle

PATIENCE_S = 3600.0


def options(about: str | None, *, segments: int = 50) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(about or "").split("\n", 1)[0])
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--segments", type=int, default=segments)
    parser.add_argument("--data", type=Path, help="keep the data in this folder, and use what is there")
    add_patience(parser)
    return parser


def add_patience(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--patience", type=float, default=900.0, help="seconds to wait for a quiet machine")


@contextlib.contextmanager
def served(data: Path | None) -> Iterator[tuple[str, Path]]:
    """The DSN of a durable server, and its folder."""
    print(machine(), flush=True)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with contextlib.ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "bench"
        server = stack.enter_context(postgres.start(folder))
        yield server.dsn, folder


@contextlib.asynccontextmanager
async def staged(dsn: str, arguments: argparse.Namespace) -> AsyncIterator[Database]:
    """A wired database with everything on it, at rest. No worker runs yet."""
    async with runtime_opened(dsn, connections_max=14) as runtime:
        database = runtime.database
        begun = perf_counter()
        if not await database.pool.fetchval("SELECT EXISTS (SELECT FROM profile)"):
            await _fill(database, people=arguments.profiles, events=arguments.events)
        await _watch(database, arguments.segments)
        await work_off(database)
        size = await database.pool.fetchval("SELECT pg_database_size(current_database())")
        counted = await database.pool.fetchrow(
            "SELECT (SELECT count(*) FROM profile) AS people, (SELECT sum(count) FROM event_sum) AS events,"
            " (SELECT count(*) FROM segment WHERE version > 0) AS segments, (SELECT count(*) FROM member) AS members"
        )
        assert counted is not None
        print(
            f"{counted['people']:,} profiles, {counted['events']:,} events, {counted['segments']} live segments with"
            f" {counted['members']:,} members: {size / 2**30:.1f} GiB, made in {perf_counter() - begun:.0f} s",
            flush=True,
        )
        await settle(patience_s=arguments.patience)
        yield database


async def _fill(database: Database, *, people: int, events: int) -> None:
    await database.move_clock(lambda _state: ClockState(offset=crowd.NOW - wall_datetime()))
    await crowd.people(database, people)
    await crowd.events(database, people=people, count=events, named=segment_rules.NAMED)
    await database.repeat(profiles.ensure_partitions)
    await database.pool.execute("VACUUM ANALYZE", timeout=PATIENCE_S)


async def _watch(database: Database, count: int) -> None:
    """Live segments; those that are there already stay as they are, and what is too many goes."""
    async with database.transaction(read_only=True) as tx:
        there = {segment.name: segment.state for segment in await segments.list_all(tx)}
    wanted = segment_rules.watched(count)
    for name, rule in wanted.items():
        if name not in there:
            await segments.create(database, name, {"version": 1, "rule": rule})
    if set(wanted) - set(there):
        for table in ("member", "membership_due", "segment_change", "segment_version"):
            await database.pool.execute(f"VACUUM ANALYZE {table}", timeout=PATIENCE_S)


async def work_off(database: Database) -> float:
    """Work until nothing is due; the seconds it took."""
    begun = perf_counter()
    while await segments.work(database):
        pass
    return perf_counter() - begun


async def due(database: Database) -> int:
    async with database.transaction(read_only=True) as tx:
        return await segments.due(tx)


async def at_rest(database: Database, *, patience_s: float = 600.0) -> float:
    """Wait until workers have left nothing due; the seconds it took."""
    begun = perf_counter()
    while await due(database):
        if perf_counter() - begun > patience_s:
            raise TimeoutError(f"{await due(database)} memberships are due after {patience_s} s")
        await asyncio.sleep(0.1)
    return perf_counter() - begun


async def verified(database: Database, names: list[str]) -> int:
    """How many memberships of these segments are wrong; nothing must be due."""
    wrong = 0
    for name in names:
        async with database.transaction(read_only=True) as tx:
            found = await segments.verify(tx, name)
        wrong += found.missing + found.surplus
    return wrong


async def move_clock(database: Database, by: timedelta) -> None:
    await database.move_clock(lambda state: state.moved(state.now() + by))


async def at_most_ms(
    database: Database, work: Callable[[Transaction], Coroutine[Any, Any, Any]], *, runs: int = 4
) -> tuple[float, Any]:
    """The quickest of some runs, the first of which only warms up; and the last answer."""
    times, answer = [], None
    for _ in range(runs):
        begun = perf_counter()
        async with database.transaction(read_only=True) as tx:
            answer = await work(tx)
        times.append((perf_counter() - begun) * 1000)
    return min(times[1:]), answer


def verdict(figure: float, goal: float, *, at_least: bool = False) -> str:
    return "kept" if (figure >= goal if at_least else figure <= goal) else "MISSED"


@contextlib.contextmanager
def process(main: Callable[..., None], *given: Any) -> Iterator[multiprocessing.process.BaseProcess]:
    """A process of its own, ended with the block."""
    started = multiprocessing.get_context("spawn").Process(target=main, args=given)
    started.start()
    try:
        yield started
    finally:
        started.terminate()
        started.join()


class Watch:
    """Memory and CPU of a process and of the server in a folder, looked at every second while the block runs."""

    def __init__(self, folder: Path, pid: int) -> None:
        self.folder, self.pid = folder, pid
        self.rss_mb = self.pss_mb = 0.0

    async def __aenter__(self) -> Watch:
        self._task = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self.rss_mb = peak_mb(self.pid)

    async def _look(self) -> None:
        while True:
            self.pss_mb = max(self.pss_mb, sum(map(_pss, server_pids(self.folder))))
            await asyncio.sleep(1.0)


def server_pids(folder: Path) -> list[int]:
    """The processes of PostgreSQL. Its own names them by cluster, so the postmaster's children are followed."""
    first = int((next(folder.rglob("postmaster.pid"))).read_text().split()[0])
    return [pid for pid in {first, *family(folder), *children(first)} if "postgres" in program(pid)]


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in text.read_text().split()] if text.exists() else []


def program(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def _pss(pid: int) -> float:
    try:
        return pss_mb(pid)
    except OSError:
        return 0.0


def peak_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def used_s(pids: list[int]) -> dict[int, float]:
    found = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            found[pid] = cpu_s(pid)
    return found
