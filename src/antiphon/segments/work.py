"""Keeps memberships: touched profiles and timers become entries and exits; new segments are filled.

| log event | when | fields |
|---|---|---|
| `segments.filled` | a new segment has its members | `segment`, `members`, `seconds` |
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from time import monotonic

import structlog

from antiphon.kernel import outlet
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.due import Claimed, DueTable, work_loop
from antiphon.kernel.records import BUCKETS, Event, ProfileChange, ProfileId, SegmentId
from antiphon.segments import crowds, resolve, store
from antiphon.segments.records import Watched
from antiphon.segments.rules import ACCOUNTS, ADDRESSES, CREATED, PREFERENCES, TRAITS

log = structlog.get_logger()

BATCH = 1000
LEASE_S = 60.0
RULES_PER_STATEMENT = 20
FILL_BUCKETS = 16  # merged in one transaction, so that nobody who is touched meanwhile waits long
TOPIC = "segments"

_due = DueTable(
    "membership_due",
    key={"bucket": "smallint", "profile_id": "bigint"},
    columns=("kinds", "timer_at"),
    carry={"timer_at": "timestamptz"},
    clear={"kinds": "'{}'", "touched_at": "clock_timestamp()"},
)
_KIND_OF = {
    "created": CREATED,
    "merged": CREATED,  # whole again: nothing that was known of them counts
    "traits": TRAITS,
    "preference": PREFERENCES,
    "address": ADDRESSES,
    "opt_out": ADDRESSES,
    "account": ACCOUNTS,
}


async def on_events(tx: Transaction, events: Sequence[Event]) -> None:
    await touch(tx, {(event.profile, event.name_id) for event in events})


async def on_profile_changes(tx: Transaction, changes: Sequence[ProfileChange]) -> None:
    await touch(tx, {(change.profile, _KIND_OF[change.what]) for change in changes})


async def touch(tx: Transaction, touched: set[tuple[ProfileId, int]]) -> None:
    """The registry is shared before the segments are read: a segment made meanwhile waits for us, or is seen."""
    if touched:
        await store.share_registry(tx)
        if await store.touch(tx, touched):
            tx.wake(TOPIC)


async def run(database: Database) -> None:
    """Until cancelled."""
    await work_loop(database, TOPIC, partial(work, database))


async def work(database: Database) -> int:
    """Fill what is new, walk crowds a step further, then work one batch of due profiles; how much was found."""
    filled = await fill_new(database)
    walked = await crowds.walk(database, touch)
    async with database.transaction() as tx:
        claimed = await _due.claim(tx, batch=BATCH, lease_s=LEASE_S)
    if claimed:
        await database.repeat(lambda tx: settle(tx, claimed))
    return filled + walked + len(claimed)


async def settle(tx: Transaction, claimed: Sequence[Claimed]) -> None:
    """Judge, finish, then write what changed for those whose lease was still ours.

    Nothing is written for those whose events are on the way after a merge: they are touched again when they are whole.
    """
    await store.share_registry(tx)
    watched = await resolve.watched(tx)
    wanted = choose(watched, claimed, now=tx.now)
    profiles = [ProfileId(item.key[1]) for item in claimed]
    moving = await store.moving_among(tx, profiles)
    truths, timers = await _judge(tx, wanted, profiles)
    complete = all(segment in wanted for segment in watched if segment.windowed)
    next_due = [
        timers.get(profile) if complete else _earliest(item.row["timer_at"], timers.get(profile))
        for profile, item in zip(profiles, claimed, strict=True)
    ]
    mine = await _due.finish(tx, claimed, next_due, timer_at=next_due)
    moving |= await store.moving_among(tx, profiles)  # and not in between: a merge may have come while we judged
    ours = sorted(ProfileId(id) for _, id in mine if id not in moving)
    before = await store.members_among(tx, [segment.id for segment in wanted], ours)
    after = {(segment, profile) for profile in ours for segment in truths.get(profile, ())}
    changes = [(*key, True) for key in sorted(after - before)] + [(*key, False) for key in sorted(before - after)]
    if changes:
        await outlet.publish(tx, await store.write_changes(tx, changes))


def choose(watched: Sequence[Watched], claimed: Sequence[Claimed], *, now: datetime) -> list[Watched]:
    """The segments that what happened to any of the batch can have changed; all windowed ones once a timer is due."""
    kinds = {kind for item in claimed for kind in item.row["kinds"]}
    timer = any(item.row["timer_at"] is not None and item.row["timer_at"] <= now for item in claimed)
    return [segment for segment in watched if CREATED in kinds or segment.kinds & kinds or (timer and segment.windowed)]


async def _judge(
    tx: Transaction, wanted: Sequence[Watched], profiles: Sequence[ProfileId]
) -> tuple[dict[ProfileId, list[SegmentId]], dict[ProfileId, datetime | None]]:
    """The segments that hold for each profile, and its next timer."""
    truths: dict[ProfileId, list[SegmentId]] = {}
    timers: dict[ProfileId, datetime | None] = {}
    for start in range(0, len(wanted), RULES_PER_STATEMENT):
        some = wanted[start : start + RULES_PER_STATEMENT]
        expanded = [segment.rule for segment in some]
        names = await resolve.numbers(tx, expanded)
        for profile, (inside, timer) in (await store.judge(tx, expanded, names, profiles)).items():
            held = [segment.id for segment, holds in zip(some, inside, strict=True) if holds]
            truths.setdefault(profile, []).extend(held)
            timers[profile] = _earliest(timers.get(profile), timer)
    return truths, timers


def _earliest(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


async def fill_new(database: Database) -> int:
    """Fill segments whose first fill was broken off or has not begun; how many."""
    async with database.transaction() as tx:
        found = await store.filling(tx)
    return sum([await fill(database, segment, wait=False) for segment in found])


async def fill(database: Database, segment: SegmentId, *, wait: bool = True) -> bool:
    """Find the first members and make the segment live. False where another worker does it and we do not wait.

    Everybody is judged in one snapshot while others go on; that may overlook what was committed meanwhile, so
    in the end whoever was touched or worked since the segment was made is touched again.
    """
    begun = monotonic()
    async with database.transaction() as guard:
        if not await store.hold_fill(guard, segment, wait=wait):
            return False
        if not await store.is_filling(guard, segment):
            return wait
        await database.repeat(lambda tx: _find_everybody(tx, segment))
        for first in range(0, BUCKETS, FILL_BUCKETS):
            await database.repeat(partial(_merge_timers, segment=segment, first=first))
        await database.repeat(lambda tx: _go_live(tx, segment))
        bounds = await store.bounds(guard, segment)
    log.info("segments.filled", segment=segment, members=bounds.count if bounds else 0, seconds=monotonic() - begun)
    return True


async def _find_everybody(tx: Transaction, segment: SegmentId) -> None:
    rule = await resolve.rule_of(tx, segment)
    await store.fill(tx, segment, rule, await resolve.numbers(tx, [rule]))


async def _merge_timers(tx: Transaction, *, segment: SegmentId, first: int) -> None:
    await store.merge_timers(tx, segment, first=first, last=first + FILL_BUCKETS - 1)


async def _go_live(tx: Transaction, segment: SegmentId) -> None:
    await store.hold_registry(tx)
    await store.go_live(tx, segment)
    tx.wake(TOPIC)
