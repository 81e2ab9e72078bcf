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
from msgspec.structs import replace

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import (
    NotificationId,
    ProfileId,
    SourceId,
    bucket_of,
    directory_bucket,
)
from antiphon.orchestration.records import (
    LANES,
    Attempt,
    OpenNotification,
    PersonCase,
    Reach,
    Responses,
    Source,
    Verdict,
)
from antiphon.orchestration.store.base import ANSWER_EVENTS, SENT_EVENTS, queries
from antiphon.orchestration.store.sources import read_sources


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
    ids = sorted(set(people), key=lambda profile: (bucket_of(profile), profile))
    await queries.run(tx, "insert_people", profiles=ids)
    capped = {row["profile_id"]: row["capped_at"] for row in await queries.rows(tx, "lock_people", profiles=ids)}
    opened = await queries.rows(tx, "read_open", profiles=ids)
    told = await _fresh_notifications(tx, fresh, ids)
    if not opened and not told:
        return [], {}
    sources = await read_sources(tx, [row["source_id"] for row in opened])
    attempts = await _attempts(tx, [row["id"] for row in opened]) if opened else {}
    said = await _preferences(tx, ids, [*sources.values(), *([fresh.source] if fresh else [])])
    reach = await _reach(tx, ids)
    responses = await _responses(tx, ids)
    zones = {row["id"]: row["timezone"] for row in await queries.rows(tx, "read_timezones", profiles=ids)}
    waiting: dict[int, list[OpenNotification]] = defaultdict(list)
    for profile, notification in told.items():
        wishes = said.get((profile, notification.source.topic), {})
        waiting[profile].append(replace(notification, preferences=wishes))
    for row in opened:
        source = sources[row["source_id"]]
        waiting[row["profile_id"]].append(
            OpenNotification(
                id=row["id"],
                source=source,
                created_at=row["created_at"],
                variant=row["variant"],
                expires_at=row["expires_at"],
                waited=row["state"] == "waiting",
                attempts=tuple(attempts.get(row["id"], ())),
                preferences=said.get((row["profile_id"], source.topic), {}),
            )
        )
    cases = [
        PersonCase(
            profile=ProfileId(profile),
            notifications=notifications,
            reach=reach.get(profile, ()),
            responses=responses.get(profile, {}),
            timezone=zones.get(profile),
            capped_at=capped.get(profile, ()),
        )
        for profile, notifications in waiting.items()
    ]
    return cases, {number: len(made) for number, made in attempts.items()}


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


async def _preferences(
    tx: Transaction, people: Sequence[ProfileId], sources: Any
) -> dict[tuple[int, str], dict[str, str]]:
    topics = sorted({source.topic for source in sources if source.topic})
    said: dict[tuple[int, str], dict[str, str]] = defaultdict(dict)
    if topics:
        for row in await queries.rows(tx, "read_preferences", profiles=list(people), topics=topics):
            said[row["profile_id"], row["topic"]][row["channel"]] = row["state"]
    return said


async def _reach(tx: Transaction, people: Sequence[ProfileId]) -> dict[int, list[Reach]]:
    found: dict[int, list[Reach]] = defaultdict(list)
    for row in await queries.rows(tx, "read_reach", profiles=list(people)):
        found[row["profile_id"]].append(Reach(row["channel"], row["value"], row["opted_out"], row["dead"]))
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
    keys = [(source, _address_key(channel, value)) for source, channel, value, _ in wanted]
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
        owners = {(row["source_id"], row["key"]): row["profile_id"] for row in rows}
    return [owners.get(key, profile) == profile for key, profile in zip(keys, people, strict=True)]


def _address_key(channel: str, value: str) -> UUID:
    return UUID(bytes=hashlib.blake2b(f"{channel}\0{value}".encode(), digest_size=16).digest())


async def insert_deliveries(tx: Transaction, sends: Sequence[tuple[Verdict, ProfileId, Source, int]]) -> None:
    """Each with its person, its source and the number of the attempt."""
    await queries.run(
        tx,
        "insert_deliveries",
        notifications=[verdict.notification for verdict, *_ in sends],
        profiles=[profile for _, profile, _, _ in sends],
        sources=[source.id for _, _, source, _ in sends],
        ns=[n for *_, n in sends],
        channels=[verdict.channel for verdict, *_ in sends],
        addresses=[verdict.address for verdict, *_ in sends],
        providers=[verdict.provider for verdict, *_ in sends],
        lanes=[int(LANES[source.purpose]) for _, _, source, _ in sends],
    )


_STATE_OF_ACT = {"send": "open", "wait": "waiting", "drop": "dropped", "fail": "failed", "rest": "sent"}


async def write_verdicts(tx: Transaction, decided: Sequence[tuple[Verdict, ProfileId, OpenNotification]]) -> None:
    """New notifications are inserted as they were decided, older ones are updated."""
    new = [entry for entry in decided if entry[2].is_new]
    old = [entry for entry in decided if not entry[2].is_new and entry[0].act != "keep"]
    if new:
        await queries.run(
            tx,
            "insert_verdicts",
            profiles=[profile for _, profile, _ in new],
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
        "states": ["cancelled" if v.reason == "cancelled" else _STATE_OF_ACT[v.act] for v in verdicts],
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


async def touch_people(tx: Transaction, people: Sequence[ProfileId], at: Sequence[datetime] | None = None) -> None:
    if people:
        times = list(at) if at is not None else [tx.now] * len(people)
        await queries.run(tx, "touch_people", profiles=list(people), at=times)
        tx.wake("people")
