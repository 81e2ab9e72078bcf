"""What a decision reads: the cases of people, under their locks or, for a rehearsal, without."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from antiphon import metrics, profiles
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import NotificationId, ProfileId, directory_bucket
from antiphon.orchestration.eligible import SEEN_RANK
from antiphon.orchestration.fold import FINAL_FROM_QUEUED
from antiphon.orchestration.jurisdictions import BY_TELEPHONE, caps_for
from antiphon.orchestration.records import (
    Attempt,
    OpenNotification,
    PersonCase,
    Place,
    Reach,
    Seen,
    Source,
    Told,
    Window,
    Withdrawn,
)
from antiphon.orchestration.store import places as packing
from antiphon.orchestration.store.base import queries
from antiphon.orchestration.store.people import Locked, in_order, lock_people, moving
from antiphon.orchestration.store.sources import read_sources
from antiphon.orchestration.store.whereabouts import Where, whereabouts

WINDOWED = frozenset({"chat"})
"""Channels on which what may be said depends on when the person wrote last."""


class Fresh(Struct, frozen=True):
    """A source that is about to tell people something, and which variant each of them gets."""

    source: Source
    variants: Mapping[ProfileId, str]


async def _fresh_notifications(
    tx: Transaction, fresh: Fresh | None, locked: Sequence[ProfileId]
) -> dict[int, OpenNotification]:
    """By person: not written yet. Who has one of this source already is passed over."""
    if fresh is None:
        return {}
    rows = await queries.rows(tx, "new_notification_ids", profiles=list(locked), source_id=fresh.source.id)
    return {
        row["profile_id"]: OpenNotification(
            id=NotificationId(row["id"]),
            number=row["profile_id"],
            source=fresh.source,
            created_at=tx.now,
            variant=fresh.variants[row["profile_id"]],
            is_new=True,
        )
        for row in rows
    }


async def lock_and_load(
    tx: Transaction, people: Sequence[ProfileId], *, fresh: Fresh | None = None
) -> tuple[list[PersonCase], dict[int, int]]:
    """The cases of these people under their locks, and the number of attempts made for each notification."""
    locked = await lock_people(tx, people, make=True)
    ids = in_order(locked.capped_at)
    opened = await queries.rows(tx, "read_open", profiles=ids)
    told = await _fresh_notifications(tx, fresh, [n for n in in_order(people) if locked.leads[n] == n])
    if not opened and not told:
        return [], {}
    sources = await read_sources(tx, {row["source_id"] for row in opened} | _named(locked))
    attempts = await _attempts(tx, [row["id"] for row in opened]) if opened else {}
    elsewhere = await _told_elsewhere(tx, opened, sources)
    waiting: dict[int, list[OpenNotification]] = defaultdict(list)
    for profile, notification in told.items():
        waiting[profile].append(notification)
    for row in opened:
        made = attempts.get(row["id"], [])
        waiting[row["person"]].append(
            OpenNotification(
                id=row["id"],
                number=row["profile_id"],
                source=sources[row["source_id"]],
                created_at=row["created_at"],
                variant=row["variant"],
                expires_at=row["expires_at"],
                waited=row["state"] == "waiting",
                attempts=tuple(made),
                told_elsewhere=row["id"] in elsewhere,
                withdrawn=_withdrawn(row, made),
            )
        )
    places = {
        person: packing.unpack(at, locked.capped_as[person], sources) if at else []
        for person, at in locked.capped_at.items()
    }
    cases = await put_together(tx, waiting, places)
    return cases, {number: len(made) for number, made in attempts.items()}


def _withdrawn(row: Row, made: Sequence[Attempt]) -> Withdrawn | None:
    """Only the newest attempt: an older one was taken back before the newest was decided."""
    if row["sent_at"] is None or not made or made[-1].state not in FINAL_FROM_QUEUED:
        return None
    return Withdrawn(row["sent_at"], row["cost"])


def _named(locked: Locked) -> set[int]:
    """Sources that places under the caps were taken by."""
    return {packing.source_of(packed) for packed_ones in locked.capped_as.values() for packed in packed_ones}


async def read_places(tx: Transaction, people: Sequence[ProfileId]) -> dict[ProfileId, list[Place]]:
    """As they stand, without a lock."""
    rows = await queries.rows(tx, "read_capped", profiles=in_order(people))
    sources = await read_sources(tx, {packing.source_of(packed) for row in rows for packed in row["capped_as"]})
    return {row["profile_id"]: packing.unpack(row["capped_at"], row["capped_as"], sources) for row in rows}


async def put_together(
    tx: Transaction,
    waiting: Mapping[int, Sequence[OpenNotification]],
    places: Mapping[ProfileId, Sequence[Place]],
) -> list[PersonCase]:
    """Everything else that a decision about these notifications reads, by person."""
    ids = in_order(waiting)
    notifications = [notification for theirs in waiting.values() for notification in theirs]
    sources = {notification.source.id: notification.source for notification in notifications}.values()
    being_moved = await moving(tx, ids)
    said = await profiles.preferences(tx, ids)
    reach = await _reach(tx, ids, {channel for source in sources for channel in source.channels})
    counts = await metrics.predict(tx, ids)
    where = await whereabouts(tx, ids, reach)
    limited = await _told(tx, said, where)
    groups = await _groups(tx, ids, sources)
    held = await _held(tx, ids, sources)
    seen = await _seen(tx, ids, sources)
    hours = await metrics.hours(tx, ids) if any(s.terms.send_at and s.terms.send_at.best_hour for s in sources) else {}
    return [
        PersonCase(
            profile=person,
            notifications=[_with_seen(each, person, seen) for each in theirs] if seen else theirs,
            reach=reach.get(person, ()),
            counts=counts.get(person, {}),
            hours=hours[person].counts if person in hours else (),
            zones=where[person].zones,
            regions=where[person].regions,
            quiet=where[person].quiet,
            places=places.get(person, ()),
            preferences=said[person],
            told=limited.get(person, ()),
            groups=groups.get(person, ()),
            held=held.get(person, {}),
            moving=person in being_moved,
        )
        for person, theirs in ((person, waiting[person]) for person in ids)
    ]


async def _groups(tx: Transaction, people: Sequence[int], sources: Collection[Source]) -> dict[int, tuple[int, ...]]:
    wanted = {group.id for source in sources for group in (*source.terms.inside, *source.terms.outside)}
    found: dict[int, tuple[int, ...]] = {}
    if wanted:
        for row in await queries.rows(tx, "read_groups", profiles=list(people), segments=sorted(wanted)):
            found[row["profile_id"]] = (*found.get(row["profile_id"], ()), row["segment_id"])
    return found


async def _held(tx: Transaction, people: Sequence[int], sources: Collection[Source]) -> dict[int, dict[str, float]]:
    wanted = {source.terms.better_than.trait for source in sources if source.terms.better_than is not None}
    found: dict[int, dict[str, float]] = defaultdict(dict)
    if wanted:
        for row in await queries.rows(tx, "read_held", profiles=list(people), traits=sorted(wanted)):
            found[row["id"]][row["name"]] = float(row["value"])
    return found


async def _seen(tx: Transaction, people: Sequence[int], sources: Collection[Source]) -> dict[tuple[int, int], Seen]:
    """By person and the source that is followed: the most that they made of it."""
    wanted = {source.terms.follow.source for source in sources if source.terms.follow is not None}
    found: dict[tuple[int, int], Seen] = {}
    rows = await queries.rows(tx, "read_seen", profiles=list(people), sources=sorted(wanted)) if wanted else []
    for row in rows:
        key = row["person"], row["source_id"]
        seen = Seen(row["channel"], "clicked" if row["clicked_at"] else "opened" if row["opened_at"] else "delivered")
        if key not in found or SEEN_RANK[seen.how] > SEEN_RANK[found[key].how]:
            found[key] = seen
    return found


def _with_seen(notification: OpenNotification, person: int, seen: Mapping[tuple[int, int], Seen]) -> OpenNotification:
    follow = notification.source.terms.follow
    return replace(notification, seen=seen.get((person, follow.source))) if follow is not None else notification


async def _told_elsewhere(tx: Transaction, opened: Sequence[Row], sources: Mapping[int, Source]) -> set[int]:
    """A program's call is a source of its own: nobody can have it twice."""
    asked = [row for row in opened if sources[row["source_id"]].kind != "api"]
    if not asked:
        return set()
    ids, people = [row["id"] for row in asked], [row["person"] for row in asked]
    return {row["id"] for row in await queries.rows(tx, "read_told_elsewhere", notifications=ids, people=people)}


async def _attempts(tx: Transaction, notifications: Sequence[int]) -> dict[int, list[Attempt]]:
    found: dict[int, list[Attempt]] = defaultdict(list)
    for row in await queries.rows(tx, "read_attempts", notifications=list(notifications)):
        found[row["notification_id"]].append(_attempt(row))
    return found


async def read_attempts(tx: Transaction, notifications: Sequence[int]) -> dict[int, list[Attempt]]:
    return await _attempts(tx, notifications)


def _attempt(row: Row) -> Attempt:
    return Attempt(
        id=row["id"],
        n=row["n"],
        channel=row["channel"],
        address=row["address"],
        state=row["state"],
        failure=row["failure"],
        provider=row["provider_id"],
    )


async def _told(
    tx: Transaction, said: Mapping[ProfileId, Sequence[profiles.Standing]], where: Mapping[int, Where]
) -> dict[int, list[Told]]:
    """What those people got who want no more than so much, or whom the law lets get no more: as far back as the
    longest of these limits reaches."""
    longest: dict[int, float] = {}
    for person, rows in said.items():
        wished = [row.limit_s for row in rows if row.limit_s is not None]
        lawful = [cap.within_s for channel in BY_TELEPHONE for cap in caps_for(where[person].regions, channel, tx.now)]
        if wished or lawful:
            longest[person] = max(wished + lawful)
    found: dict[int, list[Told]] = defaultdict(list)
    if longest:
        since = [tx.now - timedelta(seconds=seconds) for seconds in longest.values()]
        for row in await queries.rows(tx, "read_told", profiles=list(longest), since=since):
            told = Told(row["at"], row["topic"], row["channel"], row["address"], row["further"])
            found[row["person"]].append(told)
    return found


async def _reach(tx: Transaction, people: Sequence[ProfileId], channels: Collection[str]) -> dict[int, list[Reach]]:
    rows = await queries.rows(tx, "read_reach", profiles=list(people))
    windows = await _windows(tx, [row for row in rows if row["channel"] in WINDOWED & set(channels)])
    found: dict[int, list[Reach]] = defaultdict(list)
    for row in rows:
        channel, value = row["channel"], row["value"]
        found[row["profile_id"]].append(
            Reach(channel, value, row["opted_out"], row["dead"])
            if channel not in WINDOWED
            else Reach(channel, value, row["opted_out"], row["dead"], True, windows.get((channel, value)))
        )
    return found


async def _windows(tx: Transaction, rows: Sequence[Row]) -> dict[tuple[str, str], Window]:
    if not rows:
        return {}
    found = await queries.rows(
        tx,
        "read_windows",
        buckets=[directory_bucket(row["channel"], row["value"]) for row in rows],
        channels=[row["channel"] for row in rows],
        values=[row["value"] for row in rows],
    )
    return {(row["channel"], row["value"]): Window(row["kind"], row["until"]) for row in found}
