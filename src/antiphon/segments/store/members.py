"""Who is in which segment, and the due rows that keep it true."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId, SegmentChange, SegmentId, bucket_of, directory_bucket
from antiphon.segments.records import Bounds, Change, Member
from antiphon.segments.store.registry import queries


async def touch(tx: Transaction, touched: Collection[tuple[ProfileId, int]]) -> int:
    """Profiles and what happened to them; how many became due."""
    return await queries.run(
        tx,
        "touch",
        buckets=[bucket_of(profile) for profile, _ in touched],
        profiles=[profile for profile, _ in touched],
        kinds=[kind for _, kind in touched],
    )


async def touch_crowds(tx: Transaction, crowds: Sequence[tuple[str, str, int]]) -> int:
    """(account or topic, name, the kind that it concerns) each; how many are walked."""
    kinds, names, concerns = zip(*crowds, strict=True)
    buckets = [directory_bucket(kind, name) for kind, name, _ in crowds]
    return await queries.run(tx, "touch_crowds", buckets=buckets, kinds=kinds, names=names, concerns=concerns)


async def people_of_account(tx: Transaction, account: str, *, after: int, limit: int) -> list[ProfileId]:
    rows = await queries.rows(tx, "people_of_account", name=account, after=after, limit=limit)
    return [ProfileId(row["profile_id"]) for row in rows]


async def everybody_after(tx: Transaction, after: int, *, limit: int) -> list[ProfileId]:
    rows = await queries.rows(tx, "everybody_after", after=after, limit=limit)
    return [ProfileId(row["profile_id"]) for row in rows]


async def moving_among(tx: Transaction, profiles: Sequence[ProfileId]) -> set[ProfileId]:
    return {ProfileId(row["profile_id"]) for row in await queries.rows(tx, "moving_among", profiles=list(profiles))}


async def lock_due(tx: Transaction, profiles: Sequence[ProfileId]) -> None:
    await queries.run(tx, "lock_due", **_columns(profiles))


async def drop_due(tx: Transaction, profiles: Sequence[ProfileId]) -> None:
    await queries.run(tx, "drop_due", **_columns(profiles))


async def inherit(tx: Transaction, heirs: Sequence[tuple[ProfileId, ProfileId]]) -> None:
    """(other, heir) each."""
    others, inheriting = zip(*heirs, strict=True)
    await queries.run(tx, "inherit", others=others, heirs=inheriting)


async def drop_members(tx: Transaction, profiles: Sequence[ProfileId]) -> None:
    await queries.run(tx, "drop_members", **_columns(profiles))


def _columns(profiles: Sequence[ProfileId]) -> dict[str, list[int]]:
    return {"buckets": [bucket_of(profile) for profile in profiles], "profiles": [*profiles]}


async def members_among(
    tx: Transaction, segments: Collection[SegmentId], profiles: Sequence[ProfileId]
) -> dict[tuple[SegmentId, ProfileId], datetime]:
    """Since when, of those who are in."""
    if not segments or not profiles:
        return {}
    rows = await queries.rows(tx, "members_among", **_columns(profiles), segments=list(segments))
    return {(row["segment_id"], row["profile_id"]): row["entered_at"] for row in rows}


async def who_is_in(
    tx: Transaction, segments: Collection[SegmentId], profiles: Sequence[ProfileId]
) -> set[tuple[SegmentId, ProfileId]]:
    if not segments or not profiles:
        return set()
    rows = await queries.rows(tx, "who_is_in", **_columns(profiles), segments=list(segments))
    return {(SegmentId(segment), ProfileId(profile)) for segment, profile in rows}


async def write_changes(tx: Transaction, changes: Sequence[Change]) -> list[SegmentChange]:
    """Returns what was not so before."""
    rows = await queries.rows(
        tx,
        "write_changes",
        buckets=[bucket_of(change.profile) for change in changes],
        segments=[change.segment for change in changes],
        profiles=[change.profile for change in changes],
        entered=[change.entered for change in changes],
        causes=[change.cause for change in changes],
        leaves=[change.leaf for change in changes],
    )
    return [SegmentChange(*row.values()) for row in rows]


async def empty(tx: Transaction, segment: SegmentId) -> None:
    await queries.run(tx, "delete_members", segment_id=segment)
    await queries.run(tx, "clear_tally", segment_id=segment)


async def page(tx: Transaction, segment: SegmentId, *, after: int, limit: int) -> list[Member]:
    rows = await queries.rows(tx, "page_of_members", segment_id=segment, after=after, limit=limit)
    return [Member(ProfileId(row["profile_id"]), row["external_id"], row["entered_at"]) for row in rows]


async def member_range(
    tx: Transaction, segment: SegmentId, from_id: int, to_id: int, *, after: int, limit: int
) -> list[ProfileId]:
    rows = await queries.rows(
        tx, "member_range", segment_id=segment, from_id=from_id, to_id=to_id, after=after, limit=limit
    )
    return [ProfileId(row["profile_id"]) for row in rows]


async def bounds(tx: Transaction, segment: SegmentId) -> Bounds | None:
    row = await queries.row(tx, "bounds", segment_id=segment)
    if row is None or row["count"] == 0:
        return None
    return Bounds(ProfileId(row["lowest"]), ProfileId(row["highest"]), row["count"])


async def count_due(tx: Transaction) -> int:
    return int(await queries.value(tx, "count_due"))
