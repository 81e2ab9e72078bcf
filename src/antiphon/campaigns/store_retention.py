"""What retention asks of campaigns."""

from __future__ import annotations

from collections.abc import Collection

from antiphon.campaigns.store import queries
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import SourceId


async def ended_sources(tx: Transaction, sources: Collection[SourceId]) -> set[SourceId]:
    """Those whose campaign is done or cancelled."""
    return {SourceId(row["source_id"]) for row in await queries.rows(tx, "ended_sources", sources=sorted(sources))}
