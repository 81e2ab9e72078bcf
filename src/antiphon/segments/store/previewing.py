"""Previews: how many, reached how, and some of them."""

from __future__ import annotations

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.segments.engine import sets
from antiphon.segments.engine.frame import Moment, Words
from antiphon.segments.language.rules import Rule
from antiphon.segments.records import Member, Preview
from antiphon.segments.store.asking import EXTERNAL_ID
from antiphon.segments.store.building import about_everybody


async def preview(tx: Transaction, rule: Rule, words: Words, moment: Moment, *, sample: int) -> Preview:
    statement = sets.everybody(rule, words, moment)
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
               (SELECT array_agg({EXTERNAL_ID} ORDER BY id) FROM first) AS external_ids"""  # noqa: S608 - our own words, values are parameters
    row = (await about_everybody(tx, text, *statement.parameters, sample))[0]
    pairs = zip(row["ids"] or (), row["external_ids"] or (), strict=True)
    return Preview(row["count"], row["reach"], [Member(ProfileId(id), external_id, None) for id, external_id in pairs])
