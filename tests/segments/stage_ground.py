"""One database for all examples of a property, emptied between them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Coroutine, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings

from antiphon.kernel.clock import ClockState
from antiphon.kernel.db import Database, Transaction, open_database
from conftest import START
from fresh import named
from scale import sized
from segments.stage import Stage

_TABLES = """
SELECT relname FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
 ORDER BY 1"""
_KEPT = {"event_name", "product_clock"}
"""The process remembers the numbers of names."""


def examples(number: int) -> settings:
    """The same ones each time, half of them unless all are wanted (`make test-long`); or, for ANTIPHON_EXAMPLES=10, ten
    times as many new ones, of which what fails is shrunk.

    That takes long: it needs `--timeout=0` too.
    """
    times = float(os.environ.get("ANTIPHON_EXAMPLES", "1"))
    return settings(
        max_examples=max(int(number * times * sized(0.5, 1.0)), 1),
        deadline=None,
        derandomize=times == 1,
        database=None,
        phases=[Phase.generate] if times == 1 else [Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


@dataclass
class Ground:
    runner: asyncio.Runner
    database: Database

    def run(self, story: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(story)

    def tell(self, story: Callable[..., Coroutine[Any, Any, Any]], *given: Any) -> Any:
        """A story that fails says what was given to it."""
        try:
            return self.runner.run(story(self, *given))
        except Exception as error:
            error.add_note("\n".join(map(repr, given)))
            raise

    async def emptied(self, start: datetime = START) -> Stage:
        return await emptied(self.database, start)


_emptied_tables: WeakKeyDictionary[Database, set[str]] = WeakKeyDictionary()


async def emptied(database: Database, start: datetime = START) -> Stage:
    """As it was at first, with the same numbers. Only tables that something is in are emptied: that takes its time."""
    async with database.transaction() as tx:
        await tx.rows("SELECT setval('profile_seq', 1, false)")
        if filled := await _filled(tx, _emptied_tables[database]):
            await tx.rows(f"TRUNCATE {', '.join(sorted(filled))} CASCADE")
    await database.move_clock(lambda _: ClockState(held_at=start))
    return Stage(database)


async def _prepare(database: Database) -> None:
    async with database.transaction() as tx:
        found = {row["relname"] for row in await tx.rows(_TABLES)}
        _emptied_tables[database] = found - _KEPT - await _filled(tx, found)


async def _filled(tx: Transaction, tables: Collection[str]) -> set[str]:
    asked = ", ".join(f"EXISTS (SELECT FROM {table}) AS {table}" for table in tables)
    [row] = await tx.rows(f"SELECT {asked}")
    return {table for table in tables if row[table]}


@pytest.fixture(scope="module")
def ground(server: str) -> Iterator[Ground]:
    with asyncio.Runner() as runner:
        runner.run(_execute(server, "CREATE DATABASE ground TEMPLATE template_antiphon"))
        made = Ground(runner, runner.run(open_database(named(server, "ground"), connections_max=6)))
        runner.run(_prepare(made.database))
        yield made
        runner.run(made.database.close())
        runner.run(_execute(server, "DROP DATABASE ground WITH (FORCE)"))


async def _execute(dsn: str, text: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(text)
    await connection.close()
