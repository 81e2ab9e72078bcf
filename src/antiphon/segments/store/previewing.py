"""Previews: how many, reached how, and some of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Channel, ProfileId, SegmentId, bucket_of
from antiphon.segments.engine import sets
from antiphon.segments.engine.frame import Frame, Moment, Statement, Words
from antiphon.segments.engine.leaves import answer
from antiphon.segments.language.rules import Reachable, Rule
from antiphon.segments.records_asked import Person
from antiphon.segments.store import asking
from antiphon.segments.store.building import about_everybody
from antiphon.segments.store.registry import queries

LISTED_MAX = 65_536
"""Of at most so many every id is read, of more those in 16 of 256 buckets: never fewer than 4,096."""


class Found(Struct, frozen=True):
    """How many, and all of them or a fair part."""

    count: int
    some: Sequence[ProfileId]


class Compared(Struct, frozen=True):
    """Who is in, who would be, and some of those who would come or go."""

    now: int
    then: int
    enter: int
    leave: int
    entering: Sequence[ProfileId]
    leaving: Sequence[ProfileId]


async def bound(tx: Transaction, *, timeout_s: float) -> None:
    """Until the transaction ends."""
    await queries.run(tx, "bound_question", timeout=str(int(timeout_s * 1000)))


async def found(tx: Transaction, rule: Rule, words: Words, moment: Moment, *, buckets: Sequence[int]) -> Found:
    """How many, and their ids; where the planner expects many, only the ids of these buckets.

    To gather a million ids takes longer than to count them. Where it was wrong, and they are few, they are read again.
    """
    statement = sets.everybody(rule, words, moment)
    _, rows = await asking.foreseen(tx, statement)
    if rows <= LISTED_MAX:
        ids = await _ids(tx, statement, None)
        return Found(len(ids), ids)
    if sets.holds_for_unknown(rule, words, moment):
        count, some = await asking.count(tx, rule, words, moment), await _ids(tx, statement, buckets)
    else:
        n = len(statement.parameters)
        text = f"""
            SELECT count(*), array_agg(id) FILTER (WHERE bucket = ANY (${n + 1}::smallint[]))
              FROM ({statement.text}) found"""  # noqa: S608 - our own words, values are parameters
        count, some = (await about_everybody(tx, text, *statement.parameters, list(buckets)))[0]
    return Found(count, (some or ()) if count > LISTED_MAX else await _ids(tx, statement, None))


async def _ids(tx: Transaction, statement: Statement, buckets: Sequence[int] | None) -> Sequence[ProfileId]:
    n = len(statement.parameters)
    only = f" WHERE bucket = ANY (${n + 1}::smallint[])" if buckets is not None else ""
    text = f"SELECT array_agg(id) FROM ({statement.text}) found{only}"  # noqa: S608 - our own words
    given = [list(buckets)] if buckets is not None else []
    return (await about_everybody(tx, text, *statement.parameters, *given))[0][0] or ()


async def reach(
    tx: Transaction, people: Collection[ProfileId], words: Words, moment: Moment, topics: Sequence[str]
) -> dict[tuple[str, str], int]:
    """How many of these people can be reached, by (topic, channel); the empty topic is any.

    By the leaf `reachable` itself. Their addresses and wishes are read once: tables of the same names as those that the
    leaf reads stand before it in the statement. These are looked up by index whatever the planner thinks (OFFSET 0).
    """
    channels = [row["channel"] for row in await queries.rows(tx, "channels_in_use", channels=[*map(str, Channel)])]
    pairs = [(topic, channel) for topic in ("", *topics) for channel in channels]
    if not pairs or not people:
        return {}
    frame = Frame(words, moment, given=True)
    buckets = frame.new([bucket_of(id) for id in people], "smallint[]")
    ids = frame.new(list(people), "bigint[]")
    counts = [
        f"(SELECT count(*) FROM ({answer(Reachable(channel, topic or None), frame).differing()}) x)"  # noqa: S608 - our own words
        for topic, channel in pairs
    ]
    text = f"""
        WITH target AS MATERIALIZED (
               SELECT g.bucket, g.id FROM unnest({buckets}, {ids}) AS g (bucket, id)),
             known_address AS MATERIALIZED (
               SELECT own.*
                 FROM target t
                CROSS JOIN LATERAL (SELECT a.bucket, a.profile_id, a.channel, a.value, a.state FROM known_address a
                                     WHERE a.bucket = t.bucket AND a.profile_id = t.id OFFSET 0) own),
             known_preference AS MATERIALIZED (
               SELECT own.*
                 FROM target t
                CROSS JOIN LATERAL (SELECT f.* FROM known_preference f
                                     WHERE f.bucket = t.bucket AND f.profile_id = t.id OFFSET 0) own),
             known_opt_out AS MATERIALIZED (
               SELECT own.*
                 FROM (SELECT DISTINCT channel, value FROM known_address) a
                CROSS JOIN LATERAL (SELECT o.channel, o.value FROM known_opt_out o
                                     WHERE o.channel = a.channel AND o.value = a.value OFFSET 0) own)
        SELECT {", ".join(counts)}"""  # noqa: S608 - our own words, values are parameters
    # opt_out is a directory with a bucket of its own, the hash of the address: read across buckets
    statement = frame.statement(text)
    row = (await about_everybody(tx, statement.text, *statement.parameters))[0]
    return dict(zip(pairs, row, strict=True))


async def compare(
    tx: Transaction, segment: SegmentId, rule: Rule, words: Words, moment: Moment, *, some: int
) -> Compared:
    """The members as they are kept, and who satisfies another rule."""
    statement = sets.everybody(rule, words, moment)
    n = len(statement.parameters)
    text = f"""
        WITH kept AS (SELECT bucket, profile_id FROM member WHERE segment_id = ${n + 1}::integer)
        SELECT count(kept.profile_id) AS now,
               count(found.id) AS then,
               count(*) FILTER (WHERE kept.profile_id IS NULL) AS enter,
               count(*) FILTER (WHERE found.id IS NULL) AS leave,
               (array_agg(found.id) FILTER (WHERE kept.profile_id IS NULL))[:${n + 2}::integer] AS entering,
               (array_agg(kept.profile_id) FILTER (WHERE found.id IS NULL))[:${n + 2}::integer] AS leaving
          FROM ({statement.text}) found
          FULL JOIN kept ON kept.bucket = found.bucket AND kept.profile_id = found.id"""  # noqa: S608 - our own words
    row = (await about_everybody(tx, text, *statement.parameters, segment, some))[0]
    return Compared(row["now"], row["then"], row["enter"], row["leave"], row["entering"] or (), row["leaving"] or ())


async def people_of_buckets(tx: Transaction, buckets: Sequence[int]) -> list[ProfileId]:
    return [ProfileId(row["id"]) for row in await queries.rows(tx, "people_of_buckets", buckets=list(buckets))]


async def called(tx: Transaction, people: Sequence[ProfileId]) -> list[Person]:
    """In the order given."""
    rows = await queries.rows(tx, "sample_people", buckets=[bucket_of(id) for id in people], ids=list(people))
    by_id = {row["id"]: Person(ProfileId(row["id"]), row["external_id"], row["name"]) for row in rows}
    return [by_id[id] for id in people if id in by_id]


async def topics(tx: Transaction, *, limit: int) -> list[str]:
    return [row["name"] for row in await queries.rows(tx, "topics_set_up", limit=limit)]


async def events_that_happened(tx: Transaction, names: Mapping[str, int]) -> set[str]:
    """Of these names, with their numbers."""
    there = {row["id"] for row in await queries.rows(tx, "events_that_happened", ids=[*names.values()])}
    return {name for name, id in names.items() if id in there}


async def traits_that_nobody_has(
    tx: Transaction, names: Collection[str], buckets: Sequence[int]
) -> tuple[set[str], int]:
    """Nobody of some buckets, and how many people that is."""
    row = await queries.row(tx, "traits_of_sample", names=list(names), buckets=list(buckets))
    assert row is not None
    return set(row["missing"] or ()), row["people"]
