"""Brings a database to the schema that this code wants.

`schema.sql` of each part is the truth a newcomer reads; `migrations/` (numbered across all parts, `pre` before
the new code runs and `post` after) is the path to it. A new database takes the schema as it stands and counts
all migrations as done; tests/migrations proves that both ways end the same. Views are made anew at every start.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from importlib import resources

import asyncpg
from msgspec import Struct

PARTS = ("kernel", "access", "profiles", "segments", "content", "channels", "metrics", "orchestration", "campaigns")
"""Lowest first: a part's views may be named by those after it."""

_LOCK = 0x616E7469  # one migrator at a time


class Migration(Struct, frozen=True, order=True):
    name: str
    text: str


def schema() -> str:
    return "\n".join(_read(part, "schema.sql") for part in PARTS)


def views() -> str:
    return "\n".join(_read(part, "views.sql") for part in PARTS)


def migrations() -> list[Migration]:
    """All parts' migrations in the order of their numbers."""
    found = []
    for part in PARTS:
        folder = resources.files(f"antiphon.{part}").joinpath("sql/migrations")
        if folder.is_dir():
            files = [file for file in folder.iterdir() if file.name[0].isdigit()]
            found += [Migration(file.name, file.read_text("utf-8")) for file in files]
    return sorted(found)


async def migrate(dsn: str) -> Sequence[str]:
    """Returns the names of the migrations that were applied. Each runs in a transaction of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await connection.execute("SET timezone = 'UTC'")
        if await connection.fetchval("SELECT to_regclass('migration') IS NULL"):
            await _create(connection)
            applied: list[str] = []
        else:
            applied = await _upgrade(connection)
        await connection.execute(views())
        return applied
    finally:
        await connection.close()


async def _create(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        await connection.execute(_MIGRATION_TABLE + schema())
        await _note(connection, [migration.name for migration in migrations()])
        key = secrets.token_bytes(32)
        await connection.execute("INSERT INTO secret (name, value) VALUES ('installation', $1)", key)


async def _upgrade(connection: asyncpg.Connection) -> list[str]:
    done = {row["name"] for row in await connection.fetch("SELECT name FROM migration")}
    missing = [migration for migration in migrations() if migration.name not in done]
    for migration in missing:
        async with connection.transaction():
            await connection.execute(migration.text)
            await _note(connection, [migration.name])
    return [migration.name for migration in missing]


async def _note(connection: asyncpg.Connection, names: Sequence[str]) -> None:
    await connection.execute("INSERT INTO migration (name) SELECT unnest($1::text[])", list(names))


_MIGRATION_TABLE = """
CREATE TABLE migration (
  name       text PRIMARY KEY,
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
"""


def _read(part: str, name: str) -> str:
    file = resources.files(f"antiphon.{part}").joinpath(f"sql/{name}")
    return file.read_text("utf-8") if file.is_file() else ""
