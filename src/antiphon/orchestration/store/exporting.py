"""What an export reads of the ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId, directory_bucket
from antiphon.orchestration.store.base import queries


def of_numbers(tx: Transaction, name: str, ids: Sequence[ProfileId]) -> AsyncIterator[Row]:
    """The rows of a statement that takes profiles by number."""
    return queries.each(tx, name, ids=list(ids))


def answers(tx: Transaction, addresses: Sequence[tuple[str, str]]) -> AsyncIterator[Row]:
    return queries.each(tx, "export_answers", **address_columns(addresses))


def address_columns(addresses: Sequence[tuple[str, str]]) -> dict[str, list[int] | list[str]]:
    """Of a directory by address."""
    return {
        "buckets": [directory_bucket(channel, value) for channel, value in addresses],
        "channels": [channel for channel, _ in addresses],
        "values": [value for _, value in addresses],
    }
