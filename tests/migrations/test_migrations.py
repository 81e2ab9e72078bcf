"""The schema and the path to it end the same; an upgrade happens once, whole or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from antiphon.kernel import migrate as migrating
from antiphon.kernel.migrate import PARTS, Migration, MigrationFailed, migrate, migrations
from fresh import named

HOW = "after a change of a schema.sql run: python -m antiphon.kernel.migrate refresh"

CATALOG = {
    "relations": """
        SELECT c.relname, c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity,
               pg_get_expr(c.relpartbound, c.oid) AS bound, pg_get_partkeydef(c.oid) AS partitioned,
               obj_description(c.oid) AS comment
          FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace""",
    "columns": """
        SELECT a.attrelid::regclass::text AS relation, a.attnum, a.attname,
               format_type(a.atttypid, a.atttypmod) AS type,
               a.attnotnull, a.attidentity, a.attgenerated, a.attstorage, a.attcompression, a.attcollation,
               pg_get_expr(d.adbin, d.adrelid) AS standard
          FROM pg_attribute a
          JOIN pg_class c ON c.oid = a.attrelid AND c.relnamespace = 'public'::regnamespace
          LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE a.attnum > 0 AND NOT a.attisdropped""",
    "constraints": """
        SELECT conrelid::regclass::text AS relation, conname, contype, convalidated, pg_get_constraintdef(oid) AS what
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "sequences": """
        SELECT sequencename, data_type::text, start_value, min_value, max_value, increment_by, cycle, cache_size
          FROM pg_sequences WHERE schemaname = 'public'""",
    "views": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'",
    "functions": """
        SELECT oid::regprocedure::text AS name, pg_get_functiondef(oid) AS what
          FROM pg_proc WHERE pronamespace = 'public'::regnamespace""",
    "triggers": "SELECT tgname, pg_get_triggerdef(oid) AS what FROM pg_trigger WHERE NOT tgisinternal",
    "types": "SELECT typname, typtype FROM pg_type WHERE typnamespace = 'public'::regnamespace",
}


async def catalog(dsn: str) -> dict[str, list[str]]:
    """Everything that a schema can say, and the rows that it brings along."""
    connection = await asyncpg.connect(dsn)
    found = {
        kind: sorted(str(dict(row)) for row in await connection.fetch(question)) for kind, question in CATALOG.items()
    }
    for table in [
        row["tablename"] for row in await connection.fetch("SELECT * FROM pg_tables WHERE schemaname = 'public'")
    ]:
        if table not in ("secret", "migration"):  # the key is random; of the migrations the names are compared
            found[f"rows of {table}"] = sorted(
                str(dict(row)) for row in await connection.fetch(f"SELECT * FROM {table}")
            )
    found["migrations"] = sorted(row["name"] for row in await connection.fetch("SELECT name FROM migration"))
    found["secrets"] = [str(row) for row in await connection.fetch("SELECT name, length(value) FROM secret")]
    await connection.close()
    return found


def differences(one: dict[str, list[str]], other: dict[str, list[str]]) -> list[str]:
    lines = []
    for kind in sorted({*one, *other}):
        a, b = set(one.get(kind, [])), set(other.get(kind, []))
        lines += [f"{kind}: only by the schema: {line}" for line in sorted(a - b)]
        lines += [f"{kind}: only by the migrations: {line}" for line in sorted(b - a)]
    return lines


_numbers = count(1)


@pytest_asyncio.fixture
async def empty(server: str) -> AsyncIterator[str]:
    """The DSN of a database with nothing in it."""
    name = f"empty_{next(_numbers)}"
    await execute(server, f"CREATE DATABASE {name}")
    yield named(server, name)
    await execute(server, f"DROP DATABASE {name} WITH (FORCE)")


async def execute(dsn: str, text: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(text)
    finally:
        await connection.close()


async def test_the_schema_and_the_path_to_it_end_the_same(dsn: str, empty: str) -> None:
    applied = await migrate(empty, along_migrations=True)
    assert applied == []
    assert not differences(await catalog(dsn), await catalog(empty)), HOW


DRIFTS = {
    "columns": "ALTER TABLE profile ALTER traits DROP DEFAULT",
    "constraints": "ALTER TABLE source DROP CONSTRAINT source_kind_check",
    "indexes": "DROP INDEX identifier_by_profile",
    "relations": "ALTER TABLE profile SET (fillfactor = 50)",
    "sequences": "ALTER SEQUENCE delivery_seq CACHE 7",
    "views": "CREATE OR REPLACE VIEW known_event_name AS SELECT id, upper(name) AS name FROM event_name",
    "rows of product_clock": "UPDATE product_clock SET time_offset = '1 day'",
    "functions": "CREATE FUNCTION stranger() RETURNS int LANGUAGE sql AS 'SELECT 1'",
}


@pytest.mark.parametrize("kind", DRIFTS)
async def test_the_comparison_finds_a_drift(dsn: str, server: str, kind: str) -> None:
    await execute(dsn, DRIFTS[kind])
    found = differences(await catalog(named(server, "template_antiphon")), await catalog(dsn))
    assert any(line.startswith(f"{kind}:") for line in found)


def test_migrations_are_numbered_across_all_parts() -> None:
    names = [migration.name for migration in migrations()]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert all(re.fullmatch(r"\d{4}_(pre|post)_[a-z0-9_]+\.sql", name) for name in names)
    assert [name[9:-4] for name in names[: len(PARTS)]] == list(PARTS)


async def test_a_second_run_changes_nothing_and_waits_for_no_reader(dsn: str) -> None:
    before = await catalog(dsn)
    reader = await asyncpg.connect(dsn)
    async with reader.transaction():
        await reader.fetch("SELECT * FROM known_profile")
        assert await asyncio.wait_for(migrate(dsn), 20) == []
    await reader.close()
    assert await catalog(dsn) == before


MIGRATE = "import asyncio, sys; from antiphon.kernel.migrate import migrate; asyncio.run(migrate(sys.argv[1]))"


async def test_processes_that_migrate_at_once_do_it_once(dsn: str, empty: str) -> None:
    command = [sys.executable, "-c", MIGRATE, empty]
    running = [
        await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    for process in running:
        said, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, said.decode()
    assert not differences(await catalog(dsn), await catalog(empty))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Adds migrations to those that there are, as a next version would."""
    present = migrations()

    def add(*texts: str) -> None:
        more = [Migration(f"{9000 + n}_pre_later.sql", text) for n, text in enumerate(texts)]
        monkeypatch.setattr(migrating, "migrations", lambda: [*present, *more])

    return add


async def test_an_upgrade_applies_what_is_missing_in_order_and_once(dsn: str, later: Callable[..., None]) -> None:
    later("CREATE TABLE first (n int)", "INSERT INTO first VALUES (1)")
    assert await migrate(dsn) == ["9000_pre_later.sql", "9001_pre_later.sql"]
    assert await migrate(dsn) == []
    later("CREATE TABLE first (n int)", "INSERT INTO first VALUES (1)", "ALTER TABLE first ADD m int")
    assert await migrate(dsn) == ["9002_pre_later.sql"]
    assert "first" in str(await catalog(dsn))


async def test_a_column_under_a_view_can_change(dsn: str, later: Callable[..., None]) -> None:
    """PostgreSQL refuses to alter what a view reads, so the views stand aside."""
    later("ALTER TABLE event_name ALTER id TYPE bigint")
    await migrate(dsn)
    assert "'viewname': 'known_event_name'" in str((await catalog(dsn))["views"])


async def test_a_failing_migration_leaves_everything_as_it_was(dsn: str, later: Callable[..., None]) -> None:
    before = await catalog(dsn)
    later("CREATE TABLE first (n int)", "ALTER TABLE profile ADD first int; SELECT 1/0")
    with pytest.raises(MigrationFailed, match=r"9001_pre_later\.sql failed.*division by zero"):
        await migrate(dsn)
    assert await catalog(dsn) == before
    later("CREATE TABLE first (n int)")
    assert await migrate(dsn) == ["9000_pre_later.sql"], "the failed run let go of its lock"


async def test_a_new_database_that_cannot_be_made_stays_empty(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = migrating.schema()
    monkeypatch.setattr(migrating, "schema", lambda: whole + "SELECT 1/0")
    with contextlib.suppress(asyncpg.PostgresError):
        await migrate(empty)
    monkeypatch.undo()
    assert await migrate(empty) == []


def test_the_path_is_not_rewritten_once_it_has_a_later_step(later: Callable[..., None], tmp_path: Path) -> None:
    later("SELECT 1")
    with pytest.raises(MigrationFailed, match="released"):
        migrating.refresh(tmp_path)


def test_the_first_migrations_are_rewritten_from_the_schema(tmp_path: Path) -> None:
    for part in PARTS:
        (tmp_path / part / "sql/migrations").mkdir(parents=True)
        (tmp_path / part / "sql/migrations/0099_pre_old.sql").write_text("old")
    migrating.refresh(tmp_path)
    written = sorted(file.name for file in tmp_path.rglob("*.sql"))
    assert written == [f"{n:04}_pre_{part}.sql" for n, part in enumerate(PARTS, 1)]


async def test_a_database_of_an_earlier_state_is_refused_with_the_way_out_and_left_alone(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("DELETE FROM migration WHERE name LIKE 'schema %'")
    before = await catalog(dsn)
    with pytest.raises(migrating.EarlierState, match="begin anew"):
        await migrate(dsn)
    assert await catalog(dsn) == before
    await connection.close()
