"""What a decision reads and writes."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from antiphon import profiles
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import (
    NotificationId,
    ProfileId,
    SourceId,
    directory_bucket,
)
from antiphon.orchestration.jurisdictions import BY_TELEPHONE, caps_for
from antiphon.orchestration.records import (
    LANES,
    Attempt,
    OpenNotification,
    PersonCase,
    Reach,
    Responses,
    Source,
    Told,
    Verdict,
)
from antiphon.orchestration.store.base import ANSWER_EVENTS, SENT_EVENTS, queries
from antiphon.orchestration.store.people import in_order, lock_people, moving, people_of
from antiphon.orchestration.store.sources import read_sources
from antiphon.orchestration.zones import Traces, regions_of, zones_of

Where = tuple[tuple[str, ...], tuple[str, ...]]

PHONES_MAX = 20
"""Of so many numbers of a person it is asked where they may be."""


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
    sources = await read_sources(tx, [row["source_id"] for row in opened])
    attempts = await _attempts(tx, [row["id"] for row in opened]) if opened else {}
    elsewhere = await _told_elsewhere(tx, opened, sources)
    being_moved = await moving(tx, ids)
    said = await profiles.preferences(tx, ids)
    reach = await _reach(tx, ids)
    responses = await _responses(tx, ids)
    places = await _places(tx, ids, reach)
    limited = await _told(tx, said, places)
    waiting: dict[int, list[OpenNotification]] = defaultdict(list)
    for profile, notification in told.items():
        waiting[profile].append(notification)
    for row in opened:
        source = sources[row["source_id"]]
        waiting[row["person"]].append(
            OpenNotification(
                id=row["id"],
                number=row["profile_id"],
                source=source,
                created_at=row["created_at"],
                variant=row["variant"],
                expires_at=row["expires_at"],
                waited=row["state"] == "waiting",
                attempts=tuple(attempts.get(row["id"], ())),
                told_elsewhere=row["id"] in elsewhere,
            )
        )
    cases = [
        PersonCase(
            profile=ProfileId(profile),
            notifications=notifications,
            reach=reach.get(profile, ()),
            responses=responses.get(profile, {}),
            zones=places[profile][0],
            regions=places[profile][1],
            capped_at=locked.capped_at[ProfileId(profile)],
            preferences=said[ProfileId(profile)],
            told=limited.get(profile, ()),
            moving=profile in being_moved,
        )
        for profile, notifications in waiting.items()
    ]
    return cases, {number: len(made) for number, made in attempts.items()}


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
    )


async def _told(
    tx: Transaction, said: Mapping[ProfileId, Sequence[profiles.Standing]], places: Mapping[int, Where]
) -> dict[int, list[Told]]:
    """What those people got who want no more than so much, or whom the law lets get no more: as far back as the
    longest of these limits reaches."""
    longest: dict[int, float] = {}
    for person, rows in said.items():
        wished = [row.limit_s for row in rows if row.limit_s is not None]
        lawful = [cap.within_s for channel in BY_TELEPHONE for cap in caps_for(places[person][1], channel, tx.now)]
        if wished or lawful:
            longest[person] = max(wished + lawful)
    found: dict[int, list[Told]] = defaultdict(list)
    if longest:
        since = [tx.now - timedelta(seconds=seconds) for seconds in longest.values()]
        for row in await queries.rows(tx, "read_told", profiles=list(longest), since=since):
            found[row["person"]].append(Told(row["at"], row["topic"], row["channel"], row["address"]))
    return found


async def _reach(tx: Transaction, people: Sequence[ProfileId]) -> dict[int, list[Reach]]:
    found: dict[int, list[Reach]] = defaultdict(list)
    for row in await queries.rows(tx, "read_reach", profiles=list(people)):
        found[row["profile_id"]].append(Reach(row["channel"], row["value"], row["opted_out"], row["dead"]))
    return found


async def _places(
    tx: Transaction, people: Sequence[ProfileId], reach: Mapping[int, Sequence[Reach]]
) -> dict[int, Where]:
    """The zones in which each may live, empty where nothing is known, and the regions whose law counts."""
    found: dict[int, Where] = dict.fromkeys(people, ((), ()))
    for row in await queries.rows(tx, "read_traces", profiles=list(people)):
        phones = [r.value for r in reach.get(row["id"], ()) if r.channel in BY_TELEPHONE]
        traces = Traces(
            timezone=row["timezone"],
            device_timezone=row["device_timezone"],
            country=row["country"],
            state=row["state"],
            phones=tuple(phones[:PHONES_MAX]),
        )
        found[row["id"]] = (zones_of(traces, ""), regions_of(traces))
    return found


async def _responses(tx: Transaction, people: Sequence[ProfileId]) -> dict[int, dict[str, Responses]]:
    channel_of = {name: channel for channel, name in SENT_EVENTS.items()} | ANSWER_EVENTS
    sums: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row in await queries.rows(tx, "read_responses", profiles=list(people), names=list(channel_of)):
        answered = row["name"] in ANSWER_EVENTS
        sums[row["profile_id"]][channel_of[row["name"]]][answered] += row["count"]
    return {
        profile: {channel: Responses(sent, answered) for channel, (sent, answered) in channels.items()}
        for profile, channels in sums.items()
    }


async def take_addresses(tx: Transaction, wanted: Sequence[tuple[SourceId, str, str, ProfileId]]) -> list[bool]:
    """For each (source, channel, address, person): whether the address is this person's for this source."""
    if not wanted:
        return []
    keys = [(source, address_key(channel, value)) for source, channel, value, _ in wanted]
    where: dict[str, Any] = {
        "buckets": [directory_bucket(channel, value) for _, channel, value, _ in wanted],
        "sources": [source for source, _ in keys],
        "keys": [key for _, key in keys],
    }
    owners = {}
    people = [profile for *_, profile in wanted]
    taken = await queries.rows(tx, "insert_source_addresses", **where, profiles=people)
    if len(taken) < len(wanted):
        rows = await queries.rows(tx, "read_source_addresses", **where)
        leads = await people_of(tx, {row["profile_id"] for row in rows})
        owners = {(row["source_id"], row["key"]): leads[row["profile_id"]] for row in rows}
    return [owners.get(key, profile) == profile for key, profile in zip(keys, people, strict=True)]


def address_key(channel: str, value: str) -> UUID:
    return UUID(bytes=hashlib.blake2b(f"{channel}\0{value}".encode(), digest_size=16).digest())


async def insert_deliveries(tx: Transaction, sends: Sequence[tuple[Verdict, OpenNotification, int]]) -> None:
    """Each with its notification and the number of the attempt."""
    await queries.run(
        tx,
        "insert_deliveries",
        notifications=[verdict.notification for verdict, *_ in sends],
        profiles=[notification.number for _, notification, _ in sends],
        sources=[notification.source.id for _, notification, _ in sends],
        ns=[n for *_, n in sends],
        channels=[verdict.channel for verdict, *_ in sends],
        addresses=[verdict.address for verdict, *_ in sends],
        providers=[verdict.provider for verdict, *_ in sends],
        lanes=[int(LANES[notification.source.purpose]) for _, notification, _ in sends],
    )


CANCELS = frozenset({"cancelled", "merged"})
_STATE_OF_ACT = {"send": "open", "wait": "waiting", "drop": "dropped", "fail": "failed", "rest": "sent"}


async def write_verdicts(tx: Transaction, decided: Sequence[tuple[Verdict, ProfileId, OpenNotification]]) -> None:
    """New notifications are inserted as they were decided, older ones are updated."""
    new = [entry for entry in decided if entry[2].is_new]
    old = [entry for entry in decided if not entry[2].is_new and entry[0].act != "keep"]
    if new:
        await queries.run(
            tx,
            "insert_verdicts",
            profiles=[notification.number for *_, notification in new],
            sources=[notification.source.id for *_, notification in new],
            variants=[notification.variant for *_, notification in new],
            **_verdict_columns(tx, new),
        )
    if old:
        await queries.run(tx, "write_verdicts", **_verdict_columns(tx, old))


def _verdict_columns(
    tx: Transaction, decided: Sequence[tuple[Verdict, ProfileId, OpenNotification]]
) -> dict[str, list[Any]]:
    verdicts = [verdict for verdict, *_ in decided]
    return {
        "notifications": [verdict.notification for verdict in verdicts],
        "states": ["cancelled" if v.act == "drop" and v.reason in CANCELS else _STATE_OF_ACT[v.act] for v in verdicts],
        "reasons": [verdict.reason for verdict in verdicts],
        "channels": [verdict.channel for verdict in verdicts],
        "decisions": [decision_json(verdict, at=tx.now) for verdict in verdicts],
    }


def decision_json(verdict: Verdict, *, at: datetime) -> str:
    """As stored: short keys are not needed, but nothing that is empty is kept."""
    document: dict[str, Any] = {"act": verdict.act, "because": verdict.because, "at": at}
    if verdict.channel:
        document["channel"] = verdict.channel
    if verdict.reason:
        document["reason"] = verdict.reason
    if verdict.until:
        document["until"] = verdict.until
    if len(verdict.options) > 1 or verdict.act != "send":
        document["options"] = [
            {"channel": o.channel, "score": o.score} | ({"reason": o.reason} if o.reason else {})
            for o in verdict.options
        ]
    return msgspec.json.encode(document).decode()


async def write_caps(tx: Transaction, people: Sequence[ProfileId], *, kept_s: float) -> None:
    """Somebody who took two places is named twice."""
    if people:
        places = Counter(people)
        kept = timedelta(seconds=kept_s)
        await queries.run(tx, "write_caps", profiles=list(places), places=list(places.values()), kept=kept)
