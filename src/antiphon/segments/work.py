"""Keeps memberships: touched profiles and timers become entries and exits; new versions are built.

| log event | when | fields |
|---|---|---|
| `segments.work_failed` | somebody's memberships cannot be worked out; tried again | `profile`, `exception` |
| `segments.built` | a new version of a segment is live | `segment`, `version`, `seconds` |
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial

import structlog

from antiphon.kernel import outlet
from antiphon.kernel.db import Database, Transaction, is_lost
from antiphon.kernel.due import Claimed, DueTable, work_loop
from antiphon.kernel.records import Event, ProfileChange, ProfileId, SegmentChange, SegmentId
from antiphon.segments import builds, crowds, resolve
from antiphon.segments.engine import why, zones
from antiphon.segments.engine.frame import Moment
from antiphon.segments.engine.judge import Judge, Verdict
from antiphon.segments.kinds import ACCOUNTS, ADDRESSES, CREATED, PREFERENCES, TRAITS, of_segment
from antiphon.segments.language.rules import Leaf
from antiphon.segments.records import Cause, Change, Watched
from antiphon.segments.store import members as store
from antiphon.segments.store import registry
from antiphon.segments.topic import TOPIC

log = structlog.get_logger()

BATCH = 2000
LEASE_S = 60.0

_due = DueTable(
    "membership_due",
    key={"bucket": "smallint", "profile_id": "bigint"},
    columns=("kinds", "timers", "timer_at"),
    carry={"timer_at": "timestamptz", "timers": "jsonb"},
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
_Timers = dict[SegmentId, int]
"""When time alone may change a membership, in microseconds since 1970."""


async def on_events(tx: Transaction, events: Sequence[Event]) -> None:
    await touch(tx, {(event.profile, event.name_id) for event in events})


async def on_profile_changes(tx: Transaction, changes: Sequence[ProfileChange]) -> None:
    await touch(tx, {(change.profile, _KIND_OF[change.what]) for change in changes})


async def touch(tx: Transaction, touched: Collection[tuple[ProfileId, int]]) -> None:
    """The registry is shared before the versions are read: one that goes live meanwhile waits for us, or is seen."""
    if touched:
        await registry.share(tx)
        if await store.touch(tx, touched):
            tx.wake(TOPIC)


async def run(database: Database) -> None:
    """Until cancelled. While one batch waits for the database, another is thought about."""
    async with asyncio.TaskGroup() as group:
        group.create_task(work_loop(database, TOPIC, partial(work, database)))
        group.create_task(work_loop(database, TOPIC, partial(work_due, database)))


async def work(database: Database) -> int:
    """Build what is new, walk crowds a step further, then work one batch of due profiles; how much was found."""
    built = await builds.build_new(database)
    walked = await crowds.walk(database, touch)
    return built + walked + await work_due(database)


async def work_due(database: Database) -> int:
    """One batch of due profiles; how many."""
    async with database.transaction() as tx:
        claimed = await _due.claim(tx, batch=BATCH, lease_s=LEASE_S)
    if claimed:
        await _settle_all(database, claimed)
    return len(claimed)


async def _settle_all(database: Database, claimed: Sequence[Claimed]) -> None:
    """What fails is halved, so that one whose facts nobody foresaw holds up nobody else; their lease runs out."""
    try:
        await database.repeat(lambda tx: settle(tx, claimed))
    except Exception as error:
        if is_lost(error):
            raise
        if len(claimed) == 1:
            log.exception("segments.work_failed", profile=claimed[0].key[1])
            return
        middle = len(claimed) // 2
        await _settle_all(database, claimed[:middle])
        await _settle_all(database, claimed[middle:])


class _Look:
    """What is to be judged of a batch, and what was found."""

    def __init__(self, watched: Sequence[Watched], claimed: Sequence[Claimed], *, now: datetime) -> None:
        self.watched, self.now, self.now_micros = watched, now, zones.micros(now)
        self.kinds: dict[ProfileId, frozenset[int]] = {}
        self.timers: dict[ProfileId, _Timers] = {}
        self.wanted: dict[SegmentId, set[ProfileId]] = {segment.id: set() for segment in watched}
        self.verdicts: dict[SegmentId, Verdict] = {}
        followers = _followers(watched)
        by_kind: dict[int, list[SegmentId]] = {}
        for segment in watched:
            for kind in segment.kinds:
                by_kind.setdefault(kind, []).append(segment.id)
        for item in claimed:
            self._plan(item, by_kind, followers)

    def _plan(
        self, item: Claimed, by_kind: Mapping[int, list[SegmentId]], followers: Mapping[SegmentId, set[SegmentId]]
    ) -> None:
        """The segments that what happened can have changed, those whose time has come, and those that name them."""
        profile = ProfileId(item.key[1])
        self.kinds[profile] = kinds = frozenset(item.row["kinds"])
        self.timers[profile] = timers = {SegmentId(int(id)): at for id, at in item.row["timers"].items()}
        if CREATED in kinds:
            concerned = set(self.wanted)
        else:
            concerned = {segment for kind in kinds for segment in by_kind.get(kind, ())}
            concerned |= {segment for segment, at in timers.items() if at <= self.now_micros and segment in self.wanted}
            for segment in tuple(concerned):
                concerned |= followers[segment]
        for segment in concerned:
            self.wanted[segment].add(profile)

    async def judge(self, tx: Transaction) -> Judge:
        """Segments that others name go first, and what was found of them counts for the others."""
        some = [segment for segment in self.watched if self.wanted[segment.id]]
        judge = Judge(tx, await resolve.words(tx, [each.rule for each in some]), Moment(self.now))
        named = {need for segment in some for need in segment.needs}
        judge.members = {segment: {} for segment in named}
        for (id, profile), since in (await store.members_among(tx, named, list(self.kinds))).items():
            judge.members[id][profile] = since
        await judge.prepare([*((each.rule, self.wanted[each.id]) for each in some)])
        for segment in some:
            self.wanted[segment.id] &= judge.known
            verdict = await judge.verdict(segment.rule, self.wanted[segment.id])
            self.verdicts[segment.id] = verdict
            if segment.id in named:
                self._remember(judge.members[segment.id], self.wanted[segment.id], verdict)
        return judge

    def _remember(self, kept: dict[ProfileId, datetime], profiles: set[ProfileId], verdict: Verdict) -> None:
        for profile in profiles - verdict.inside:
            kept.pop(profile, None)
        for profile in profiles & verdict.inside:
            kept.setdefault(profile, self.now)

    def next_timers(self) -> list[_Timers]:
        """Of each profile those that stand, of segments that are still there, and those that were found now.

        A time that has come stands for nobody: its segment was judged, or the number is nobody's any more.
        """
        wanted = self.wanted
        found = {
            profile: {
                segment: at
                for segment, at in timers.items()
                if at > self.now_micros and segment in wanted and profile not in wanted[segment]
            }
            for profile, timers in self.timers.items()
        }
        for segment, verdict in self.verdicts.items():
            for profile in verdict.timers.keys() & wanted[segment]:
                found[profile][segment] = zones.micros(verdict.timers[profile])
        return list(found.values())

    def changes(
        self, judge: Judge, ours: set[ProfileId], before: Collection[tuple[SegmentId, ProfileId]]
    ) -> list[Change]:
        found = []
        for segment in self.watched:
            profiles = self.wanted[segment.id] & ours
            inside = self.verdicts[segment.id].inside if profiles else set()
            for profile in sorted(profiles):
                if (profile in inside) is not ((segment.id, profile) in before):
                    found.append(self._change(judge, segment, profile, entered=profile in inside))
        return found

    def _change(self, judge: Judge, segment: Watched, profile: ProfileId, *, entered: bool) -> Change:
        kinds = self.kinds[profile]
        timed = self.timers[profile].get(segment.id)
        by_time = not kinds or (timed is not None and timed <= self.now_micros and not kinds & segment.kinds)
        cause: Cause = "time" if by_time else "happened"
        leaf = why.decider(segment.rule, partial(_holds, judge, profile), judge.words, kinds, by_time=by_time)
        return Change(segment.id, profile, entered, cause, leaf)


def _holds(judge: Judge, profile: ProfileId, leaf: Leaf) -> bool | None:
    return judge.holds(leaf, profile)


def _followers(watched: Sequence[Watched]) -> dict[SegmentId, set[SegmentId]]:
    """For each segment those that name it, and those that name these."""
    found: dict[SegmentId, set[SegmentId]] = {segment.id: set() for segment in watched}
    for segment in reversed(watched):
        for need in segment.needs:
            if need in found:
                found[need] |= {segment.id} | found[segment.id]
    return found


async def settle(tx: Transaction, claimed: Sequence[Claimed]) -> None:
    """Judge, finish, then write what changed for those whose lease was still ours.

    Nothing is written for those whose events are on the way after a merge: they are touched again when they are whole.
    """
    await registry.share(tx)
    await registry.keep_plans(tx)
    watched = await resolve.watched(tx)
    look = _Look(watched, claimed, now=tx.now)
    profiles = list(look.kinds)
    moving = await store.moving_among(tx, profiles)
    judge = await look.judge(tx)
    timers = look.next_timers()
    next_due = [zones.instant(min(each.values())) if each else None for each in timers]
    mine = await _due.finish(tx, claimed, next_due, timer_at=next_due, timers=timers)
    moving |= await store.moving_among(tx, profiles)  # and not in between: a merge may have come while we judged
    ours = {ProfileId(id) for _, id in mine if id not in moving}
    wanted = [segment for segment, some in look.wanted.items() if some]
    before = await store.who_is_in(tx, wanted, sorted(ours))
    await write(tx, look.changes(judge, ours, before), watched)


async def write(tx: Transaction, changes: Sequence[Change], watched: Sequence[Watched]) -> None:
    """Write entries and exits, tell of them, and have those looked at whose rules speak of such entries."""
    if not changes:
        return
    written = await store.write_changes(tx, changes)
    await outlet.publish(tx, written)
    remembered = {segment for each in watched for segment in each.remembers}
    await touch(tx, {(each.profile, of_segment(each.segment)) for each in _of(written, remembered)})


def _of(changes: Sequence[SegmentChange], segments: Collection[SegmentId]) -> list[SegmentChange]:
    return [change for change in changes if change.segment in segments]
