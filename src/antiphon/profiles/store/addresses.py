"""What the world taught us about addresses."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.profiles.store.base import queries


async def mark_dead(tx: Transaction, addresses: Sequence[tuple[ProfileId, str, str]]) -> set[tuple[ProfileId, str]]:
    """(profile, channel) of those that were active."""
    if not addresses:
        return set()
    profiles, channels, values = zip(*addresses, strict=True)
    rows = await queries.rows(tx, "mark_addresses_dead", profiles=profiles, channels=channels, values=values)
    return {(row["profile_id"], row["channel"]) for row in rows}
