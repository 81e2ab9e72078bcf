"""Members with what they are called and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId, SegmentId
from antiphon.segments.store.registry import queries


class Row(Struct, frozen=True):
    """`names`: of each kind that was asked for the first by the alphabet."""

    profile: ProfileId
    entered_at: datetime
    traits: dict[str, Any]  # Any: JSON
    names: dict[str, str]


async def page(tx: Transaction, segment: SegmentId, kinds: Sequence[str], *, after: int, limit: int) -> list[Row]:
    rows = await queries.rows(tx, "rows_of_members", segment_id=segment, kinds=list(kinds), after=after, limit=limit)
    return [Row(ProfileId(row["profile_id"]), row["entered_at"], row["traits"], row["names"] or {}) for row in rows]
