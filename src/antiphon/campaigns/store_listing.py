"""SQL of campaigns as a list, and of those that go on."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.campaigns.records import Campaign
from antiphon.campaigns.store import campaign_of, queries
from antiphon.kernel.db import Transaction

Place = tuple[str, int]
"""In the order of a list: what it is sorted by, and the number of the campaign."""


async def find(
    tx: Transaction, *, like: str | None, states: Sequence[str], sort: str, down: bool, after: Place | None, limit: int
) -> tuple[list[Campaign], Place | None]:
    """A page, and its last place."""
    key, number = after or (None, None)
    rows = await queries.rows(
        tx, "find_campaigns", q=like, states=list(states) or None, sort=sort, down=down, after_key=key,
        after_id=number, limit=limit,
    )  # fmt: skip
    return [campaign_of(row) for row in rows], ((rows[-1]["key"], rows[-1]["id"]) if rows else None)


async def going(tx: Transaction, *, limit: int) -> list[Campaign]:
    """Those that run, wait or have a time, the newest first."""
    return [campaign_of(row) for row in await queries.rows(tx, "read_going", limit=limit)]


async def any_campaign(tx: Transaction) -> bool:
    return bool(await queries.value(tx, "any_campaign"))
