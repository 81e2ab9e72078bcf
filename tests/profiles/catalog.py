"""The whole database, table by table: for promises about everything that is stored."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.kernel.db import Database

_TABLES = """
SELECT relname::text FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
 ORDER BY 1"""


async def tables(database: Database) -> list[str]:
    return [row["relname"] for row in await database.pool.fetch(_TABLES)]


async def columns(database: Database, table: str) -> set[str]:
    rows = await database.pool.fetch(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0", table
    )
    return {row["attname"] for row in rows}


async def found(database: Database, tokens: Sequence[str]) -> list[tuple[str, str]]:
    """(table, token) wherever a row, as text, has one; also where it is a hash in hexadecimal digits."""
    hits = []
    for table in await tables(database):
        rows = await database.pool.fetch(
            f"SELECT DISTINCT token FROM {table} t, unnest($1::text[]) token WHERE strpos(lower(t::text), token) > 0",
            [token.lower() for token in tokens],
        )
        hits += [(table, row["token"]) for row in rows]
    return hits
