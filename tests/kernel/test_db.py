"""Transactions, repeats, wake-ups, sleepers, named statements: what every part builds on."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from antiphon.kernel import statements
from antiphon.kernel.clock import FOREVER
from antiphon.kernel.db import LOST_CONNECTION, Database, Queries, Transaction, is_lost, open_database


class Stop(Exception):
    pass


async def test_a_sleeper_that_is_woken_and_cancelled_together_is_cancelled(database: Database) -> None:
    """Wakes and cancellations race in every order within one turn of the loop; none of the latter is lost.

    `asyncio.wait_for` of Python 3.11 lost some of them, and `close` hung.
    """
    draw = random.Random(3)

    async def sleeper() -> None:
        while True:
            await database.sleep("raced", draw.choice([0.0, 0.0005, 5]))

    for n in range(400):
        task = asyncio.create_task(sleeper())
        for _ in range(draw.randint(0, 3)):
            await asyncio.sleep(0)
        acts: list[Callable[[], object]] = [lambda: database.wake_here(["raced"]), task.cancel]
        if n % 2:
            acts.reverse()
        for act in acts:
            act()
            for _ in range(draw.randint(0, 1)):
                await asyncio.sleep(0)
        done, _ = await asyncio.wait([task], timeout=2)
        assert done, f"round {n}: the cancellation was lost"
        assert task.cancelled()


async def test_closing_ends_at_once_however_busy_the_wakes(dsn: str) -> None:
    for _ in range(8):
        opened = await open_database(dsn)
        await opened.start()
        for _ in range(5):
            async with opened.transaction() as tx:
                tx.wake("clock")
        await asyncio.wait_for(opened.close(), 10)


async def test_a_sleep_ends_after_its_time_and_a_wake_before_it_counts(database: Database) -> None:
    started = time.monotonic()
    await database.sleep("quiet", 0.05)
    assert 0.04 < time.monotonic() - started < 2
    database.wake_here(["early"])
    started = time.monotonic()
    await database.sleep("early", 30)
    assert time.monotonic() - started < 5


async def slept(database: Database, topic: str, timeout_s: float) -> bool:
    """Whether it was woken before the time was over."""
    started = time.monotonic()
    await database.sleep(topic, timeout_s)
    return time.monotonic() - started < timeout_s * 0.9


async def test_a_wake_reaches_other_processes_after_the_commit_and_not_before(database: Database, dsn: str) -> None:
    other = await open_database(dsn)
    await other.start()
    await asyncio.sleep(0.2)  # its listener
    here, there = (asyncio.create_task(slept(each, "news", 20)) for each in (database, other))
    async with database.transaction() as tx:
        tx.wake("news")
        await asyncio.sleep(0.1)
        assert not here.done()
        assert not there.done()
    assert await here
    assert await there
    await other.close()


async def test_a_transaction_that_is_rolled_back_wakes_nobody(database: Database, dsn: str) -> None:
    other = await open_database(dsn)
    await other.start()
    await asyncio.sleep(0.2)
    sleepers = [asyncio.create_task(slept(each, "news", 0.5)) for each in (database, other)]
    await asyncio.sleep(0.02)
    with contextlib.suppress(Stop):
        async with database.transaction() as tx:
            tx.wake("news")
            raise Stop
    assert not any(await asyncio.gather(*sleepers))
    await other.close()


async def test_many_wakes_are_few_notifications(database: Database) -> None:
    listener = await asyncpg.connect(database.dsn)
    heard: list[str] = []
    await listener.add_listener("antiphon", lambda *payload: heard.append(payload[3]))

    async def one(n: int) -> None:
        async with database.transaction() as tx:
            tx.wake(f"topic{n % 3}")

    await asyncio.gather(*(one(n) for n in range(200)))
    await _until(lambda: {topic for payload in heard for topic in payload.split(",")} >= {"topic0", "topic1", "topic2"})
    assert len(heard) < 100
    await listener.close()


async def test_a_deadlock_is_repeated_until_both_are_done(database: Database) -> None:
    await database.pool.execute("CREATE TABLE pair (id int PRIMARY KEY, n int); INSERT INTO pair VALUES (1, 0), (2, 0)")
    both, tries = asyncio.Barrier(2), {1: 0, 2: 0}

    async def work(first: int, second: int, tx: Transaction) -> int:
        tries[first] += 1
        await tx.rows("UPDATE pair SET n = n + 1 WHERE id = $1", first)
        if tries[first] == 1:
            await asyncio.wait_for(both.wait(), 20)
        await tx.rows("UPDATE pair SET n = n + 1 WHERE id = $1", second)
        return first

    answers = await asyncio.gather(
        database.repeat(lambda tx: work(1, 2, tx)), database.repeat(lambda tx: work(2, 1, tx))
    )
    assert tuple(answers) == (1, 2)
    assert sum(tries.values()) == 3, "one of the two was the victim, once"
    assert [row["n"] for row in await database.pool.fetch("SELECT n FROM pair")] == [2, 2]


async def test_repeating_has_an_end_and_other_errors_are_not_repeated(
    database: Database,
) -> None:
    tries = 0

    async def work(tx: Transaction) -> None:
        nonlocal tries
        tries += 1
        await tx.rows("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")

    with pytest.raises(asyncpg.SerializationError):
        await database.repeat(work)
    assert tries == 8

    async def fails(tx: Transaction) -> None:
        nonlocal tries
        tries += 1
        raise Stop

    with pytest.raises(Stop):
        await database.repeat(fails)
    assert tries == 9


async def test_a_read_only_transaction_writes_nothing(database: Database) -> None:
    async with database.transaction(read_only=True) as tx:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await tx.rows("INSERT INTO setting VALUES ('a', '1')")


async def test_json_goes_in_as_text_or_value_and_comes_out_as_value(database: Database) -> None:
    for given in ('{"a": [1, null, "é"]}', {"a": [1, None, "é"]}):
        assert await database.pool.fetchval("SELECT $1::jsonb", given) == {"a": [1, None, "é"]}


async def test_rows_are_copied_with_the_types_of_the_pool(database: Database) -> None:
    await database.pool.execute("CREATE TABLE copied (n int, value jsonb, at timestamptz)")
    async with database.transaction() as tx:
        rows = [(1, {"b": "é"}, FOREVER), (2, "[2]", tx.now), (3, None, None)]
        await tx.copy("copied", ["n", "value", "at"], rows)
        found = await tx.rows("SELECT n, value, at FROM copied ORDER BY n")
        assert [tuple(row) for row in found] == [(1, {"b": "é"}, FOREVER), (2, [2], tx.now), (3, None, None)]


@pytest.fixture
def queries() -> Queries:
    made = Queries("kernel")
    made.statements = statements.parse(
        "-- name: numbers\n-- Some.\nSELECT n, :now::timestamptz AS at FROM generate_series(1, :most) n;\n"
        "-- name: keep\n-- One.\nINSERT INTO setting VALUES (:name, :value);\n",
        origin="test",
    )
    return made


async def test_named_statements_bind_by_name_and_know_product_time(database: Database, queries: Queries) -> None:
    async with database.transaction() as tx:
        found = await queries.rows(tx, "numbers", most=3)
        assert [row["n"] for row in found] == [1, 2, 3]
        assert found[0]["at"] == tx.now
        assert await queries.value(tx, "numbers", most=3) == 1
        assert await queries.row(tx, "numbers", most=0) is None
        assert await queries.run(tx, "keep", value="1", name="a") == 1


@pytest.mark.parametrize("given", [{}, {"least": 1}, {"most": 1, "least": 1}])
async def test_a_statement_refuses_wrong_parameters(
    database: Database, queries: Queries, given: dict[str, int]
) -> None:
    async with database.transaction() as tx:
        with pytest.raises(TypeError, match=r"kernel\.numbers takes"):
            await queries.rows(tx, "numbers", **given)


async def test_a_pool_is_whole_again_after_all_its_connections_were_cut(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.rows("SELECT 1")
    await database.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with database.transaction() as tx:
        assert (await tx.rows("SELECT 1 AS n"))[0]["n"] == 1


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection is cut at the moment when it has prepared a statement."""
    prepare = asyncpg.Connection._get_statement

    async def prepare_and_lose(self: asyncpg.Connection, *args: object, **options: object) -> object:
        statement = await prepare(self, *args, **options)
        self.terminate()
        return statement

    monkeypatch.setattr(asyncpg.Connection, "_get_statement", prepare_and_lose)


@pytest.mark.parametrize("way", ["execute", "fetch", "fetchrow", "fetchval"])
async def test_cut_while_a_statement_is_prepared_is_a_lost_connection(database: Database, cut: None, way: str) -> None:
    async with database.pool.acquire() as connection:
        with pytest.raises(asyncpg.ConnectionDoesNotExistError) as caught:
            await getattr(connection, way)("SELECT $1::int", 1)
    assert is_lost(caught.value)
    assert isinstance(caught.value, LOST_CONNECTION)
    assert isinstance(caught.value.__cause__, AttributeError)


async def test_cut_while_the_last_wakes_are_told_it_still_closes(dsn: str, request: pytest.FixtureRequest) -> None:
    opened = await open_database(dsn)
    async with opened.transaction() as tx:
        tx.wake("news")
    request.getfixturevalue("cut")
    await asyncio.wait_for(opened.close(), 10)


async def test_a_fault_that_only_looks_like_a_cut_is_no_lost_connection(database: Database) -> None:
    def decode(_value: str) -> object:
        protocol: Any = None
        return protocol.bind_execute()

    async with database.pool.acquire() as connection:
        await connection.set_type_codec("text", schema="pg_catalog", encoder=str, decoder=decode)
        with pytest.raises(AttributeError, match="bind_execute"):
            await connection.fetchval("SELECT 'a'::text")


async def _until(is_so: Callable[[], bool], *, timeout_s: float = 10) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.005)


async def test_what_a_transaction_sets_ends_with_it_and_nothing_is_put_back(database: Database) -> None:
    """However it ends: the pool gives the connection on as it is."""

    async def times_out_after() -> str:
        async with database.alone() as tx:
            return str((await tx.rows("SELECT current_setting('statement_timeout') AS value"))[0]["value"])

    usual = await times_out_after()
    with contextlib.suppress(Stop):
        async with database.transaction() as tx:
            await tx.rows("SELECT set_config('statement_timeout', '7s', true)")
            raise Stop
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.2), database.transaction() as tx:
            await tx.rows("SELECT set_config('statement_timeout', '8s', true)")
            await tx.rows("SELECT pg_sleep(5)")
    assert [await times_out_after() for _ in range(4)] == [usual] * 4


async def test_one_statement_alone_is_committed(database: Database) -> None:
    async with database.alone() as tx:
        await tx.rows("CREATE TABLE alone (n int)")
    async with database.transaction(read_only=True) as tx:
        assert await tx.rows("SELECT FROM alone") == []
