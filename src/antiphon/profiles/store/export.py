"""What an export reads, row by row."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId, bucket_of
from antiphon.profiles.mentions import Mentions
from antiphon.profiles.store.base import queries


def of_numbers(tx: Transaction, name: str, ids: Sequence[ProfileId]) -> AsyncIterator[Row]:
    """The rows of a statement that takes profiles by number."""
    return queries.each(tx, name, ids=list(ids))


def of_identifiers(tx: Transaction, name: str, identifiers: Sequence[int]) -> AsyncIterator[Row]:
    return queries.each(tx, name, identifiers=list(identifiers))


def opt_outs(tx: Transaction, addresses: Sequence[tuple[str, str]]) -> AsyncIterator[Row]:
    return queries.each(
        tx,
        "export_opt_outs",
        channels=sorted({channel for channel, _ in addresses}),
        values=sorted({value for _, value in addresses}),
    )


def events(tx: Transaction, profile: ProfileId) -> AsyncIterator[Row]:
    return queries.each(tx, "export_events", bucket=bucket_of(profile), profile=profile)


def refused(tx: Transaction, said: Mentions) -> AsyncIterator[Row]:
    return queries.each(tx, "export_refused", parts=said.parts, words=said.words, digits=said.digits)
