"""Who entered and left when, and how many were in."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId, SegmentId
from antiphon.segments.records_asked import Moved, Size
from antiphon.segments.store.registry import queries

Step = Literal["hour", "day"]


async def of_person(
    tx: Transaction, segment: SegmentId, profile: ProfileId, *, limit: int, skip: int = 0
) -> list[Moved]:
    """Entries and exits of all numbers of a person, the newest first."""
    rows = await queries.rows(tx, "moves_of_person", segment_id=segment, profile=profile, limit=limit, skip=skip)
    return [Moved(*row.values()) for row in rows]


async def size_now(tx: Transaction, segment: SegmentId, *, zone: str) -> Size:
    row = await queries.row(tx, "size_now", segment_id=segment, zone=zone)
    assert row is not None
    return Size(tx.now, row["size"], row["entered"], row["left"])


async def sizes_now(tx: Transaction, segments: Collection[SegmentId]) -> dict[SegmentId, int]:
    rows = await queries.rows(tx, "sizes_now", segments=list(segments))
    return dict.fromkeys(segments, 0) | {SegmentId(row["segment_id"]): row["size"] for row in rows}


async def sizes(
    tx: Transaction, segment: SegmentId, *, begin: datetime, end: datetime, step: Step, zone: str
) -> list[Size]:
    rows = await queries.rows(tx, "sizes", segment_id=segment, begin=begin, end=end, step=step, zone=zone)
    return [Size(*row.values()) for row in rows]


async def sizes_of_all(tx: Transaction, *, begin: datetime, zone: str) -> dict[SegmentId, tuple[list[int], int, int]]:
    """Of every segment: its size at the end of each day up to now, and who entered and left today."""
    rows = await queries.rows(tx, "sizes_of_all", begin=begin, zone=zone)
    return {SegmentId(row["segment_id"]): (row["sizes"], row["entered"], row["left_count"]) for row in rows}


async def fold(tx: Transaction, *, before: datetime, step: Step, zone: str) -> int:
    return await queries.run(tx, "fold_tallies", before=before, step=step, zone=zone)
