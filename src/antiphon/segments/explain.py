"""Why somebody is in a segment or not, and whether memberships are what the facts say."""

from __future__ import annotations

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.segments import resolve
from antiphon.segments.engine.frame import Moment
from antiphon.segments.engine.judge import Judge
from antiphon.segments.language import rules
from antiphon.segments.records import Explanation, Part, Verification
from antiphon.segments.store import asking, members

SAMPLE = 10


async def explain(tx: Transaction, id_or_name: str, profile: ProfileId) -> Explanation:
    """Every part of the rule with whether it holds for this profile now."""
    segment = await resolve.get(tx, id_or_name)
    rule = await resolve.live_rule(tx, segment)
    judge = Judge(tx, await resolve.words(tx, [rule]), Moment(tx.now))
    await judge.prepare([(rule, [profile])])
    verdict = await judge.verdict(rule, {profile} & judge.known)
    parts = []
    for at, part in rules.places(rule):
        said = await judge.verdict(part, {profile} & judge.known)
        parts.append(Part(at, profile in said.inside))
    inside = bool(await members.members_among(tx, [segment.id], [profile]))
    return Explanation(inside, profile in verdict.inside, verdict.timers.get(profile), parts)


async def verify(tx: Transaction, id_or_name: str) -> Verification:
    """Compare the memberships with the rule, evaluated from scratch. Work that is due shows as a difference."""
    segment = await resolve.get(tx, id_or_name)
    rule = await resolve.expand(tx, await resolve.live_rule(tx, segment))
    return await asking.verify(tx, segment.id, rule, await resolve.words(tx, [rule]), Moment(tx.now), sample=SAMPLE)
