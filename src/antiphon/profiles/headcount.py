"""Whether there are customers at all, and about how many: nothing that looks at everybody."""

from __future__ import annotations

from antiphon.kernel.db import Transaction
from antiphon.profiles import store

EXACT_BELOW = 20_000


async def anybody(tx: Transaction) -> bool:
    return bool(await store.base.queries.value(tx, "anybody"))


async def about_how_many(tx: Transaction) -> int:
    """The planner's estimate; exact counts are what segments are for."""
    return int(await store.base.queries.value(tx, "estimate_profiles"))


SAMPLE = 2_000
"""So many customers are looked at for an estimate."""


async def about_how_many_known(tx: Transaction) -> int:
    """Without those of whom there is nothing but a device."""
    everybody = await about_how_many(tx)
    percent = min(100.0, 100.0 * SAMPLE / max(everybody, 1)) if everybody >= EXACT_BELOW else 100.0
    return round(everybody * float(await store.base.queries.value(tx, "share_of_known", percent=percent)))
