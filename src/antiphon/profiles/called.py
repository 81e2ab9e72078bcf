"""What people are called: for lists of many, of whom nothing else is read."""

from __future__ import annotations

from collections.abc import Collection

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.profiles import words
from antiphon.profiles.store.base import queries


async def names(tx: Transaction, ids: Collection[ProfileId]) -> dict[ProfileId, str]:
    """Who has no name is not in it."""
    rows = await queries.rows(tx, "read_names", ids=sorted(set(ids)), keys=list(words.NAME_TRAITS)) if ids else []
    called = {ProfileId(row["id"]): words.full_name(row["traits"] or {}) for row in rows}
    return {id: name for id, name in called.items() if name}
