"""One person in all segments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId, bucket_of
from antiphon.segments.store.registry import queries


class Move(Struct, frozen=True):
    at: datetime
    entered: bool
    cause: str
    leaf: str
    id: int
    name: str
    stage_of: str | None


async def belongings(tx: Transaction, profile: ProfileId) -> list[Row]:
    return await queries.rows(tx, "belongings_of_person", bucket=bucket_of(profile), profile=profile)


async def moves(tx: Transaction, profile: ProfileId, *, upto: datetime, skip: int, limit: int) -> list[Move]:
    given: dict[str, Any] = {"upto": upto, "skip": skip, "limit": limit}
    rows = await queries.rows(tx, "all_moves_of_person", bucket=bucket_of(profile), profile=profile, **given)
    return [Move(*row.values()) for row in rows]
