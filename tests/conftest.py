"""Real PostgreSQL for every test: one throw-away server per test process, one migrated template, a fresh database each.

`fresh.py` says how a database is made to look new without being made anew.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from antiphon.kernel import postgres
from antiphon.kernel.clock import ClockState
from antiphon.kernel.db import Database, open_database
from antiphon.kernel.migrate import migrate
from fresh import TEMPLATE, Fresh, named

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""Where the held product clock stands when a test begins."""

AT_ANY_PACE = settings(settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A machine that does other things too finds no fault in an example."""
settings.register_profile("the same each time", AT_ANY_PACE, derandomize=True)
settings.register_profile("something new", AT_ANY_PACE)
settings.load_profile("something new" if os.environ.get("ANTIPHON_TEST_EXPLORE") else "the same each time")
os.environ.setdefault("ANTIPHON_TEST_FAST_DATABASE", "1")  # for the servers that tested commands start


DISK = Path(os.environ.setdefault("ANTIPHON_TEST_DISK", tempfile.gettempdir()))  # the workers of pytest inherit it
MEMORY = Path("/dev/shm")
NEEDED = 6 * 1024**3
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > NEEDED and "TMPDIR" not in os.environ:
    # Emptying a database between two tests makes and removes hundreds of files: on some disks that takes a second.
    tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)

TURNS = {"web": 0, "flows": 2, "channels": 3}
"""Minutes in a browser come first, and hundreds of short files last, so that all workers end together; houses of
processes, which stay until the end, come late."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    items.sort(key=lambda item: TURNS.get(item.path.relative_to(here).parts[0], 1))


@pytest.fixture(scope="session")
def on_disk() -> Iterator[Path]:
    """A folder for what is to survive more than memory does; `tmp_path` may lie in memory."""
    with tempfile.TemporaryDirectory(dir=DISK, prefix="antiphon-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The DSN of a server of our own with a migrated database `template_antiphon`."""
    import ready  # the whole web process, which a test without a database does not need

    ready.keep()
    with postgres.throwaway(tmp_path_factory.mktemp("pg")) as dsn:
        asyncio.run(_make_template(dsn))
        yield dsn


async def _make_template(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"CREATE DATABASE {TEMPLATE}")
    await connection.close()
    await migrate(named(dsn, TEMPLATE))


@pytest.fixture(scope="session")
def fresh(server: str) -> Fresh:
    """What keeps the one database; tests ask for `dsn` or `database`."""
    return Fresh(server)


@pytest_asyncio.fixture
async def dsn(fresh: Fresh) -> AsyncIterator[str]:
    """A fresh migrated database."""
    await fresh.make()
    yield fresh.dsn
    await fresh.clean()


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
