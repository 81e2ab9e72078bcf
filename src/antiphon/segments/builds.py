"""A new version of a rule goes live: everybody is looked up once, set-wise, while the old version serves.

Everybody is judged in one snapshot while others go on; that may overlook what was committed meanwhile, so in the end
whoever was touched or worked since the build began is touched again. The first members are no entries. Of an edited
rule whoever comes or goes enters or leaves, because of the rule: that is written in steps after the new version has
gone live, but for those whom a worker judges anyway. A build that is broken off is done again by a worker; one that
fails holds up neither other builds nor the work on profiles.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import structlog

from antiphon.kernel import outlet
from antiphon.kernel.db import Database, Transaction, is_lost
from antiphon.kernel.records import BUCKETS, SegmentId
from antiphon.segments import resolve
from antiphon.segments.kinds import CREATED, of_segment
from antiphon.segments.records import Change
from antiphon.segments.store import building as store
from antiphon.segments.store import members, registry
from antiphon.segments.topic import TOPIC

log = structlog.get_logger()

BUCKETS_AT_ONCE = 16  # in one transaction, so that nobody who is touched meanwhile waits long
STEPS = BUCKETS // BUCKETS_AT_ONCE
AT_ONCE = 2
"""In one process: each keeps a connection all the while, and needs another."""
RETRY_S = 10.0

_lanes: WeakKeyDictionary[Database, asyncio.Semaphore] = WeakKeyDictionary()
_failed: WeakKeyDictionary[Database, dict[SegmentId, float]] = WeakKeyDictionary()


class _UnwantedError(Exception):
    """The segment was archived or published anew meanwhile, or a crash of the database took what was looked up."""


async def wait_for(work: Coroutine[Any, Any, object], wait_s: float | None) -> None:
    """Until it is done, or for so long while it goes on. Without a bound its failure is raised.

    A failure after that is no loss: a worker builds what is not done, and says what it met.
    """
    task = asyncio.ensure_future(work)
    if wait_s is None:
        await task
        return
    await asyncio.wait([task], timeout=wait_s)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())


async def build_new(database: Database) -> int:
    """Build versions whose build was broken off or has not begun; how many."""
    async with database.transaction() as tx:
        found = await store.unfinished(tx)
    return sum([await _try(database, segment) for segment in found])


async def _try(database: Database, segment: SegmentId) -> bool:
    """What fails is tried again after a while."""
    failed = _failed.setdefault(database, {})
    if segment in failed and monotonic() < failed[segment] + RETRY_S:
        return False
    try:
        return await build(database, segment, wait=False)
    except Exception as error:
        if is_lost(error):
            raise
        log.exception("segments.build_failed", segment=segment)
        failed[segment] = monotonic()
        return False


async def build(database: Database, segment: SegmentId, *, wait: bool = True) -> bool:
    """Make the version at work live. False where another worker does it and we do not wait.

    Segments that it names and that have no members before their own build ends are built first.
    """
    async with database.transaction() as tx:
        needs = await registry.unbuilt_needs(tx, segment)
    for need in needs:
        if not await build(database, need, wait=wait):
            return False
    async with _lanes.setdefault(database, asyncio.Semaphore(AT_ONCE)), database.transaction() as guard:
        if not await store.hold(guard, segment, wait=wait):
            return False
        found = await store.at_work(guard, segment)
        return await _finish(database, segment, found) if found is not None else wait


async def _finish(database: Database, segment: SegmentId, found: store.AtWork) -> bool:
    begun = monotonic()
    about: Any = {"segment": segment, "found": found}  # Any: what the steps take
    try:
        if not found.live:
            await database.repeat(partial(_look, **about))
            for step in range(STEPS):
                await database.repeat(partial(_merge_timers, **about, step=step))
            await database.repeat(partial(_go_live, **about))
        if not found.is_first or found.live:
            await _apply(database, segment, found)
        await database.repeat(partial(_end, **about))
    except _UnwantedError:
        log.info("segments.build_dropped", segment=segment, version=found.version)
        await database.repeat(partial(store.drop, segment=segment))
        return False
    log.info("segments.built", segment=segment, version=found.version, seconds=round(monotonic() - begun, 3))
    return True


async def _make_sure(tx: Transaction, segment: SegmentId, found: store.AtWork) -> None:
    """That it is still to be done, and that what was looked up is there: without it everybody would leave."""
    now = await store.at_work(tx, segment)
    if now is None or now.version != found.version or not await store.is_marked(tx, segment):
        raise _UnwantedError


async def _look(tx: Transaction, *, segment: SegmentId, found: store.AtWork) -> None:
    document = await resolve.rule_of(tx, segment, found.version)
    await store.look(tx, segment, document, await resolve.words(tx, [document]), is_first=found.is_first)


async def _merge_timers(tx: Transaction, *, segment: SegmentId, found: store.AtWork, step: int) -> None:
    await _make_sure(tx, segment, found)
    first = step * BUCKETS_AT_ONCE
    await store.merge_timers(tx, segment, first=first, last=first + BUCKETS_AT_ONCE - 1)
    await store.note(tx, segment, found.version, "timers", done=step + 1, steps=STEPS)


async def _go_live(tx: Transaction, *, segment: SegmentId, found: store.AtWork) -> None:
    await registry.hold(tx)
    await _make_sure(tx, segment, found)
    await store.go_live(tx, segment, is_first=found.is_first, steps=STEPS)
    tx.wake(TOPIC)


async def _apply(database: Database, segment: SegmentId, found: store.AtWork) -> None:
    """Write who enters and leaves by an edited rule. What a crash of the database took away is looked up again."""
    first_step = found.done if found.live else 0
    async with database.transaction(read_only=True) as tx:
        is_there = await store.is_marked(tx, segment)
    if not is_there:
        first_step = 0
        await database.repeat(partial(_look_again, segment=segment, found=found))
    for step in range(first_step, STEPS):
        await database.repeat(partial(_apply_some, segment=segment, found=found, step=step))


async def _look_again(tx: Transaction, *, segment: SegmentId, found: store.AtWork) -> None:
    await store.look_again(tx, segment, found.version)
    document = await resolve.rule_of(tx, segment, found.version)
    await store.look(tx, segment, document, await resolve.words(tx, [document]), is_first=False)


async def _apply_some(tx: Transaction, *, segment: SegmentId, found: store.AtWork, step: int) -> None:
    """The due rows of those who change are locked first, so no worker's judgement is written over.

    Whoever was touched or worked since the build began is looked at anew: that touch may have concerned other segments.
    """
    await registry.share(tx)
    await _make_sure(tx, segment, found)
    first = step * BUCKETS_AT_ONCE
    odd = await store.differing(tx, segment, first=first, last=first + BUCKETS_AT_ONCE - 1)
    if odd:
        changes = [Change(segment, profile, entered, "rule") for profile, entered, is_sure in odd if is_sure]
        await outlet.publish(tx, await members.write_changes(tx, changes) if changes else [])
        await members.touch(tx, [(profile, of_segment(segment) if is_sure else CREATED) for profile, _, is_sure in odd])
        tx.wake(TOPIC)
    await store.note(tx, segment, found.version, "applying", done=step + 1, steps=STEPS)


async def _end(tx: Transaction, *, segment: SegmentId, found: store.AtWork) -> None:
    await store.end(tx, segment, found.version)
