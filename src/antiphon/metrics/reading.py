"""Reading counters: parts not folded yet count too."""

from __future__ import annotations

from collections.abc import Sequence

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


async def totals(tx: Transaction, sources: Sequence[SourceId]) -> list[Total]:
    rows = await store.read_totals(tx, sources)
    return [Total(r["source_id"], r["channel"], r["variant"], r["kind"], r["n"], r["amount"]) for r in rows]
