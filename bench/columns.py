"""The same people and events in DuckDB, a column store: what the scans of a rule cost where nothing else is asked for.

Raw events sorted by kind, person and time, with the amount as a column of its own; traits once as typed columns and
once as JSON. In memory, with two threads. Nothing here takes events in, remembers who was a member, or has a queue.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb

from antiphon.kernel.db import Database
from bench.segment_rules import ADDED, BOUGHT, OPENED, SENT

THREADS = 2
_EVENTS = """
    SELECT profile_id, name_id, (extract(epoch FROM at) * 1000000)::bigint AS moment,
           (properties ->> 'amount')::float8 AS amount
      FROM event"""
_PEOPLE = """
    SELECT id, traits ->> 'country' AS country, traits ->> 'tier' AS tier, (traits ->> 'age')::integer AS age,
           traits::text AS traits
      FROM profile"""
_LATELY = "{0}moment > $now::timestamp - INTERVAL {1} AND {0}moment <= $now"
_S1 = "country IN ('de', 'fr', 'it') AND tier = 'gold' AND age BETWEEN 25 AND 45"
_S1_JSON = """traits ->> '$.country' IN ('de', 'fr', 'it') AND traits ->> '$.tier' = 'gold'
              AND CAST(traits ->> '$.age' AS INTEGER) BETWEEN 25 AND 45"""
_S2 = f"""
    SELECT profile_id AS id FROM event WHERE name_id = {SENT} AND moment <= $now GROUP BY 1 HAVING count(*) >= 3
    EXCEPT SELECT profile_id FROM event WHERE name_id = {OPENED} AND {_LATELY.format("", "21 DAY")}"""
_S2_ANTI = f"""
    SELECT s.id FROM (SELECT profile_id AS id FROM event WHERE name_id = {SENT} AND moment <= $now
                       GROUP BY 1 HAVING count(*) >= 3) s
     WHERE NOT EXISTS (SELECT 1 FROM event o WHERE o.name_id = {OPENED} AND o.profile_id = s.id
                          AND {_LATELY.format("o.", "21 DAY")})"""
_S3 = f"""
    SELECT profile_id AS id FROM event WHERE name_id = {BOUGHT} AND {_LATELY.format("", "30 DAY")}
     GROUP BY 1 HAVING count(*) >= 3 AND sum(amount) > 100"""
_S4 = f"""
    (SELECT id FROM profile WHERE {_S1} UNION ({_S3})) EXCEPT ({_S2_ANTI})"""
_S5_JOIN = f"""
    SELECT DISTINCT a.profile_id AS id FROM event a JOIN event b ON b.profile_id = a.profile_id AND b.moment > a.moment
       AND b.moment <= a.moment + INTERVAL 7 DAY
     WHERE a.name_id = {ADDED} AND b.name_id = {BOUGHT} AND a.moment <= $now AND b.moment <= $now"""
_S5_ASOF = f"""
    SELECT DISTINCT a.profile_id AS id
      FROM (SELECT profile_id, moment FROM event WHERE name_id = {ADDED} AND moment <= $now) a
      ASOF JOIN (SELECT profile_id, moment FROM event WHERE name_id = {BOUGHT} AND moment <= $now) b
        ON b.profile_id = a.profile_id AND b.moment > a.moment
     WHERE b.moment <= a.moment + INTERVAL 7 DAY"""
STATEMENTS: dict[str, dict[str, str]] = {
    "S1": {"typed": f"SELECT id FROM profile WHERE {_S1}", "JSON": f"SELECT id FROM profile WHERE {_S1_JSON}"},
    "S2": {"except": _S2, "anti join": _S2_ANTI},
    "S3": {"": _S3},
    "S4": {"": _S4},
    "S5": {"join": _S5_JOIN, "as of": _S5_ASOF},
}
"""Each rule in the forms that one would try."""


class Columns:
    def __init__(self, connection: duckdb.DuckDBPyConnection, now: datetime) -> None:
        self.connection, self.now = connection, now.astimezone(UTC).replace(tzinfo=None)

    def timed(self, statement: str, *, runs: int = 4) -> tuple[float, int]:
        """Milliseconds, the quickest of some runs after one that warms up; and how many."""
        times, found = [], 0
        given = {"now": self.now} if "$now" in statement else {}
        for _ in range(runs):
            begun = perf_counter()
            row = self.connection.execute(f"SELECT count(*) FROM ({statement})", given).fetchone()
            times.append((perf_counter() - begun) * 1000)
            assert row is not None
            found = row[0]
        return min(times[1:]), found


async def copied(database: Database, now: datetime) -> Columns:
    """Everything as it is now in our tables, by way of a file; this takes some time."""
    connection = duckdb.connect(config={"threads": THREADS})
    with tempfile.TemporaryDirectory() as folder:
        for table, text in (("event", _EVENTS), ("profile", _PEOPLE)):
            file = Path(folder) / f"{table}.csv"
            async with database.pool.acquire() as reader:
                await reader.copy_from_query(text, output=file, format="csv", header=True, timeout=3600)
            await asyncio.to_thread(_load, connection, table, file)
            file.unlink()
    return Columns(connection, now)


def _load(connection: duckdb.DuckDBPyConnection, table: str, file: Path) -> None:
    types: dict[str, Any] = {
        "event": "{'profile_id': 'BIGINT', 'name_id': 'INTEGER', 'moment': 'BIGINT', 'amount': 'DOUBLE'}",
        "profile": "{'id': 'BIGINT', 'country': 'VARCHAR', 'tier': 'VARCHAR', 'age': 'INTEGER', 'traits': 'JSON'}",
    }
    source = f"read_csv('{file}', header = true, columns = {types[table]})"
    chosen = {
        "event": f"SELECT profile_id, name_id, make_timestamp(moment) AS moment, amount FROM {source}"
        " ORDER BY name_id, profile_id, moment",
        "profile": f"SELECT * FROM {source} ORDER BY id",
    }
    connection.execute(f"CREATE TABLE {table} AS {chosen[table]}")


def best(columns: Columns, rule: str, forms: Sequence[str] = ()) -> tuple[float, int]:
    """The quickest form of a rule; all forms count the same."""
    found = [columns.timed(text) for form, text in STATEMENTS[rule].items() if not forms or form in forms]
    assert len({count for _, count in found}) == 1, (rule, found)
    return min(found)
