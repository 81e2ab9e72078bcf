"""Questions about rules that are asked of everybody: the statements of `engine.sets`."""

from __future__ import annotations

import json

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId, SegmentId
from antiphon.segments.engine import sets
from antiphon.segments.engine.frame import Moment, Statement, Words
from antiphon.segments.language.rules import Rule
from antiphon.segments.records import Member
from antiphon.segments.records_asked import Verification
from antiphon.segments.store.building import about_everybody
from antiphon.segments.store.registry import queries

EXTERNAL_ID = "(SELECT min(i.value) FROM known_identifier i WHERE i.profile_id = first.id AND i.kind = 'external_id')"


async def count(tx: Transaction, rule: Rule, words: Words, moment: Moment) -> int:
    statement = sets.counted(rule, words, moment)
    rows = await about_everybody(tx, statement.text, *statement.parameters)
    return int(rows[0][0])


async def page_by_rule(
    tx: Transaction, rule: Rule, words: Words, moment: Moment, *, after: int, limit: int
) -> list[Member]:
    """Whoever satisfies the rule at the moment, without looking at memberships."""
    statement = sets.everybody(rule, words, moment)
    after_n, limit_n = f"${len(statement.parameters) + 1}::bigint", f"${len(statement.parameters) + 2}::integer"
    text = f"""
        WITH first AS MATERIALIZED (
               SELECT id FROM ({statement.text}) found WHERE id > {after_n} ORDER BY id LIMIT {limit_n})
        SELECT id, {EXTERNAL_ID} AS external_id FROM first ORDER BY id"""  # noqa: S608 - our own words, values are parameters
    rows = await about_everybody(tx, text, *statement.parameters, after, limit)
    return [Member(ProfileId(row["id"]), row["external_id"], None) for row in rows]


async def verify(
    tx: Transaction, segment: SegmentId, rule: Rule, words: Words, moment: Moment, *, sample: int
) -> Verification:
    """Whoever differs, and whether something is due for them or their events are on the way."""
    statement = sets.everybody(rule, words, moment)
    n = len(statement.parameters)
    id, limit, now = f"${n + 1}::integer", f"${n + 2}::integer", f"${n + 3}::timestamptz"
    text = f"""
        WITH kept AS (SELECT bucket, profile_id FROM member WHERE segment_id = {id}),
             compared AS MATERIALIZED (
               SELECT found.id AS wanted, kept.profile_id AS kept
                 FROM ({statement.text}) found
                 FULL JOIN kept ON kept.bucket = found.bucket AND kept.profile_id = found.id),
             odd AS MATERIALIZED (
               SELECT coalesce(c.wanted, c.kept) AS id, c.kept IS NULL AS missing,
                      EXISTS (SELECT FROM membership_due d
                               WHERE d.bucket = (coalesce(c.wanted, c.kept) & 255)::smallint
                                 AND d.profile_id = coalesce(c.wanted, c.kept) AND d.due_at <= {now})
                      OR coalesce(c.wanted, c.kept) IN (SELECT m.profile_id FROM known_moving m) AS waits
                 FROM compared c
                WHERE c.wanted IS NULL OR c.kept IS NULL)
        SELECT (SELECT count(wanted) FROM compared) AS count,
               count(*) FILTER (WHERE missing) AS missing, count(*) FILTER (WHERE NOT missing) AS surplus,
               count(*) FILTER (WHERE missing AND waits) AS missing_due,
               count(*) FILTER (WHERE NOT missing AND waits) AS surplus_due,
               (array_agg(id ORDER BY waits, id))[:{limit}] AS sample
          FROM odd"""  # noqa: S608 - our own words, values are parameters
    row = (await about_everybody(tx, text, *statement.parameters, segment, sample, tx.now))[0]
    underway = await queries.row(tx, "underway", segment_id=segment)
    assert underway is not None
    return Verification(**{**row, "sample": row["sample"] or (), **underway})


async def foreseen(tx: Transaction, statement: Statement) -> tuple[float, float]:
    """What the planner thinks that it costs, in its own unit, and how many rows it finds. Nothing is run."""
    rows = await about_everybody(tx, f"EXPLAIN (FORMAT JSON) {statement.text}", *statement.parameters)
    plan = json.loads(rows[0][0])[0]["Plan"]
    return plan["Total Cost"], plan["Plan Rows"]
