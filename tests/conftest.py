"""Real PostgreSQL for every test: one throw-away server per test process, one migrated template, a fresh copy each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import asyncpg
import pytest
import pytest_asyncio

from antiphon.kernel import postgres
from antiphon.kernel.clock import ClockState
from antiphon.kernel.db import Database, open_database
from antiphon.kernel.migrate import migrate

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""Where the held product clock stands when a test begins."""

_numbers = count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The DSN of a server of our own with a migrated database `template_antiphon`."""
    with postgres.throwaway(tmp_path_factory.mktemp("pg")) as dsn:
        asyncio.run(_make_template(dsn))
        yield dsn


async def _make_template(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE DATABASE template_antiphon")
    await connection.close()
    await migrate(named(dsn, "template_antiphon"))


def named(dsn: str, database: str) -> str:
    """The same server, another database."""
    head, _, options = dsn.partition("?")
    return f"{head.rpartition('/')[0]}/{database}" + (f"?{options}" if options else "")


@pytest_asyncio.fixture
async def dsn(server: str) -> AsyncIterator[str]:
    """A fresh migrated database."""
    name = f"test_{next(_numbers)}"
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE template_antiphon")
    yield named(server, name)
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.close()


@pytest_asyncio.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """An open database whose product clock is held at START."""
    opened = await open_database(dsn)
    await opened.start()
    await opened.move_clock(lambda _state: ClockState(held_at=START))
    yield opened
    await opened.close()


@pytest.fixture
def move(database: Database) -> Callable[[timedelta], Awaitable[datetime]]:
    """Advance the held clock."""

    async def advance(by: timedelta) -> datetime:
        state = await database.move_clock(lambda state: state.moved(state.now() + by))
        return state.now()

    return advance
