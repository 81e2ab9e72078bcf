"""Whether there are customers at all, and about how many: nothing that looks at everybody."""

from __future__ import annotations

from antiphon.kernel.db import Transaction
from antiphon.profiles import store


async def anybody(tx: Transaction) -> bool:
    return bool(await store.base.queries.value(tx, "anybody"))


async def about_how_many(tx: Transaction) -> int:
    """The planner's estimate; exact counts are what segments are for."""
    return int(await store.base.queries.value(tx, "estimate_profiles"))
