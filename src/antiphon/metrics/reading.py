"""Reading counters: parts not folded yet count too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import SourceId
from antiphon.metrics import store


class Total(Struct, frozen=True):
    source: int
    channel: str
    variant: str
    kind: str
    n: int
    amount: float


class Point(Struct, frozen=True):
    """Counts in one product minute."""

    minute: datetime
    channel: str
    kind: str
    n: int


async def totals(tx: Transaction, sources: Sequence[SourceId]) -> list[Total]:
    rows = await store.read_totals(tx, sources)
    return [Total(r["source_id"], r["channel"], r["variant"], r["kind"], r["n"], r["amount"]) for r in rows]


async def series(tx: Transaction, source: SourceId, *, since: datetime) -> list[Point]:
    rows = await store.read_series(tx, source, since=since)
    return [Point(row["minute"], row["channel"], row["kind"], row["n"]) for row in rows]
