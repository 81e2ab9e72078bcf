"""SQL of what happened when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from antiphon.kernel.db import Row, Transaction
from antiphon.metrics.store import queries


async def read_company(tx: Transaction, slots: Sequence[datetime], *, until: datetime) -> list[Row]:
    return await queries.rows(tx, "read_company", slots=list(slots), until=until)


async def read_history(tx: Transaction, source: int, slots: Sequence[datetime], *, until: datetime) -> list[Row]:
    return await queries.rows(tx, "read_history", source=source, slots=list(slots), until=until)


async def read_lately(tx: Transaction, sources: Sequence[int], *, since: datetime, kinds: Sequence[str]) -> list[Row]:
    return await queries.rows(tx, "read_lately", sources=list(sources), since=since, kinds=list(kinds))
