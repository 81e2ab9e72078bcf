"""What an export reads of the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId
from antiphon.orchestration.store.base import queries


def of_numbers(tx: Transaction, name: str, ids: Sequence[ProfileId]) -> AsyncIterator[Row]:
    """The rows of a statement that takes profiles by number."""
    return queries.each(tx, name, ids=list(ids))
