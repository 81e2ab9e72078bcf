"""Counts are appended, never updated in place: writers do not wait for each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Count
from antiphon.metrics import store


async def add(tx: Transaction, counts: Sequence[Count]) -> None:
    """Add up and append, in the transaction that makes the facts."""
    sums: dict[store.Key, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for count in counts:
        minute = count.at.replace(second=0, microsecond=0)
        key = (count.source, count.channel, count.variant, count.kind, minute)
        n, amount = sums[key]
        sums[key] = (n + count.n, amount + count.amount)
    if sums:
        await store.insert_parts(tx, sums)
        tx.wake("counts")
        for source in {key[0] for key in sums}:
            tx.wake(f"source:{source}")


async def fold_parts(tx: Transaction) -> int:
    """How many counters were written; the keeper calls it every few seconds while there are parts."""
    return await store.fold_parts(tx)
