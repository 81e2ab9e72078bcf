"""The one way to wait: rows with a due time, claimed under a lease with a fence.

A due row has `due_at` (product time), `lease_until` (wall time), `lease` (raised by claim alone: the fence)
and `version` (raised by touch alone).

- *Claim* takes rows that are due and not leased; each goes to one worker for the length of a lease.
- *Touch* says that something happened: `due_at = least(due_at, now)`, `version + 1`.
- *Finish* is the first statement of the writing transaction. It succeeds only where the lease is still mine;
  the next `due_at` is written only where `version` is unchanged, else the row stays due. For rows that it
  does not return, the worker writes nothing.

One number for both lease and version would lose touches: with three workers, a finish could pass for a row
that was touched after its claim. `tests/kernel/test_due_model.py` walks through all interleavings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct

from antiphon.kernel.db import Database, DatabaseError, Row, Transaction, is_lost

log = structlog.get_logger()


Key = tuple[Any, ...]
"""The values of the key columns, in their order."""


class Claimed(Struct, frozen=True):
    """A row that is mine until its lease ends. `row` has the key and the extra columns of the table."""

    key: Key
    lease: int
    version: int
    row: Row


class DueTable:
    """Claim, touch and finish on one table.

    `key` maps each key column to its SQL type; `columns` are returned by a claim; `where` restricts every
    claim and names its parameters as `$4`, `$5`, …; `carry` maps columns that a finish writes together with
    the next due time to their SQL types, `clear` maps columns to the literal that a finish sets: both only
    where the version is unchanged.
    """

    def __init__(
        self,
        table: str,
        *,
        key: Mapping[str, str],
        columns: Sequence[str] = (),
        where: str = "",
        carry: Mapping[str, str] | None = None,
        clear: Mapping[str, str] | None = None,
    ) -> None:
        self.table, self.key, self.carry, self.clear = table, dict(key), dict(carry or {}), dict(clear or {})
        names = ", ".join(self.key)
        same = " AND ".join(f"t.{column} = due.{column}" for column in self.key)
        returned = ", ".join(f"t.{column}" for column in [*self.key, *columns])
        restricted = f"{where} AND " if where else ""
        self._claim = f"""
            WITH due AS MATERIALIZED (
                   SELECT {names} FROM {table}
                    WHERE {restricted}due_at <= $1
                      AND (lease_until IS NULL OR lease_until < clock_timestamp())
                    ORDER BY due_at
                    LIMIT $2
                      FOR UPDATE SKIP LOCKED)
            UPDATE {table} t
               SET lease_until = clock_timestamp() + $3, lease = t.lease + 1
              FROM due
             WHERE {same}
            RETURNING {returned}, t.lease, t.version, t.due_at"""
        self._finish = self._finish_text()

    def _finish_text(self) -> str:
        given = [*self.key.items(), ("lease", "integer"), ("version", "integer"), ("next_due", "timestamptz")]
        given += self.carry.items()
        arrays = ", ".join(f"${n}::{_array_of(kind)}" for n, (_, kind) in enumerate(given, 1))
        same = " AND ".join(f"t.{column} = given.{column}" for column in self.key)
        same_mine = " AND ".join(f"t.{column} = mine.{column}" for column in self.key)
        unchanged = {column: f"mine.{column}" for column in self.carry} | self.clear
        kept = "".join(
            f", {column} = CASE WHEN t.version = mine.version THEN {value} ELSE t.{column} END"
            for column, value in unchanged.items()
        )
        return f"""
            WITH given AS (SELECT * FROM unnest({arrays}) AS given({", ".join(name for name, _ in given)})),
                 mine AS MATERIALIZED (
                   SELECT given.* FROM {self.table} t JOIN given ON {same}
                    WHERE t.lease = given.lease
                    ORDER BY {", ".join(f"t.{column}" for column in self.key)}
                      FOR UPDATE OF t)
            UPDATE {self.table} t
               SET lease_until = NULL,
                   due_at = CASE WHEN t.version = mine.version THEN mine.next_due ELSE t.due_at END{kept}
              FROM mine
             WHERE {same_mine}
            RETURNING {", ".join(f"t.{column}" for column in self.key)}, t.version = mine.version AS unchanged"""

    async def claim(self, tx: Transaction, *where: Any, batch: int, lease_s: float) -> list[Claimed]:
        """Up to `batch` due rows, oldest first."""
        rows = await tx.rows(self._claim, tx.now, batch, timedelta(seconds=lease_s), *where)
        return [Claimed(tuple(row[column] for column in self.key), row["lease"], row["version"], row) for row in rows]

    async def finish(
        self,
        tx: Transaction,
        claimed: Sequence[Claimed],
        next_due: Sequence[datetime | None],
        **carry: Sequence[Any],
    ) -> dict[Key, bool]:
        """The keys that were still mine, each with whether nothing touched it since the claim.

        Call it first in the transaction that writes the outcome, and write only for the keys it returns.
        """
        if not claimed:
            return {}
        keys = list(zip(*(item.key for item in claimed), strict=True))
        rows: list[Row] = await tx.rows(
            self._finish,
            *keys,
            [item.lease for item in claimed],
            [item.version for item in claimed],
            list(next_due),
            *(list(carry[column]) for column in self.carry),
        )
        return {tuple(row[column] for column in self.key): row["unchanged"] for row in rows}


def _array_of(kind: str) -> str:
    return f"{kind}[]"


async def work_loop(
    database: Database, topic: str, work: Callable[[], Awaitable[int]], *, pause_s: float = 1.0
) -> None:
    """Call `work` again and again until cancelled; where it found nothing, sleep until `topic` is woken.

    A failing round is logged and tried again after a pause that grows to ten seconds; leases hand its rows on.
    """
    failures = 0
    while True:
        try:
            found = await work()
            failures = 0
        except Exception as error:
            _log_failure(topic, error)
            found, failures = 0, failures + 1
        if failures:
            await asyncio.sleep(min(10.0, 0.2 * 2 ** min(failures, 6)))
        elif not found:
            await database.sleep(topic, pause_s)


def _log_failure(topic: str, error: Exception) -> None:
    if is_lost(error):
        log.info("work.database_lost", topic=topic, error=type(error).__name__)
    elif isinstance(error, DatabaseError):
        log.error("work.failed", topic=topic, error=str(error))
    else:
        log.exception("work.failed", topic=topic)
