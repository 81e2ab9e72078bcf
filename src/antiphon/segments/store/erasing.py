"""What erasures delete and exports read of memberships."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId
from antiphon.segments.store.registry import queries


async def delete(tx: Transaction, profiles: Sequence[ProfileId]) -> None:
    """The due row first: a worker that has it writes nothing once it is gone."""
    for name in ("erase_due", "erase_members", "erase_changes", "erase_build"):
        await queries.run(tx, name, ids=list(profiles))


def memberships(tx: Transaction, profiles: Sequence[ProfileId]) -> AsyncIterator[Row]:
    return queries.each(tx, "export_memberships", ids=list(profiles))


def changes(tx: Transaction, profiles: Sequence[ProfileId]) -> AsyncIterator[Row]:
    return queries.each(tx, "export_changes", ids=list(profiles))
