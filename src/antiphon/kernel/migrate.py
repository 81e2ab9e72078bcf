"""Brings a database to the schema that this code wants.

`schema.sql` of each part is the truth a newcomer reads; `migrations/` (numbered across all parts, `pre` before
the new code runs and `post` after) is the path to it. A new database takes the schema as it stands and counts
all migrations as done; tests/migrations proves that both ways end the same.

Until the first release the path has one step per part, its schema: after a change of a `schema.sql` run
`python -m antiphon.kernel.migrate refresh`. Once a later migration exists, this is refused.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import asyncpg
from msgspec import Struct

from antiphon import __version__
from antiphon.kernel.errors import Problem
from antiphon.kernel.secrets import first_row

PARTS = (
    "kernel", "access", "profiles", "segments", "content", "channels", "metrics", "orchestration", "campaigns", "pages",
    "integrations",
)  # fmt: skip
"""Lowest first: a part's views may be named by those after it."""

_LOCK = 0x616E7469  # one migrator at a time
_VIEWS = "views "
_SCHEMA = "schema "


class MigrationFailed(Problem):
    """The database could not be brought to the schema of this version; it is as it was."""

    code = "migration_failed"


class EarlierState(Problem):
    """An earlier state of the source made this database: begin anew with an empty --data or --database. It stays.

    Only until the first release: then there is a path from every version.
    """

    code = "earlier_state"


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


async def migrate(dsn: str, *, along_migrations: bool = False) -> Sequence[str]:
    """Returns the names of the migrations that were applied: all that were missing, or none where one fails.

    `along_migrations` takes a new database along the path instead: for the test that compares both ways.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await connection.execute("SET timezone = 'UTC'")
        async with connection.transaction():
            if await connection.fetchval("SELECT to_regclass('migration') IS NULL"):
                await _create(connection, along_migrations=along_migrations)
            elif await connection.fetchval("SELECT NOT EXISTS (SELECT FROM migration WHERE name = $1)", _digest()):
                raise EarlierState()
            return await _upgrade(connection)
    finally:
        await connection.close()


async def _create(connection: asyncpg.Connection, *, along_migrations: bool) -> None:
    await connection.execute(_MIGRATION_TABLE)
    if along_migrations:
        await _upgrade(connection)
    else:
        await connection.execute(schema())
        await _note(connection, [migration.name for migration in migrations()])
    await _note(connection, [_digest()])
    await connection.execute("INSERT INTO secret (name, value) VALUES ($1, $2)", *first_row())


def _digest() -> str:
    """The path's first steps, as they are while nothing is released."""
    return _SCHEMA + hashlib.sha256("".join(one.text for one in migrations()[: len(PARTS)]).encode()).hexdigest()


async def _upgrade(connection: asyncpg.Connection) -> list[str]:
    """What is missing, in order. The views are made anew where they or the tables under them change, and only then:
    making one waits for all who read it, and all who come then wait behind it."""
    done = {row["name"] for row in await connection.fetch("SELECT name FROM migration")}
    missing = [migration for migration in migrations() if migration.name not in done]
    digest = _VIEWS + hashlib.sha256(views().encode()).hexdigest()
    if missing or digest not in done:
        await _drop_views(connection)
        for migration in missing:
            await _apply(connection, migration.name, migration.text)
        await _apply(connection, "views.sql", views())
        await connection.execute("DELETE FROM migration WHERE starts_with(name, $1)", _VIEWS)
        await _note(connection, [*(migration.name for migration in missing), digest])
    return [migration.name for migration in missing]


async def _apply(connection: asyncpg.Connection, name: str, text: str) -> None:
    try:
        await connection.execute(text)
    except asyncpg.PostgresError as error:
        raise MigrationFailed(f"{name} failed, and the database is as it was: {error}") from error


async def _drop_views(connection: asyncpg.Connection) -> None:
    """Ours only, in one statement for they build on each other; who built on them from outside hears of it."""
    names = re.findall(r"^CREATE OR REPLACE VIEW (\w+)", views(), re.MULTILINE)
    if names:
        await _apply(connection, "views.sql", f"DROP VIEW IF EXISTS {', '.join(names)}")


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


def refresh(source: Path) -> None:
    """Make each part's first migration equal to its schema, in the folder `antiphon` of the source."""
    later = [migration.name for migration in migrations() if int(migration.name[:4]) > len(PARTS)]
    if later or not __version__.startswith("0."):
        raise MigrationFailed(f"The schema has been released; write a migration after {(later or ['the first'])[-1]}.")
    for number, part in enumerate(PARTS, 1):
        folder = source / part / "sql/migrations"
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*.sql"):
            old.unlink()
        (folder / f"{number:04}_pre_{part}.sql").write_text(_read(part, "schema.sql"), "utf-8")


if __name__ == "__main__":
    if sys.argv[1:] != ["refresh"]:
        sys.exit("usage: python -m antiphon.kernel.migrate refresh")
    refresh(Path(__file__).parents[1])
