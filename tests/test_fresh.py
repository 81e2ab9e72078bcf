"""A database that was used by a test is like a new one to the next."""

from __future__ import annotations

import asyncpg
import pytest

from fresh import TEMPLATE, Fresh, named


async def ask(dsn: str, text: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(text)
    finally:
        await connection.close()


async def state(dsn: str) -> dict[str, object]:
    """All rows of all tables, and where the sequences stand."""
    connection = await asyncpg.connect(dsn)
    relations = await connection.fetch(
        "SELECT relname, relkind = 'S' AS counts FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')"
    )
    found = {}
    for name, counts in relations:
        asked = "(last_value, is_called)" if counts else f"{name}.*"
        found[name] = await connection.fetchval(f"SELECT array_agg(({asked})::text ORDER BY 1) FROM {name}")
    await connection.close()
    return found


USES = {
    "rows": "INSERT INTO profile (bucket, id, created_at, anchor) SELECT 1, n, '2020-01-01', n"
    " FROM generate_series(1, 9) n",
    "rows of a partition": "INSERT INTO event VALUES (1, 1, '2020-01-01', 1, '2020-01-01')",
    "rows that a table of other rows refers to": "INSERT INTO message"
    " (name, topic, channels, locales, created_at, changed_at)"
    " VALUES ('a', 't', '{}', '{}', '2020-01-01', '2020-01-01')",
    "the clock": "UPDATE product_clock SET held_at = '2030-01-01', time_offset = '1 day'",
    "the secret": "DELETE FROM secret",
    "a sequence": "SELECT nextval('delivery_seq')",
    "an identity that was taken back": "INSERT INTO segment SELECT",
    "a table": "CREATE TABLE stranger (n int)",
    "a column": "ALTER TABLE profile ADD stranger int",
    "a default": "ALTER TABLE profile ALTER traits DROP DEFAULT",
    "an index": "DROP INDEX identifier_by_profile",
    "a partition": "CREATE TABLE event_2020 PARTITION OF event FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
    "a function": "CREATE FUNCTION stranger() RETURNS int LANGUAGE sql AS 'SELECT 1'",
}


@pytest.mark.parametrize("use", USES)
async def test_whatever_a_test_did_the_next_finds_the_template(fresh: Fresh, server: str, use: str) -> None:
    await fresh.make()
    try:
        await ask(fresh.dsn, USES[use])
    except asyncpg.NotNullViolationError:
        assert use == "an identity that was taken back"  # its number is spent all the same
    await fresh.clean()
    await fresh.make()
    assert await state(fresh.dsn) == await state(named(server, TEMPLATE))
    assert await ask(fresh.dsn, "SELECT count(*) FROM pg_attribute") == await ask(
        named(server, TEMPLATE), "SELECT count(*) FROM pg_attribute"
    )
    assert await ask(fresh.dsn, "SELECT to_regproc('stranger') IS NULL AND to_regclass('stranger') IS NULL")
    await fresh.clean()


async def test_a_test_that_does_not_change_tables_leaves_the_database_in_place(fresh: Fresh) -> None:
    """Else the check above would pass with a copy for every test."""
    await fresh.make()
    before = fresh.dsn
    await ask(before, USES["rows"])
    await ask(before, "CREATE TEMPORARY TABLE passing (n int)")
    await fresh.clean()
    await fresh.make()
    assert fresh.dsn == before
    await fresh.clean()


async def test_nobody_stays_connected(fresh: Fresh) -> None:
    await fresh.make()
    left = await asyncpg.connect(fresh.dsn)
    await left.execute("BEGIN; INSERT INTO setting VALUES ('timezone', '1')")
    await fresh.clean()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await left.fetchval("SELECT 1")
    await fresh.make()
    assert await ask(fresh.dsn, "SELECT count(*) FROM setting") == 0
    await fresh.clean()
