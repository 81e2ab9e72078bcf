"""The SQL of how accounts stand now: for those who look at them, never for those who send."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from antiphon.channels.store import queries
from antiphon.kernel.db import Row, Transaction


async def read_counts(tx: Transaction) -> dict[int, dict[str, tuple[int, int]]]:
    """By account and kind: in the last minute, in the last hour."""
    found: dict[int, dict[str, tuple[int, int]]] = defaultdict(dict)
    for row in await queries.rows(tx, "read_counts"):
        found[row["provider_id"]][row["kind"]] = (row["minute"], row["hour"])
    return found


async def read_connected(tx: Transaction) -> dict[int, Row]:
    return {row["provider_id"]: row for row in await queries.rows(tx, "read_connected")}


async def read_slowed(tx: Transaction) -> dict[int, int]:
    return {row["provider_id"]: row["n"] for row in await queries.rows(tx, "read_slowed")}


async def read_day(tx: Transaction, day: date) -> dict[int, Row]:
    return {row["provider_id"]: row for row in await queries.rows(tx, "read_day", day=day)}
