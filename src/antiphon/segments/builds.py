"""A new version of a rule goes live: everybody is looked up once, set-wise, while the old version serves.

Everybody is judged in one snapshot while others go on; that may overlook what was committed meanwhile, so in the end
whoever was touched or worked since the build began is touched again. The first members are no entries. Of an edited
rule whoever comes or goes enters or leaves, because of the rule: that is written in steps after the new version has
gone live, but for those whom a worker judges anyway. A build that is broken off is done again by a worker.
"""

from __future__ import annotations

from functools import partial
from time import monotonic

import structlog

from antiphon.kernel import outlet
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.records import BUCKETS, SegmentId
from antiphon.segments import resolve
from antiphon.segments.kinds import of_segment
from antiphon.segments.records import Change
from antiphon.segments.store import building as store
from antiphon.segments.store import members, registry
from antiphon.segments.topic import TOPIC

log = structlog.get_logger()

BUCKETS_AT_ONCE = 16  # in one transaction, so that nobody who is touched meanwhile waits long
STEPS = BUCKETS // BUCKETS_AT_ONCE


async def build_new(database: Database) -> int:
    """Build versions whose build was broken off or has not begun; how many."""
    async with database.transaction() as tx:
        found = await store.unfinished(tx)
    return sum([await build(database, segment, wait=False) for segment in found])


async def build(database: Database, segment: SegmentId, *, wait: bool = True) -> bool:
    """Make the version at work live. False where another worker does it and we do not wait."""
    begun = monotonic()
    async with database.transaction() as guard:
        if not await store.hold(guard, segment, wait=wait):
            return False
        found = await store.at_work(guard, segment)
        if found is None:
            return wait
        if not found.live:
            await database.repeat(partial(_look, segment=segment, is_first=found.is_first))
            for step in range(STEPS):
                await database.repeat(partial(_merge_timers, segment=segment, step=step))
            await database.repeat(partial(_go_live, segment=segment, is_first=found.is_first))
        if not found.is_first or found.live:
            await _apply(database, segment, first_step=found.done if found.live else 0)
        await database.repeat(partial(_end, segment=segment))
    log.info("segments.built", segment=segment, version=found.version, seconds=round(monotonic() - begun, 3))
    return True


async def _look(tx: Transaction, *, segment: SegmentId, is_first: bool) -> None:
    document = await resolve.rule_at_work(tx, segment)
    await store.look(tx, segment, document, await resolve.words(tx, [document]), is_first=is_first)


async def _merge_timers(tx: Transaction, *, segment: SegmentId, step: int) -> None:
    first = step * BUCKETS_AT_ONCE
    await store.merge_timers(tx, segment, first=first, last=first + BUCKETS_AT_ONCE - 1)
    await store.note(tx, segment, "timers", done=step + 1, steps=STEPS)


async def _go_live(tx: Transaction, *, segment: SegmentId, is_first: bool) -> None:
    await registry.hold(tx)
    await store.go_live(tx, segment, is_first=is_first, steps=STEPS)
    tx.wake(TOPIC)


async def _apply(database: Database, segment: SegmentId, *, first_step: int) -> None:
    """Write who enters and leaves by an edited rule. What a crash of the database took away is looked up again."""
    async with database.transaction(read_only=True) as tx:
        is_there = await store.is_marked(tx, segment)
    if not is_there:
        first_step = 0
        await database.repeat(partial(_look_again, segment=segment))
    for step in range(first_step, STEPS):
        await database.repeat(partial(_apply_some, segment=segment, step=step))


async def _look_again(tx: Transaction, *, segment: SegmentId) -> None:
    await store.look_again(tx, segment)
    await _look(tx, segment=segment, is_first=False)


async def _apply_some(tx: Transaction, *, segment: SegmentId, step: int) -> None:
    """The due rows of those who change are locked first, so no worker's judgement is written over."""
    await registry.share(tx)
    first = step * BUCKETS_AT_ONCE
    odd = await store.differing(tx, segment, first=first, last=first + BUCKETS_AT_ONCE - 1)
    if odd:
        changes = [Change(segment, profile, entered, "rule") for profile, entered in odd]
        await outlet.publish(tx, await members.write_changes(tx, changes))
        await members.touch(tx, [(profile, of_segment(segment)) for profile, _ in odd])
        tx.wake(TOPIC)
    await store.note(tx, segment, "applying", done=step + 1, steps=STEPS)


async def _end(tx: Transaction, *, segment: SegmentId) -> None:
    await store.end(tx, segment)
