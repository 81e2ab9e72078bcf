"""Due rows under real concurrency: parallel transactions, leases that end, a worker that dies, a loop that fails."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any

import asyncpg
import pytest
import structlog

from antiphon.kernel.clock import FOREVER
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.due import Claimed, DueTable, work_loop

# `happened` counts touches, `seen` those that an outcome has answered.
TABLE = """
CREATE TABLE scratch (
  lane        text NOT NULL,
  id          bigint NOT NULL,
  due_at      timestamptz,
  lease_until timestamptz,
  lease       integer NOT NULL DEFAULT 0,
  version     integer NOT NULL DEFAULT 0,
  happened    integer NOT NULL DEFAULT 1,
  seen        integer NOT NULL DEFAULT 0,
  note        text,
  kinds       integer[] NOT NULL DEFAULT '{7}',
  PRIMARY KEY (lane, id)
)"""
FILL = "INSERT INTO scratch (lane, id, due_at) SELECT 'a', n, $2 FROM generate_series(1, $1) n"
TOUCH = """
UPDATE scratch
   SET due_at = least(due_at, $2), version = version + 1, happened = happened + 1
 WHERE lane = 'a' AND id = $1"""
END_LEASES = "UPDATE scratch SET lease_until = clock_timestamp() WHERE id = ANY($1) AND lease_until IS NOT NULL"
KEY = {"lane": "text", "id": "bigint"}
SCRATCH = DueTable("scratch", key=KEY, columns=["happened"])


@pytest.fixture
def rows(database: Database) -> Callable[[int], Awaitable[None]]:
    """Makes so many due rows."""

    async def fill(count: int) -> None:
        async with database.transaction() as tx:
            await tx.rows(TABLE)
            await tx.rows(FILL, count, tx.now)

    return fill


async def claim(database: Database, *, batch: int = 100, lease_s: float = 60) -> list[Claimed]:
    async with database.transaction() as tx:
        return await SCRATCH.claim(tx, batch=batch, lease_s=lease_s)


async def finish(database: Database, claimed: list[Claimed], next_due: datetime | None = None) -> list[bool]:
    async with database.transaction() as tx:
        answer = await SCRATCH.finish(tx, claimed, [next_due] * len(claimed))
    return [answer[key] for key in sorted(answer)]


async def touch(database: Database, id: int) -> None:
    async with database.transaction() as tx:
        await tx.rows(TOUCH, id, tx.now)


async def taken_back(database: Database, work: Callable[[Transaction], Awaitable[object]]) -> None:
    """It answers, but is rolled back."""
    with contextlib.suppress(ZeroDivisionError):
        async with database.transaction() as tx:
            assert await work(tx)
            raise ZeroDivisionError


Fill = Callable[[int], Awaitable[None]]


async def test_parallel_claims_share_the_rows_out(database: Database, rows: Fill) -> None:
    """All transactions are open at once: none waits for another, none takes what another has."""
    await rows(50)
    all_claimed = asyncio.Barrier(6)

    async def one() -> list[Claimed]:
        async with database.transaction() as tx:
            claimed = await SCRATCH.claim(tx, batch=10, lease_s=60)
            await asyncio.wait_for(all_claimed.wait(), 20)
            return claimed

    shares = await asyncio.gather(*(one() for _ in range(6)))
    keys = [item.key for share in shares for item in share]
    assert len(keys) == len(set(keys)) == 50
    assert sum(len(share) == 10 for share in shares) >= 4  # one that passed over a row may find no more behind it


async def test_oldest_rows_come_first(database: Database, rows: Fill) -> None:
    await rows(5)
    async with database.transaction() as tx:
        await tx.rows("UPDATE scratch SET due_at = due_at - id * interval '1 minute'")
    assert {item.key for item in await claim(database, batch=2)} == {("a", 5), ("a", 4)}


async def test_a_claim_that_is_rolled_back_leaves_the_row_to_others(database: Database, rows: Fill) -> None:
    await rows(1)
    await taken_back(database, lambda tx: SCRATCH.claim(tx, batch=1, lease_s=60))
    (mine,) = await claim(database)
    assert mine.lease == 1


async def blocked_then_answers(
    database: Database, first: Callable[[Transaction], Awaitable[object]], second: Awaitable[list[bool]]
) -> list[bool]:
    """`second` starts while `first` is not committed and is over after it; the pool gives both a connection."""
    async with database.transaction() as tx:
        await first(tx)
        waiting = asyncio.ensure_future(second)
        deadline = time.monotonic() + 20
        while not await database.pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            assert not waiting.done(), "it did not wait for the open transaction"
            assert time.monotonic() < deadline
            await asyncio.sleep(0.005)
    return await asyncio.wait_for(waiting, 20)


async def test_a_finish_that_waits_for_a_touch_sees_it(database: Database, rows: Fill) -> None:
    await rows(1)
    claimed = await claim(database)
    answer = await blocked_then_answers(
        database, lambda tx: tx.rows(TOUCH, 1, tx.now), finish(database, claimed, FOREVER)
    )
    assert answer == [False]
    assert len(await claim(database)) == 1


async def test_a_finish_that_waits_for_the_next_claim_is_late(database: Database, rows: Fill) -> None:
    """The row that the waiting finish had found was still its own; what counts is the row after the wait."""
    await rows(1)
    claimed = await claim(database, lease_s=0)
    await asyncio.sleep(0.01)
    answer = await blocked_then_answers(
        database, lambda tx: SCRATCH.claim(tx, batch=1, lease_s=60), finish(database, claimed, FOREVER)
    )
    assert answer == []
    (row,) = await database.pool.fetch("SELECT lease, lease_until IS NOT NULL AS leased, due_at FROM scratch")
    assert (row["lease"], row["leased"], row["due_at"] == FOREVER) == (2, True, False)


async def test_a_finish_that_is_rolled_back_frees_nothing(database: Database, rows: Fill) -> None:
    await rows(1)
    claimed = await claim(database)
    await taken_back(database, lambda tx: SCRATCH.finish(tx, claimed, [None]))
    assert not await claim(database)
    assert await finish(database, claimed) == [True]


async def test_only_rows_that_are_mine_come_back_from_a_finish(database: Database, rows: Fill) -> None:
    await rows(3)
    first = sorted(await claim(database, lease_s=0), key=lambda item: item.key)
    await asyncio.sleep(0.01)
    (again,) = await claim(database, batch=1)
    await touch(database, next(n for n in (1, 2, 3) if again.key != ("a", n)))
    async with database.transaction() as tx:
        answer = await SCRATCH.finish(tx, first, [None] * 3)
    assert again.key not in answer
    assert sorted(answer.values()) == [False, True]
    async with database.transaction() as tx:
        assert await SCRATCH.finish(tx, [], []) == {}


async def test_columns_are_carried_and_cleared_only_where_nothing_happened(database: Database, rows: Fill) -> None:
    table = DueTable("scratch", key=KEY, carry={"note": "text"}, clear={"kinds": "'{}'"})
    await rows(2)
    claimed = await claim(database)
    await touch(database, 2)
    async with database.transaction() as tx:
        await table.finish(tx, claimed, [None, None], note=["new", "new"])
    found = await database.pool.fetch("SELECT id, note, kinds FROM scratch ORDER BY id")
    assert [tuple(row) for row in found] == [(1, "new", []), (2, None, [7])]


async def test_no_touch_is_lost_and_no_late_worker_writes_under_load(database: Database, rows: Fill) -> None:
    """Six workers with leases that are sometimes too short, workers that die, touches all the while.

    An outcome is what was read after the claim, so an older one after a newer one is a late worker that wrote; and in
    the end everything that happened was seen.
    """
    await rows(12)
    draw, going = random.Random(5), True
    tally = {"late": 0, "changed": 0, "done": 0, "backwards": 0}

    async def work(tx: Transaction, *, claimed: list[Claimed], read: dict[tuple[Any, ...], int]) -> None:
        answer = await SCRATCH.finish(tx, claimed, [None] * len(claimed))
        for key, unchanged in answer.items():
            old = await tx.rows("SELECT seen FROM scratch WHERE lane = $1 AND id = $2", *key)
            tally["backwards"] += read[key] < old[0]["seen"]
            tally["done" if unchanged else "changed"] += 1
            await tx.rows("UPDATE scratch SET seen = $3 WHERE lane = $1 AND id = $2", *key, read[key])
        tally["late"] += len(claimed) - len(answer)

    async def worker() -> None:
        while going:
            claimed = await claim(database, batch=4, lease_s=draw.choice([0.004, 5.0]))
            found = await database.pool.fetch("SELECT lane, id, happened FROM scratch")
            read = {(row["lane"], row["id"]): row["happened"] for row in found}
            await asyncio.sleep(draw.choice([0, 0.01]))
            if claimed and claimed[0].lease % 17 == 3:
                await database.pool.execute(END_LEASES, [item.key[1] for item in claimed])
                continue  # it dies; to wait for its leases would only take time
            await database.repeat(partial(work, claimed=claimed, read=read))

    workers = [asyncio.create_task(worker()) for _ in range(6)]
    for _ in range(300):
        await touch(database, draw.randint(1, 12))
    going = False
    await asyncio.wait_for(asyncio.gather(*workers), 60)
    await database.pool.execute("UPDATE scratch SET lease_until = NULL")
    while claimed := await claim(database):
        read = {item.key: item.row["happened"] for item in claimed}
        await database.repeat(partial(work, claimed=claimed, read=read))
    assert tally["backwards"] == 0
    assert min(tally["late"], tally["changed"], tally["done"]) > 5, tally
    assert not await database.pool.fetch("SELECT id FROM scratch WHERE seen <> happened OR due_at IS NOT NULL")


async def test_a_loop_sleeps_until_it_is_woken_and_works_on_while_it_finds(database: Database) -> None:
    rounds: list[float] = []
    finds = [3, 2, 0]

    async def work() -> int:
        rounds.append(time.monotonic())
        return finds.pop(0) if finds else 0

    task = asyncio.create_task(work_loop(database, "scratch", work, pause_s=30))
    await _until(lambda: len(rounds) == 3)
    await asyncio.sleep(0.05)
    assert len(rounds) == 3
    async with database.transaction() as tx:
        tx.wake("scratch")
    await _until(lambda: len(rounds) == 4)
    await _cancelled(task)


async def test_a_loop_looks_by_itself_where_nobody_wakes_it(database: Database) -> None:
    rounds = 0

    async def work() -> int:
        nonlocal rounds
        rounds += 1
        return 0

    task = asyncio.create_task(work_loop(database, "scratch", work, pause_s=0.05))
    await _until(lambda: rounds > 3)
    await _cancelled(task)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("ours"),
        asyncpg.UniqueViolationError("theirs"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.AdminShutdownError("terminating"),
        ConnectionResetError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_failing_rounds_back_off_are_logged_and_tried_again(
    database: Database, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    real_sleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await real_sleep(0)

    rounds = 0

    async def work() -> int:
        nonlocal rounds
        rounds += 1
        if rounds in (9, 11):
            return 1
        raise error

    monkeypatch.setattr("antiphon.kernel.due.asyncio.sleep", sleep)
    with structlog.testing.capture_logs() as logs:
        task = asyncio.create_task(work_loop(database, "scratch", work))
        for _ in range(200):
            await real_sleep(0)
            if rounds > 11:
                break
        await _cancelled(task)
    assert pauses[:10] == pytest.approx([0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0, 10.0, 0.4, 0.4])
    assert len(logs) >= 10
    assert all(log["event"] in ("work.failed", "work.database_lost") and log["topic"] == "scratch" for log in logs)


async def test_a_cancelled_loop_ends_in_work_in_sleep_and_while_it_backs_off(database: Database) -> None:
    async def waits() -> int:
        await asyncio.sleep(60)
        return 0

    async def finds_nothing() -> int:
        return 0

    async def fails() -> int:
        raise OSError

    for work in (waits, finds_nothing, fails):
        task = asyncio.create_task(work_loop(database, "scratch", work, pause_s=60))
        await asyncio.sleep(0.02)
        await _cancelled(task)


async def test_a_loop_goes_on_after_its_connections_were_cut(database: Database) -> None:
    done = 0

    async def work() -> int:
        nonlocal done
        async with database.transaction() as tx:
            await tx.rows("SELECT 1")
        done += 1
        await asyncio.sleep(0.005)
        return 1

    task = asyncio.create_task(work_loop(database, "scratch", work))
    await _until(lambda: done > 0)
    await database.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    before = done
    await _until(lambda: done > before + 5)
    await _cancelled(task)


async def _until(is_so: Callable[[], bool], *, timeout_s: float = 10) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.005)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=5)
    assert done, "it was cancelled and goes on"
    assert task.cancelled()
