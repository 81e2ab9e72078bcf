"""The members of segments as plain numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import SegmentId
from antiphon.segments.store.registry import queries

Marker = tuple[datetime, int]
"""The newest tally of a segment and how many there are: whoever changes members adds one."""


async def markers(tx: Transaction) -> dict[SegmentId, Marker]:
    return {row["segment_id"]: (row["newest"], row["n"]) for row in await queries.rows(tx, "tally_markers")}


async def numbers(tx: Transaction, segment: SegmentId) -> Sequence[int]:
    """A profile's id without its bucket: unique, and dense."""
    found: Sequence[int] = await queries.value(tx, "member_numbers", segment_id=segment)
    return found
