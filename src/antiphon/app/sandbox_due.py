"""How many rows are due and not finished, over all parts."""

from __future__ import annotations

from antiphon import campaigns, orchestration, profiles, segments
from antiphon.kernel.db import Transaction


async def count_due(tx: Transaction) -> int:
    due = await profiles.count_due(tx) + await segments.due(tx)
    return due + await orchestration.count_due(tx) + await campaigns.count_due(tx)
