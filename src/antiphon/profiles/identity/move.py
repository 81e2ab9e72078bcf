"""Moves the events of merged and parted numbers to whom they belong: in chunks, beside ingest, never in it.

Whoever began to write before the merge may still write to the old number: ingest takes no lock for that. So a number
is looked through until all transactions have ended that were open at the merge.
"""

from __future__ import annotations

from antiphon.kernel import outlet
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.due import Claimed, DueTable
from antiphon.kernel.records import ProfileChange, ProfileId
from antiphon.profiles import store

BATCH = 16
CHUNK = 5_000
LEASE_S = 60.0

_due = DueTable("move_due", key={"bucket": "smallint", "profile_id": "bigint"})


async def work(database: Database) -> int:
    """One round; how many numbers had something to move. 0: all that is left waits for others to end."""
    async with database.transaction() as tx:
        claimed = await _due.claim(tx, batch=BATCH, lease_s=LEASE_S)
        await store.identity.note_moves(tx, [item.key[1] for item in claimed])
    return sum([await _move(database, item) for item in claimed])


async def _move(database: Database, item: Claimed) -> bool:
    """Chunk by chunk. The row stays due until nobody can write to the old place any more."""
    while True:
        moved = await database.repeat(lambda tx: _move_chunk(tx, item))
        if moved is None:
            return False
        if moved < CHUNK:
            return moved > 0


async def _move_chunk(tx: Transaction, item: Claimed) -> int | None:
    """How many events it moved; None where the row is another worker's now, or is done with."""
    profile = ProfileId(item.key[1])
    if not await _due.finish(tx, [item], [tx.now]):
        return None
    last = await store.identity.is_last_look(tx, profile)  # before the look: who ends in between is looked for again
    moved = await store.identity.move_events(tx, profile, most=CHUNK)
    if moved == CHUNK:
        return moved
    await store.identity.move_addresses(tx, profile)
    whole = await store.identity.end_moving(tx, profile)
    await outlet.publish(tx, [ProfileChange(id, "merged") for id in whole])
    if last:
        # Not before: the sum of an event that is still being written would go now, and once more with the event.
        await store.identity.hand_over_sums(tx, profile)
        await store.identity.end_move(tx, profile, version=item.version)
    return moved
