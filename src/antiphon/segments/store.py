"""The only code that runs the SQL of this part: named statements, and those that `compile` makes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from antiphon.kernel.db import Queries, Row, Transaction
from antiphon.kernel.records import ProfileId, SegmentChange, SegmentId, bucket_of, directory_bucket
from antiphon.segments import compile
from antiphon.segments.records import Bounds, Member, Preview, Segment, Verification
from antiphon.segments.rules import Rule

_queries = Queries("segments")
_ID_MAX = 2**31 - 1


async def share_registry(tx: Transaction) -> None:
    await _queries.run(tx, "share_registry")


async def hold_registry(tx: Transaction) -> None:
    await _queries.run(tx, "hold_registry")


async def hold_fill(tx: Transaction, segment: SegmentId, *, wait: bool) -> bool:
    """Whether this transaction may fill the segment now."""
    if wait:
        await _queries.run(tx, "hold_fill", segment_id=segment)
        return True
    return bool(await _queries.value(tx, "try_fill", segment_id=segment))


async def add(tx: Transaction, name: str, rule: object, *, kinds: Collection[int], windowed: bool) -> Segment | None:
    """None where the name is taken."""
    row = await _queries.row(tx, "add_segment", name=name, rule=rule, kinds=sorted(kinds), windowed=windowed)
    return _segment(row) if row is not None else None


async def find(tx: Transaction, named: Collection[str]) -> dict[str, Segment]:
    """Segments by what they were called: a name or an id."""
    ids = [int(name) for name in named if is_id(name)]
    rows = await _queries.rows(tx, "find_segments", names=list(named), ids=ids)
    found = [_segment(row) for row in rows]
    by_name = {segment.name: segment for segment in found}
    by_id = {str(segment.id): segment for segment in found}
    return {name: segment for name in named if (segment := by_name.get(name) or by_id.get(name)) is not None}


def is_id(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) <= 10 and int(name) <= _ID_MAX


async def list_all(tx: Transaction) -> list[Segment]:
    return [_segment(row) for row in await _queries.rows(tx, "list_segments")]


def _segment(row: Row) -> Segment:
    return Segment(SegmentId(row["id"]), row["name"], row["rule"], row["state"], row["created_at"])


async def watched(tx: Transaction) -> list[tuple[SegmentId, frozenset[int], bool]]:
    """Live segments: id, what can change them, whether time alone can."""
    rows = await _queries.rows(tx, "watched_segments")
    return [(SegmentId(row["id"]), frozenset(row["kinds"]), row["windowed"]) for row in rows]


async def filling(tx: Transaction) -> list[SegmentId]:
    return [SegmentId(row["id"]) for row in await _queries.rows(tx, "filling_segments")]


async def is_filling(tx: Transaction, segment: SegmentId) -> bool:
    return bool(await _queries.value(tx, "segment_state", segment_id=segment) == "filling")


async def touch(tx: Transaction, touched: Collection[tuple[ProfileId, int]]) -> int:
    """Profiles and what happened to them; how many became due."""
    return await _queries.run(
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
    return await _queries.run(tx, "touch_crowds", buckets=buckets, kinds=kinds, names=names, concerns=concerns)


async def people_of_account(tx: Transaction, account: str, *, after: int, limit: int) -> list[ProfileId]:
    rows = await _queries.rows(tx, "people_of_account", name=account, after=after, limit=limit)
    return [ProfileId(row["profile_id"]) for row in rows]


async def everybody_after(tx: Transaction, after: int, *, limit: int) -> list[ProfileId]:
    rows = await _queries.rows(tx, "everybody_after", after=after, limit=limit)
    return [ProfileId(row["profile_id"]) for row in rows]


async def moving_among(tx: Transaction, profiles: Sequence[ProfileId]) -> set[ProfileId]:
    return {ProfileId(row["profile_id"]) for row in await _queries.rows(tx, "moving_among", profiles=list(profiles))}


async def drop_due(tx: Transaction, profiles: Sequence[ProfileId]) -> None:
    await _queries.run(tx, "drop_due", **_columns(profiles))


async def inherit(tx: Transaction, heirs: Sequence[tuple[ProfileId, ProfileId]]) -> None:
    """(other, heir) each."""
    others, inheriting = zip(*heirs, strict=True)
    await _queries.run(tx, "inherit", others=others, heirs=inheriting)


async def drop_members(tx: Transaction, profiles: Sequence[ProfileId]) -> None:
    await _queries.run(tx, "drop_members", **_columns(profiles))


def _columns(profiles: Sequence[ProfileId]) -> dict[str, list[int]]:
    return {"buckets": [bucket_of(profile) for profile in profiles], "profiles": [*profiles]}


async def _about_everybody(tx: Transaction, statement: str, *parameters: Any) -> list[Row]:
    await _queries.run(tx, "join_everybody", nested="off")
    rows = await tx.rows(statement, *parameters)
    await _queries.run(tx, "join_everybody", nested="on")
    return rows


async def judge(
    tx: Transaction, rules: Sequence[Rule], names: Mapping[str, int], profiles: Sequence[ProfileId]
) -> dict[ProfileId, tuple[list[bool], datetime | None]]:
    """For each known profile: whether each rule holds now, and when time alone may change one of them next."""
    statement = compile.given(
        rules, names, compile.Moment(tx.now), buckets=[bucket_of(profile) for profile in profiles], ids=profiles
    )
    rows = await tx.rows(statement.text, *statement.parameters)
    return {ProfileId(row["id"]): (row["inside"], row["timer_at"]) for row in rows}


async def members_among(
    tx: Transaction, segments: Collection[SegmentId], profiles: Sequence[ProfileId]
) -> set[tuple[SegmentId, ProfileId]]:
    rows = await _queries.rows(
        tx,
        "members_among",
        buckets=[bucket_of(profile) for profile in profiles],
        profiles=profiles,
        segments=list(segments),
    )
    return {(row["segment_id"], row["profile_id"]) for row in rows}


async def write_changes(tx: Transaction, changes: Sequence[tuple[SegmentId, ProfileId, bool]]) -> list[SegmentChange]:
    """Segment, profile, entered. Returns what was not so before."""
    rows = await _queries.rows(
        tx,
        "write_changes",
        buckets=[bucket_of(profile) for _, profile, _ in changes],
        segments=[segment for segment, _, _ in changes],
        profiles=[profile for _, profile, _ in changes],
        entered=[entered for _, _, entered in changes],
    )
    return [
        SegmentChange(SegmentId(row["segment_id"]), ProfileId(row["profile_id"]), row["at"], row["entered"])
        for row in rows
    ]


async def fill(tx: Transaction, segment: SegmentId, rule: Rule, names: Mapping[str, int]) -> None:
    """Look everybody up, set-wise: members, and the timers of whom time alone may move."""
    await _queries.run(tx, "empty_segment", segment_id=segment)
    statement = compile.everybody_with_timers(rule, names, compile.Moment(tx.now))
    id, now = f"${len(statement.parameters) + 1}::integer", f"${len(statement.parameters) + 2}::timestamptz"
    text = f"""
        WITH judged AS MATERIALIZED ({statement.text}),
             come AS (
               INSERT INTO member (bucket, segment_id, profile_id, entered_at)
               SELECT bucket, {id}, id, {now} FROM judged WHERE inside ORDER BY bucket, id)
        INSERT INTO segment_fill_timer (segment_id, bucket, profile_id, timer_at)
        SELECT {id}, bucket, id, timer_at FROM judged WHERE timer_at IS NOT NULL"""  # noqa: S608 - our own words, values are parameters
    await _about_everybody(tx, text, *statement.parameters, segment, tx.now)


async def merge_timers(tx: Transaction, segment: SegmentId, *, first: int, last: int) -> None:
    await _queries.run(tx, "merge_timers", segment_id=segment, first=first, last=last)


async def go_live(tx: Transaction, segment: SegmentId) -> None:
    """Whoever was touched or worked since the segment was made is due again. The registry must be held."""
    await _queries.run(tx, "drop_aliases", segment_id=segment)
    await _queries.run(tx, "touch_since_fill", segment_id=segment)
    await _queries.run(tx, "go_live", segment_id=segment)


async def count(tx: Transaction, rule: Rule, names: Mapping[str, int], moment: compile.Moment) -> int:
    statement = compile.everybody(rule, names, moment)
    rows = await _about_everybody(tx, f"SELECT count(*) FROM ({statement.text}) found", *statement.parameters)  # noqa: S608 - our own words, values are parameters
    return int(rows[0][0])


async def preview(
    tx: Transaction, rule: Rule, names: Mapping[str, int], moment: compile.Moment, *, sample: int
) -> Preview:
    statement = compile.everybody(rule, names, moment)
    limit = f"${len(statement.parameters) + 1}::integer"
    # opt_out is a directory with a bucket of its own, the hash of the address: read across buckets
    text = f"""
        WITH found AS MATERIALIZED ({statement.text}),
             reached AS (
               SELECT a.channel, count(DISTINCT a.profile_id) AS n
                 FROM found JOIN known_address a ON a.bucket = found.bucket AND a.profile_id = found.id
                WHERE a.state <> 'dead'
                  AND NOT EXISTS (SELECT FROM known_opt_out o WHERE o.channel = a.channel AND o.value = a.value)
                GROUP BY a.channel),
             first AS (SELECT id FROM found ORDER BY id LIMIT {limit})
        SELECT (SELECT count(*) FROM found) AS count,
               (SELECT coalesce(jsonb_object_agg(channel, n), '{{}}') FROM reached) AS reach,
               (SELECT array_agg(id ORDER BY id) FROM first) AS ids,
               (SELECT array_agg({_EXTERNAL_ID} ORDER BY id) FROM first) AS external_ids"""  # noqa: S608 - our own words, values are parameters
    row = (await _about_everybody(tx, text, *statement.parameters, sample))[0]
    pairs = zip(row["ids"] or (), row["external_ids"] or (), strict=True)
    return Preview(row["count"], row["reach"], [Member(ProfileId(id), external_id, None) for id, external_id in pairs])


_EXTERNAL_ID = "(SELECT min(i.value) FROM known_identifier i WHERE i.profile_id = first.id AND i.kind = 'external_id')"


async def page(tx: Transaction, segment: SegmentId, *, after: int, limit: int) -> list[Member]:
    rows = await _queries.rows(tx, "page_of_members", segment_id=segment, after=after, limit=limit)
    return [Member(ProfileId(row["profile_id"]), row["external_id"], row["entered_at"]) for row in rows]


async def page_by_rule(
    tx: Transaction, rule: Rule, names: Mapping[str, int], moment: compile.Moment, *, after: int, limit: int
) -> list[Member]:
    """Whoever satisfies the rule at the moment, without looking at memberships."""
    statement = compile.everybody(rule, names, moment)
    after_n, limit_n = f"${len(statement.parameters) + 1}::bigint", f"${len(statement.parameters) + 2}::integer"
    text = f"""
        WITH first AS MATERIALIZED (
               SELECT id FROM ({statement.text}) found WHERE id > {after_n} ORDER BY id LIMIT {limit_n})
        SELECT id, {_EXTERNAL_ID} AS external_id FROM first ORDER BY id"""  # noqa: S608 - our own words, values are parameters
    rows = await _about_everybody(tx, text, *statement.parameters, after, limit)
    return [Member(ProfileId(row["id"]), row["external_id"], None) for row in rows]


async def member_range(
    tx: Transaction, segment: SegmentId, from_id: int, to_id: int, *, after: int, limit: int
) -> list[ProfileId]:
    rows = await _queries.rows(
        tx, "member_range", segment_id=segment, from_id=from_id, to_id=to_id, after=after, limit=limit
    )
    return [ProfileId(row["profile_id"]) for row in rows]


async def bounds(tx: Transaction, segment: SegmentId) -> Bounds | None:
    row = await _queries.row(tx, "bounds", segment_id=segment)
    if row is None or row["count"] == 0:
        return None
    return Bounds(ProfileId(row["lowest"]), ProfileId(row["highest"]), row["count"])


async def count_due(tx: Transaction) -> int:
    return int(await _queries.value(tx, "count_due"))


async def verify(
    tx: Transaction, segment: SegmentId, rule: Rule, names: Mapping[str, int], moment: compile.Moment, *, sample: int
) -> Verification:
    statement = compile.everybody(rule, names, moment)
    id, limit = f"${len(statement.parameters) + 1}::integer", f"${len(statement.parameters) + 2}::integer"
    text = f"""
        WITH found AS MATERIALIZED ({statement.text}),
             kept AS (SELECT bucket, profile_id FROM member WHERE segment_id = {id}),
             compared AS MATERIALIZED (
               SELECT found.id AS wanted, kept.profile_id AS kept
                 FROM found FULL JOIN kept ON kept.bucket = found.bucket AND kept.profile_id = found.id),
             odd AS (SELECT coalesce(wanted, kept) AS id FROM compared
                      WHERE wanted IS NULL OR kept IS NULL ORDER BY 1 LIMIT {limit})
        SELECT count(wanted) AS count,
               count(*) FILTER (WHERE kept IS NULL) AS missing,
               count(*) FILTER (WHERE wanted IS NULL) AS surplus,
               (SELECT array_agg(id) FROM odd) AS sample
          FROM compared"""  # noqa: S608 - our own words, values are parameters
    row = (await _about_everybody(tx, text, *statement.parameters, segment, sample))[0]
    return Verification(row["count"], row["missing"], row["surplus"], row["sample"] or ())
