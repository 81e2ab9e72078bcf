"""What a build finds out, until it is written."""

from __future__ import annotations

from msgspec import Struct

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId, SegmentId
from antiphon.segments.engine.everybody import with_timers
from antiphon.segments.engine.frame import Moment, Words
from antiphon.segments.language.rules import Rule
from antiphon.segments.store import ladders
from antiphon.segments.store.registry import queries


class AtWork(Struct, frozen=True):
    """A version that is being built, or (`live`) whose changes are being written."""

    version: int
    live: bool
    phase: str
    done: int
    is_first: bool


async def hold(tx: Transaction, segment: SegmentId, *, wait: bool) -> bool:
    """Whether this transaction may build the segment now."""
    if wait:
        await queries.run(tx, "hold_build", segment_id=segment)
        return True
    return bool(await queries.value(tx, "try_build", segment_id=segment))


async def unfinished(tx: Transaction) -> list[SegmentId]:
    return [SegmentId(row["segment_id"]) for row in await queries.rows(tx, "unfinished_builds")]


async def at_work(tx: Transaction, segment: SegmentId) -> AtWork | None:
    row = await queries.row(tx, "building", segment_id=segment)
    if row is None:
        return None
    return AtWork(row["version"], row["state"] == "live", row["phase"], row["done"], row["is_first"])


async def look_again(tx: Transaction, segment: SegmentId, version: int) -> None:
    await queries.run(tx, "look_again", segment_id=segment, version=version)


async def look(tx: Transaction, segment: SegmentId, rule: Rule, words: Words, *, is_first: bool) -> None:
    """Look everybody up, set-wise: who is in, and the timers of whom time alone may move. First members are written."""
    await queries.run(tx, "empty_build", segment_id=segment)
    if is_first:
        await queries.run(tx, "empty_segment", segment_id=segment)
    statement = with_timers(rule, words, Moment(tx.now))
    id, now = f"${len(statement.parameters) + 1}::integer", f"${len(statement.parameters) + 2}::timestamptz"
    members = f"""
             come AS (
               INSERT INTO member (bucket, segment_id, profile_id, entered_at)
               SELECT bucket, {id}, id, {now} FROM judged WHERE inside ORDER BY bucket, id)"""  # noqa: S608 - our own words
    nobody = f"come AS (SELECT {now})"
    text = f"""
        WITH judged AS MATERIALIZED ({statement.text}), {members if is_first else nobody}
        INSERT INTO segment_build (segment_id, bucket, profile_id, inside, timer_at)
        SELECT {id}, bucket, id, inside, timer_at
          FROM judged
         WHERE timer_at IS NOT NULL{"" if is_first else " OR inside"}"""  # noqa: S608 - our own words, values are parameters
    await about_everybody(tx, text, *statement.parameters, segment, tx.now)
    await queries.run(tx, "mark_build", segment_id=segment)


async def about_everybody(tx: Transaction, statement: str, *parameters: object) -> list[Row]:
    """Nested loops only win for few rows, and tables that were just filled have no statistics that say otherwise."""
    await queries.run(tx, "join_everybody", nested="off")
    rows = await tx.rows(statement, *parameters)
    await queries.run(tx, "join_everybody", nested="on")
    return rows


async def drop(tx: Transaction, segment: SegmentId) -> None:
    """What a build left that is not wanted any more; also first members, of a segment that is not live."""
    await queries.run(tx, "empty_build", segment_id=segment)
    await queries.run(tx, "empty_archived", segment_id=segment)


async def is_marked(tx: Transaction, segment: SegmentId) -> bool:
    return bool(await queries.value(tx, "is_marked", segment_id=segment))


async def note(tx: Transaction, segment: SegmentId, version: int, phase: str, *, done: int, steps: int) -> None:
    await queries.run(tx, "build_phase", segment_id=segment, version=version, phase=phase, done=done, steps=steps)


async def merge_timers(tx: Transaction, segment: SegmentId, *, first: int, last: int) -> None:
    await queries.run(tx, "merge_timers", segment_id=segment, first=first, last=last)


async def go_live(tx: Transaction, segment: SegmentId, *, is_first: bool, steps: int) -> None:
    """Whoever was touched or worked since the build began is due again. The registry must be held."""
    if is_first:
        await queries.run(tx, "drop_aliases", segment_id=segment)
        await queries.run(tx, "drop_gone", segment_id=segment)
        await queries.run(tx, "part_stages", segment_id=segment)
        await queries.run(tx, "tally_first", segment_id=segment)
    await queries.run(tx, "touch_since_build", segment_id=segment)
    await queries.run(tx, "go_live", segment_id=segment, phase="" if is_first else "applying", steps=steps)
    if is_first:
        await ladders.go_on(tx, segment)


async def differing(
    tx: Transaction, segment: SegmentId, *, first: int, last: int
) -> list[tuple[ProfileId, bool, bool]]:
    """Profiles of some buckets, whether they enter, and whether that is sure: else a worker is to look at them."""
    rows = await queries.rows(tx, "differing", segment_id=segment, first=first, last=last)
    return [(ProfileId(row["profile_id"]), row["entered"], row["is_ours"]) for row in rows]


async def end(tx: Transaction, segment: SegmentId, version: int) -> None:
    await queries.run(tx, "end_build", segment_id=segment, version=version)
    await queries.run(tx, "empty_build", segment_id=segment)
    await ladders.go_on(tx, segment)
