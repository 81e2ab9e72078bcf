"""Identity's loops: links that say something new are worked out, events of merged numbers are moved."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.due import Claimed, DueTable, work_loop
from antiphon.profiles import store
from antiphon.profiles.identity import apply, move

BATCH = 200
LEASE_S = 60.0

_due = DueTable("identity_due", key={"bucket": "smallint", "identifier_id": "bigint"})


async def run(database: Database) -> None:
    """Until cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(work_loop(database, "identity", partial(work, database)))
        group.create_task(work_loop(database, "moves", partial(move.work, database)))


async def work(database: Database) -> int:
    """One batch of identifiers whose links changed; how many. Where they are too many together, one by one."""
    async with database.transaction() as tx:
        claimed = await _due.claim(tx, batch=BATCH, lease_s=LEASE_S)
    if not claimed or await database.repeat(partial(_settle, claimed=claimed)):
        return len(claimed)
    for item in claimed:
        await database.repeat(partial(_settle, claimed=[item]))
    return len(claimed)


async def _settle(tx: Transaction, *, claimed: Sequence[Claimed]) -> bool:
    """Everybody is locked before the finish, which is the first write: ingest locks in that order too. False: they are
    too many together, and nothing was written."""
    outcome = await apply.work_out(tx, [item.key[1] for item in claimed])
    if outcome is None and len(claimed) > 1:
        return False
    if await _due.finish(tx, claimed, [None] * len(claimed)):
        await apply.write(tx, outcome, by="rule")
    return True


async def count_due(tx: Transaction) -> int:
    """How much is due of this part and not finished."""
    return await store.identity.count_due(tx)
