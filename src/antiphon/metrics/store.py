"""The only code that runs metrics' SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from antiphon.kernel.db import Queries, Row, Transaction

queries = Queries("metrics")
Key = tuple[int, str, str, str, datetime]
"""source, channel, variant, kind, minute"""


async def insert_parts(tx: Transaction, sums: Mapping[Key, tuple[int, float]]) -> None:
    keys = list(sums)
    await queries.run(
        tx,
        "insert_parts",
        sources=[key[0] for key in keys],
        channels=[key[1] for key in keys],
        variants=[key[2] for key in keys],
        kinds=[key[3] for key in keys],
        minutes=[key[4] for key in keys],
        ns=[sums[key][0] for key in keys],
        amounts=[sums[key][1] for key in keys],
    )


async def fold_parts(tx: Transaction) -> int:
    return await queries.run(tx, "fold_parts")


async def read_totals(tx: Transaction, sources: Sequence[int]) -> list[Row]:
    return await queries.rows(tx, "read_totals", sources=list(sources))
