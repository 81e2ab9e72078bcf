"""Changes that concern many at once: the people of an account, or everybody where a topic's defaults changed.

The transaction that brings the news touches one row, whatever the size of the crowd; a worker then touches its people
in chunks. Whoever joins meanwhile is touched by joining.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.due import Claimed, DueTable
from antiphon.kernel.records import AccountChange, ProfileId, TopicChange
from antiphon.segments.kinds import ACCOUNTS, PREFERENCES
from antiphon.segments.store import members as store
from antiphon.segments.store import registry
from antiphon.segments.topic import TOPIC

CROWDS = 20
CHUNK = 500
LEASE_S = 60.0

Touch = Callable[[Transaction, set[tuple[ProfileId, int]]], Awaitable[None]]

_due = DueTable(
    "crowd_due",
    key={"bucket": "smallint", "kind": "text", "name": "text"},
    columns=("after",),
    carry={"after": "bigint"},
)


async def on_account_changes(tx: Transaction, changes: Sequence[AccountChange]) -> None:
    await _touch_crowds(tx, {("account", change.account, ACCOUNTS) for change in changes})


async def on_topic_changes(tx: Transaction, changes: Sequence[TopicChange]) -> None:
    await _touch_crowds(tx, {("topic", change.topic, PREFERENCES) for change in changes})


async def _touch_crowds(tx: Transaction, crowds: set[tuple[str, str, int]]) -> None:
    """The registry is shared before the segments are read, as where profiles are touched."""
    if crowds:
        await registry.share(tx)
        if await store.touch_crowds(tx, sorted(crowds)):
            tx.wake(TOPIC)


async def walk(database: Database, touch: Touch) -> int:
    """Take up to 20 crowds a step of 500 people further; how many there were."""
    async with database.transaction() as tx:
        claimed = await _due.claim(tx, batch=CROWDS, lease_s=LEASE_S)
    if claimed:
        await database.repeat(lambda tx: _step(tx, claimed, touch))
    return len(claimed)


async def _step(tx: Transaction, claimed: Sequence[Claimed], touch: Touch) -> None:
    people = [await _people(tx, item) for item in claimed]
    is_more = [len(some) == CHUNK for some in people]
    next_due: list[datetime | None] = [tx.now if more else None for more in is_more]
    after = [some[-1] if more else 0 for some, more in zip(people, is_more, strict=True)]
    mine = await _due.finish(tx, claimed, next_due, after=after)
    concerned = {
        (profile, ACCOUNTS if item.key[1] == "account" else PREFERENCES)
        for item, some in zip(claimed, people, strict=True)
        if item.key in mine
        for profile in some
    }
    await touch(tx, concerned)


async def _people(tx: Transaction, item: Claimed) -> list[ProfileId]:
    _, kind, name = item.key
    if kind == "account":
        return await store.people_of_account(tx, name, after=item.row["after"], limit=CHUNK)
    return await store.everybody_after(tx, item.row["after"], limit=CHUNK)
