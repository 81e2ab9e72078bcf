"""What retention measures and lets go. Names of tables and columns are those of the rules, never of a caller."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

import structlog

from antiphon.kernel.db import DatabaseError, Transaction
from antiphon.profiles.store.base import queries

log = structlog.get_logger()

SAMPLE_ROWS = 100_000
"""Tables of up to as many rows are counted, greater ones are sampled."""


class Size(NamedTuple):
    """`rows` is an estimate of the database's; None where it has none yet."""

    bytes: int
    rows: int | None


async def sizes(tx: Transaction) -> dict[str, Size]:
    rows = await queries.rows(tx, "table_sizes")
    return {row["name"]: Size(row["bytes"], None if row["unknown"] else row["rows"]) for row in rows}


async def days(tx: Transaction, table: str, column: str, *, rows: int | None) -> dict[date, int]:
    """How many rows are of which day, by a sample where there are many. What is dated to come counts as of its day."""
    share = 100.0 if not rows else min(100.0, 100.0 * SAMPLE_ROWS / rows)
    found = await tx.rows(
        f"SELECT ({column} AT TIME ZONE 'UTC')::date AS day, count(*) AS n"  # noqa: S608 - our own names
        f"  FROM {table} TABLESAMPLE SYSTEM ($1) REPEATABLE (1)"
        f" WHERE {column} > '0001-01-02' AND {column} < '9999-12-31' GROUP BY 1",
        share,
    )
    return {row["day"]: round(row["n"] * 100.0 / share) for row in found}


async def try_trimming(tx: Transaction) -> bool:
    return bool(await queries.value(tx, "try_trimming"))


async def pages(tx: Transaction, table: str) -> int:
    rows = await tx.rows("SELECT pg_relation_size($1::text::regclass) / current_setting('block_size')::int AS n", table)
    return int(rows[0]["n"])


async def trim_pages(tx: Transaction, table: str, column: str, *, before: datetime, first: int, count: int) -> int:
    """Delete what is older in a range of the table's pages: so no pass looks at a page twice."""
    rows = await tx.rows(
        f"WITH gone AS (DELETE FROM {table}"  # noqa: S608 - our own names
        f" WHERE ctid >= format('(%s,0)', $2::bigint)::tid AND ctid < format('(%s,0)', $3::bigint)::tid"
        f" AND {column} < $1 RETURNING 1) SELECT count(*) AS n FROM gone",
        before,
        first,
        first + count,
    )
    return int(rows[0]["n"])


async def erased_within(tx: Transaction, within: timedelta) -> bool:
    """Wall time."""
    return bool(await queries.value(tx, "erased_since", within=within))


async def refresh_statistics(tx: Transaction) -> None:
    """The planner's samples of all our tables: they hold values, also of people who were erased since."""
    await tx.rows(f"ANALYZE {', '.join(await sizes(tx))}")


async def event_partitions(tx: Transaction) -> dict[str, str]:
    """Bounds, as the database writes them, by name."""
    return {row["name"]: row["bounds"] for row in await queries.rows(tx, "event_partitions")}


async def drop_partition(tx: Transaction, name: str) -> bool:
    """Whether it went: it needs a lock on all events for an instant, and gives up after 200 ms."""
    try:
        async with tx.connection.transaction():
            await tx.rows("SET LOCAL lock_timeout = '200ms'")
            await tx.rows(f"DROP TABLE {name}")
            await tx.rows("SET LOCAL lock_timeout = DEFAULT")
    except DatabaseError as error:
        log.info("retention.skipped", partition=name, error=type(error).__name__)
        return False
    return True
