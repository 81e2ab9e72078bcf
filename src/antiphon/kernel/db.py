"""The only door to the database driver: pool, transaction, named statements, wake-ups.

    queries = Queries("profiles")

    async def find(tx: Transaction, ids: Sequence[int]) -> list[Row]:
        return await queries.rows(tx, "find_profiles", ids=ids)

A transaction fixes product time (`tx.now`) for all that it writes. What must wake a sleeper says so with
`tx.wake("topic")`: after the commit, coalesced per process, one NOTIFY for many transactions.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

import asyncpg
import structlog

from antiphon.kernel import statements
from antiphon.kernel.clock import Clock, ClockState
from antiphon.kernel.connection import Connection, prepare

log = structlog.get_logger()
T = TypeVar("T")
Row = asyncpg.Record
_CHANNEL = "antiphon"
_RETRIES_MAX = 8

UniqueViolation = asyncpg.UniqueViolationError
DatabaseError = asyncpg.PostgresError
LOST_CONNECTION = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InternalClientError,  # the driver lost count of what a connection that was cut had been doing
    ConnectionError,
    OSError,
)
"""What a statement raises while the server restarts: the transaction may or may not have been committed."""


def is_lost(error: Exception) -> bool:
    """Whether the connection was lost: the driver's InterfaceError also stands for a value of a wrong type."""
    return isinstance(error, LOST_CONNECTION) and not isinstance(error, ValueError)


_UNSTORABLE = frozenset({"22003", "22008", "22021", "22P05"})
"""SQLSTATE: number out of range, time out of range, a character that no text may hold, one that no JSON may hold."""


def is_unstorable(error: Exception) -> bool:
    """Whether a value that was given cannot be stored, such as U+0000 in a text or a time before all calendars."""
    refused_by_driver = isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    return refused_by_driver or getattr(error, "sqlstate", None) in _UNSTORABLE


def _is_passing(error: asyncpg.PostgresError) -> bool:
    """A deadlock, a lost serialisation, or a row that was on its way into the default partition when a partition for it
    was attached: the same work done again goes through."""
    if isinstance(error, asyncpg.CheckViolationError):
        return "partition constraint" in str(error)
    return isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.SerializationError)


class Rival(Exception):
    """Somebody else changed what this work builds on: the same work done again goes through (see `repeat`)."""


class Transaction:
    """One open transaction. `now` is product time, the same for every statement in it."""

    def __init__(self, connection: Any, database: Database, now: datetime) -> None:
        self.connection = connection
        self.database = database
        self.now = now
        self.wakes: set[str] = set()

    def wake(self, topic: str) -> None:
        """Wake whoever sleeps on this topic, in every process, once this has been committed."""
        self.wakes.add(topic)

    async def rows(self, text: str, *parameters: Any) -> list[Row]:
        """For SQL that is made at run time (compiled rules, due tables); everything else is a named statement."""
        return list(await self.connection.fetch(text, *parameters))

    async def copy(self, table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]) -> None:
        await self.connection.copy_records_to_table(table, records=records, columns=list(columns))


class Queries:
    """A part's named statements, loaded at first use."""

    def __init__(self, part: str) -> None:
        self.part = part

    @cached_property
    def statements(self) -> dict[str, statements.Statement]:
        return statements.load(self.part)

    async def rows(self, tx: Transaction, name: str, /, **parameters: Any) -> list[Row]:
        return list(await tx.connection.fetch(*self._bind(tx, name, parameters)))

    async def row(self, tx: Transaction, name: str, /, **parameters: Any) -> Row | None:
        result: Row | None = await tx.connection.fetchrow(*self._bind(tx, name, parameters))
        return result

    async def value(self, tx: Transaction, name: str, /, **parameters: Any) -> Any:
        """The first column of the first row."""
        return await tx.connection.fetchval(*self._bind(tx, name, parameters))

    async def each(self, tx: Transaction, name: str, /, **parameters: Any) -> AsyncIterator[Row]:
        """Row by row, however many there are: a few hundred are in memory at a time."""
        async for row in tx.connection.cursor(*self._bind(tx, name, parameters), prefetch=500):
            yield row

    async def run(self, tx: Transaction, name: str, /, **parameters: Any) -> int:
        """How many rows it wrote."""
        status = await tx.connection.execute(*self._bind(tx, name, parameters))
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    def _bind(self, tx: Transaction, name: str, parameters: dict[str, Any]) -> list[Any]:
        statement = self.statements[name]
        if "now" in statement.parameters and "now" not in parameters:
            parameters["now"] = tx.now
        if parameters.keys() != set(statement.parameters):
            raise TypeError(f"{self.part}.{name} takes {statement.parameters}, not {tuple(parameters)}")
        return [statement.text, *(parameters[parameter] for parameter in statement.parameters)]


class Database:
    """A pool, the product clock as this process sees it, and the takers of the outlet."""

    def __init__(self, pool: asyncpg.Pool, dsn: str) -> None:
        self.pool = pool
        self.dsn = dsn
        self.clock = Clock()
        self.takers: dict[type, list[Callable[[Transaction, Sequence[Any]], Awaitable[None]]]] = {}
        self._events: dict[str, asyncio.Event] = {}
        self._pending: set[str] = set()
        self._flusher: asyncio.Task[None] | None = None
        self._follower: asyncio.Task[None] | None = None
        self._moves = 0

    @contextlib.asynccontextmanager
    async def transaction(self, *, read_only: bool = False) -> AsyncIterator[Transaction]:
        async with self.pool.acquire() as connection, connection.transaction(readonly=read_only):
            tx = Transaction(connection, self, self.clock.now())
            yield tx
        if tx.wakes:
            self._wake_soon(tx.wakes)

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[Transaction]:
        """For one statement, which is its own transaction: without BEGIN and COMMIT it costs a third of the trips. It
        wakes nobody."""
        async with self.pool.acquire() as connection:
            yield Transaction(connection, self, self.clock.now())

    async def repeat(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in a transaction; what a rival caused (see `_is_passing`) repeats it, up to eight times."""
        for attempt in range(_RETRIES_MAX):
            try:
                async with self.transaction() as tx:
                    return await work(tx)
            except (asyncpg.PostgresError, Rival) as error:
                passing = isinstance(error, Rival) or _is_passing(error)
                if attempt == _RETRIES_MAX - 1 or not passing:
                    raise
                await asyncio.sleep(0.01 * 2**attempt)
        raise AssertionError("unreachable")

    async def sleep(self, topic: str, timeout_s: float = 1.0) -> None:
        """Until somebody wakes `topic`, or the time is over: every sleeper also looks by itself."""
        event = self._events.setdefault(topic, asyncio.Event())
        with contextlib.suppress(TimeoutError):
            # Not wait_for: in Python 3.11 it loses a cancellation that comes together with the event.
            async with asyncio.timeout(timeout_s):
                await event.wait()
        event.clear()

    def wake_here(self, topics: Iterable[str]) -> None:
        for topic in topics:
            self._events.setdefault(topic, asyncio.Event()).set()

    def _wake_soon(self, topics: set[str]) -> None:
        self.wake_here(topics)
        self._pending |= topics
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        while self._pending:
            await asyncio.sleep(0.005)  # coalesces: 20 listeners bring NOTIFY down to 3,000 a second
            topics, self._pending = self._pending, set()
            try:
                await self.pool.execute("SELECT pg_notify($1, $2)", _CHANNEL, ",".join(sorted(topics)))
            except (*LOST_CONNECTION, asyncpg.PostgresError):
                return  # sleepers look by themselves every second

    async def move_clock(self, change: Callable[[ClockState], ClockState]) -> ClockState:
        """Change the one row under its lock; every process follows."""
        async with self.transaction() as tx:
            row = await tx.connection.fetchrow("SELECT time_offset, held_at FROM product_clock FOR UPDATE")
            state = change(ClockState(offset=row["time_offset"], held_at=row["held_at"]))
            await tx.connection.execute(
                "UPDATE product_clock SET time_offset = $1, held_at = $2", state.offset, state.held_at
            )
            tx.wake("clock")
        self._moves += 1
        self.clock.state = state
        self.wake_here(list(self._events))
        return state

    async def read_clock(self) -> None:
        """What was read while this process moved the clock is older than the move."""
        moves = self._moves
        row = await self.pool.fetchrow("SELECT time_offset, held_at FROM product_clock")
        if row is not None and moves == self._moves:
            state = ClockState(offset=row["time_offset"], held_at=row["held_at"])
            if state != self.clock.state:
                self.clock.state = state
                self.wake_here(list(self._events))

    async def follow(self) -> None:
        """Listen for wake-ups and clock moves until cancelled; survives a restart of the server."""
        while True:
            try:
                connection = await asyncpg.connect(self.dsn, connection_class=Connection)
                try:
                    await connection.add_listener(_CHANNEL, self._heard)
                    await self._follow_clock(connection)
                finally:
                    with contextlib.suppress(Exception):
                        await connection.close(timeout=1)
            except (*LOST_CONNECTION, asyncpg.PostgresError) as error:
                log.info("database.lost", error=type(error).__name__)
                await asyncio.sleep(0.5)

    async def _follow_clock(self, connection: asyncpg.Connection) -> None:
        while not connection.is_closed():
            await self.read_clock()
            await self.sleep("clock", 1.0)

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        self.wake_here(str(payload).split(","))

    async def start(self) -> None:
        await self.read_clock()
        self._follower = asyncio.create_task(self.follow())

    async def close(self) -> None:
        await self._flush()  # a short command's wake-ups are not lost with it
        for task in (self._follower, self._flusher):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        try:
            await asyncio.wait_for(self.pool.close(), 5)
        except (TimeoutError, *LOST_CONNECTION):
            self.pool.terminate()


async def open_database(dsn: str, *, connections_max: int = 8) -> Database:
    """A pool on `dsn`. Strings given for jsonb are JSON already; anything else is encoded."""
    pool = await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=connections_max,
        init=prepare,
        connection_class=Connection,
        command_timeout=600,
        max_inactive_connection_lifetime=60,
        # A generic plan is up to three times slower for large arrays (measured); planning costs little at our batches.
        server_settings={"timezone": "UTC", "plan_cache_mode": "force_custom_plan", "jit": "off"},
    )
    return Database(pool, dsn)
