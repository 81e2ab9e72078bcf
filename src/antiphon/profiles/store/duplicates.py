"""Who may be the same person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId, bucket_of
from antiphon.profiles.store.base import queries

NEIGHBOURS = 10
"""So many others by one address, mailbox or key: what more people share says little about any two of them."""
_LOOKED_AT = 100


class Met(NamedTuple):
    """Two profiles that have something in common. `how` names the statement; the texts depend on it."""

    profile: ProfileId
    other: ProfileId
    how: str
    texts: tuple[str, ...]


async def profiles_after(tx: Transaction, after: int, *, limit: int) -> list[ProfileId]:
    """`after` is a profile's number; -1 begins."""
    bucket = bucket_of(after) if after >= 0 else -1
    rows = await queries.rows(tx, "profiles_after", bucket=bucket, after=after, limit=limit)
    return [row["id"] for row in rows]


async def met(tx: Transaction, ids: Sequence[ProfileId]) -> list[Met]:
    """Everybody who has something in common with these. The costs grow with `ids`, not with how many there are."""
    given = list(ids)
    together = await queries.rows(tx, "named_together", ids=given, looked_at=_LOOKED_AT)
    addresses = await queries.rows(tx, "same_addresses", ids=given, neighbours=NEIGHBOURS)
    mailboxes = await queries.rows(
        tx, "same_mailboxes", ids=given, neighbours=NEIGHBOURS, looked_at=_LOOKED_AT
    )  # fmt: skip
    keys = await queries.rows(tx, "same_keys", ids=given, neighbours=NEIGHBOURS)
    return [
        *_met(together, "named_together", "kind", "value", "other_kind", "other_value", "source"),
        *_met(addresses, "same_address", "channel", "value"),
        *_met(mailboxes, "same_mailbox", "value", "other_value"),
        *_met(keys, "same_key", "word"),
    ]


def _met(rows: Sequence[Row], how: str, *columns: str) -> list[Met]:
    return [Met(row["profile_id"], row["other"], how, tuple(row[column] for column in columns)) for row in rows]
