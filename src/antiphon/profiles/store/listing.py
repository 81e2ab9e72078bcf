"""People as rows of a list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles.store.base import queries

_IDENTIFIERS_LOOKED_AT = 50


class Row(NamedTuple):
    created_at: datetime
    traits: dict[str, Any]  # Any: JSON
    channels: list[str]


class Known(NamedTuple):
    """`reached`: who stands there may have more identifiers than were seen; None: nobody lies beyond."""

    ids: list[ProfileId]
    reached: int | None


async def numbers(tx: Transaction, bound: int, *, newest_first: bool, limit: int) -> list[ProfileId]:
    """Beyond `bound`, which is exclusive."""
    if newest_first:
        rows = await queries.rows(tx, "newest_people", bound=bound, limit=limit)
    else:
        rows = await queries.rows(tx, "oldest_people", bound=bound, limit=limit)
    return [ProfileId(row["profile_id"]) for row in rows]


async def known(tx: Transaction, bound: int, *, newest_first: bool, limit: int, window: int) -> Known:
    """Beyond `bound`, which is exclusive, among so many identifiers."""
    given = {"bound": bound, "limit": limit, "window": window}
    name = "newest_known" if newest_first else "oldest_known"
    row = await queries.row(tx, name, **given)
    assert row is not None  # it has no FROM
    whole = row["looked"] < window
    return Known([ProfileId(id) for id in row["known"]], None if whole else row["reached"])


async def span(tx: Transaction) -> tuple[int, int] | None:
    row = await queries.row(tx, "span_of_people")
    return (row["lowest"], row["highest"]) if row is not None and row["lowest"] is not None else None


async def rows(tx: Transaction, ids: Sequence[ProfileId], keys: Sequence[str]) -> dict[ProfileId, Row]:
    found = await queries.rows(tx, "list_people", ids=list(ids), keys=list(keys))
    return {row["id"]: Row(row["created_at"], row["traits"] or {}, row["channels"] or []) for row in found}


async def identifiers(tx: Transaction, ids: Sequence[ProfileId]) -> dict[ProfileId, list[tuple[Identifier, datetime]]]:
    found: dict[ProfileId, list[tuple[Identifier, datetime]]] = {}
    for row in await queries.rows(tx, "list_identifiers", ids=list(ids), limit=_IDENTIFIERS_LOOKED_AT):
        found.setdefault(row["profile_id"], []).append((Identifier(row["kind"], row["value"]), row["seen_at"]))
    return found
