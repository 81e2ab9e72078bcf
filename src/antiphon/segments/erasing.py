"""The memberships of somebody who is to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Erased
from antiphon.segments.store import erasing as store_erasing


async def on_erased(tx: Transaction, erased: Sequence[Erased]) -> None:
    """Nobody is told that they left: they never were."""
    await store_erasing.delete(tx, sorted({profile for record in erased for profile in record.profiles}))
