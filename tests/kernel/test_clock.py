"""Product time is one row that every process follows; wall time is nobody's to move."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from antiphon.kernel.clock import FOREVER, Clock, ClockState, wall, wall_datetime
from antiphon.kernel.db import Database, open_database
from antiphon.kernel.migrate import migrate
from antiphon.kernel.postgres import start
from conftest import START

# Prints product time and how long its sleeper slept, whenever either changes.
FOLLOWER = """
import asyncio, json, sys, time
from antiphon.kernel.db import open_database

async def main():
    database = await open_database(sys.argv[1])
    await database.start()
    async def sleeper():
        while True:
            started = time.monotonic()
            await database.sleep("nobody wakes this", 3600)
            print(json.dumps({"slept": time.monotonic() - started}), flush=True)
    task = asyncio.create_task(sleeper())
    shown = None
    while True:
        state = database.clock.state
        if state != shown:
            shown = state
            print(json.dumps({"now": database.clock.now().isoformat(), "held": state.held_at is not None}), flush=True)
        await asyncio.sleep(0.002)

asyncio.run(main())
"""


class Follower:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._said: dict[str, deque[Any]] = {"now": deque(), "slept": deque()}

    async def says(self, key: str, *, within_s: float = 30) -> Any:
        """The next line with that key; the other key may come first."""
        assert self.process.stdout is not None
        async with asyncio.timeout(within_s):
            while not self._said[key]:
                line = await self.process.stdout.readline()
                assert line, "the follower ended"
                if line.startswith(b"{"):  # log lines come between
                    said = json.loads(line)
                    self._said["slept" if "slept" in said else "now"].append(said.get("slept", said))
        return self._said[key].popleft()


@pytest_asyncio.fixture
async def follower(database: Database) -> AsyncIterator[Follower]:
    """Another process on the same database; it has read the clock."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", FOLLOWER, database.dsn, stdout=subprocess.PIPE)
    follower = Follower(process)
    assert (await follower.says("now"))["now"] == START.isoformat()
    yield follower
    process.kill()
    await process.wait()


async def test_another_process_follows_hold_set_advance_and_release(database: Database, follower: Follower) -> None:
    moment = datetime(2031, 5, 1, tzinfo=UTC)
    await database.move_clock(lambda state: state.moved(moment))
    assert await follower.says("now") == {"now": moment.isoformat(), "held": True}
    await database.move_clock(lambda state: state.moved(state.now() + timedelta(days=21)))
    assert (await follower.says("now"))["now"] == (moment + timedelta(days=21)).isoformat()
    await database.move_clock(lambda state: state.released())
    said = await follower.says("now")
    assert not said["held"]
    assert abs(datetime.fromisoformat(said["now"]) - database.clock.now()) < timedelta(seconds=5)
    await database.move_clock(lambda state: state.held())
    assert datetime.fromisoformat((await follower.says("now"))["now"]) == database.clock.now()


async def test_sleepers_of_all_processes_wake_at_once_when_time_moves(database: Database, follower: Follower) -> None:
    """Well under the second after which they would look by themselves."""
    here = asyncio.create_task(database.sleep("nobody wakes this", 3600))
    waits = []
    for n in range(5):
        await asyncio.sleep(0.1)
        started = time.monotonic()
        await database.move_clock(lambda state: state.moved(state.now() + timedelta(days=1)))
        await follower.says("slept")
        waits.append(time.monotonic() - started)
        assert (await follower.says("now"))["now"] == (START + timedelta(days=n + 1)).isoformat()
    assert sorted(waits)[1] < 0.5, waits
    await asyncio.wait_for(here, 5)


async def test_a_move_that_nobody_was_told_of_is_seen_within_a_second(database: Database, follower: Follower) -> None:
    """An update past `move_clock` sends no NOTIFY, just as a lost one."""
    moment = datetime(2040, 1, 1, tzinfo=UTC)
    started = time.monotonic()
    await database.pool.execute("UPDATE product_clock SET held_at = $1", moment)
    assert (await follower.says("now"))["now"] == moment.isoformat()
    assert time.monotonic() - started < 2.5, "one second, and what a busy machine adds"


async def test_followers_outlive_the_loss_of_all_their_connections(database: Database, follower: Follower) -> None:
    """As a restart of the server cuts them."""
    cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
    name = database.dsn.rpartition("/")[2].partition("?")[0]
    assert await database.pool.fetchval(cut, name) >= 2  # ours and the follower's that listen, and what is in the pools
    moment = datetime(2050, 1, 1, tzinfo=UTC)
    await database.pool.execute("UPDATE product_clock SET held_at = $1", moment)
    assert (await follower.says("now"))["now"] == moment.isoformat()
    await _until(lambda: database.clock.now() == moment)
    await asyncio.sleep(0.1)
    moment += timedelta(days=1)
    await database.move_clock(lambda state: state.moved(moment))
    assert (await follower.says("now"))["now"] == moment.isoformat()


async def test_moves_of_two_processes_at_once_are_both_made(database: Database) -> None:
    other = await open_database(database.dsn)
    move: Callable[[Database], Awaitable[ClockState]] = lambda mover: mover.move_clock(  # noqa: E731
        lambda state: state.moved(state.now() + timedelta(hours=1))
    )
    await asyncio.gather(*(move(mover) for mover in [database, other] * 5))
    await database.read_clock()
    assert database.clock.now() == START + timedelta(hours=10)
    await other.close()


async def test_whoever_moved_the_clock_is_not_set_back_by_an_older_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to a read comes back only after a move has been made."""
    has_read, goes_on = asyncio.Event(), asyncio.Event()
    read = database.pool.fetchrow

    class Slow:
        async def fetchrow(self, *asked: Any) -> Any:
            row = await read(*asked)
            has_read.set()
            await goes_on.wait()
            return row

    with monkeypatch.context() as patch:
        patch.setattr(database, "pool", Slow())
        reader = asyncio.create_task(database.read_clock())
        await has_read.wait()
    await database.move_clock(lambda _: ClockState(held_at=START + timedelta(days=1)))
    goes_on.set()
    await reader
    assert database.clock.now() == START + timedelta(days=1)


async def test_a_transaction_stands_at_one_instant(database: Database) -> None:
    async with database.transaction() as tx:
        await database.move_clock(lambda state: state.moved(START + timedelta(days=9)))
        assert tx.now == START
    async with database.transaction() as tx:
        assert tx.now == START + timedelta(days=9)


def test_a_running_clock_runs_from_what_it_was_set_to() -> None:
    clock = Clock(ClockState().moved(START))
    first = clock.now()
    time.sleep(0.02)
    assert timedelta(milliseconds=15) < clock.now() - first < timedelta(seconds=5)
    assert START <= first < START + timedelta(seconds=5)


def test_a_held_clock_stands_and_a_released_one_runs_on_from_there() -> None:
    held = ClockState().moved(START).held()
    shown = held.now()
    time.sleep(0.02)
    assert held.now() == shown
    assert shown <= held.released().now() < shown + timedelta(seconds=5)
    assert held.moved(START).now() == START


def test_wall_time_is_the_machines() -> None:
    assert abs(wall() - time.time()) < 5
    assert abs(wall_datetime().timestamp() - time.time()) < 5
    assert wall_datetime().tzinfo is UTC


async def test_forever_is_infinity_in_the_database(database: Database) -> None:
    assert await database.pool.fetchval("SELECT 'infinity'::timestamptz") == FOREVER
    assert await database.pool.fetchval("SELECT $1::timestamptz = 'infinity'", FOREVER)
    assert await database.pool.fetchval("SELECT '-infinity'::timestamptz") < START < FOREVER
    exact = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert await database.pool.fetchval("SELECT $1::timestamptz", exact) == exact
    assert await database.pool.fetchval("SELECT $1::timestamptz::text", exact) == "1969-12-31 23:59:59.999999+00"
    assert await database.pool.fetchval("SELECT array['infinity', NULL]::timestamptz[]") == [FOREVER, None]


async def _until(is_so: Callable[[], bool], *, timeout_s: float = 10) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("state", [ClockState(), ClockState(offset=timedelta(days=400)), ClockState(held_at=START)])
async def test_the_row_says_what_the_clock_shows(database: Database, state: ClockState) -> None:
    await database.move_clock(lambda _old: state)
    other = await open_database(database.dsn)
    await other.read_clock()
    assert other.clock.state == state
    await other.close()


async def test_a_restart_of_the_server_is_outlived(tmp_path: Path) -> None:
    """Really stopped and started: the socket is gone for a while."""
    with await asyncio.to_thread(start, tmp_path / "data") as server:
        await migrate(server.dsn)
        database = await open_database(server.dsn)
        await database.start()
        await asyncio.to_thread(server.restart)
        other = await open_database(server.dsn)
        await other.move_clock(lambda state: state.moved(START).held())
        await _until(lambda: database.clock.state.held_at is not None)
        async with database.transaction() as tx:
            assert abs(tx.now - START) < timedelta(seconds=60)
        for each in (other, database):
            await asyncio.wait_for(each.close(), 10)
