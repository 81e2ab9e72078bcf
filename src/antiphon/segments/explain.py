"""Why somebody is in a segment or not, and whether memberships are what the facts say."""

from __future__ import annotations

from collections.abc import Iterator

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.segments import resolve, store
from antiphon.segments.compile import Moment
from antiphon.segments.parse import parse
from antiphon.segments.records import Explanation, Part, Verification
from antiphon.segments.rules import All, Any, Not, Rule

SAMPLE = 10


async def explain(tx: Transaction, id_or_name: str, profile: ProfileId) -> Explanation:
    """Every part of the rule with whether it holds for this profile now."""
    segment = await resolve.get(tx, id_or_name)
    parts = list(_parts(parse(segment.rule), "rule"))
    expanded = [await resolve.expand(tx, part) for _, part in parts]
    judged = await store.judge(tx, expanded, await resolve.numbers(tx, expanded), [profile])
    truths, timer = judged.get(profile, ([False] * len(parts), None))
    inside = bool(await store.members_among(tx, [segment.id], [profile]))
    return Explanation(
        member=inside,
        holds=truths[0],
        next_look_at=timer,
        parts=[Part(at, holds) for (at, _), holds in zip(parts, truths, strict=True)],
    )


def _parts(rule: Rule, at: str) -> Iterator[tuple[str, Rule]]:
    yield at, rule
    if isinstance(rule, All | Any):
        kind = "all" if isinstance(rule, All) else "any"
        for n, part in enumerate(rule.parts):
            yield from _parts(part, f"{at}.{kind}[{n}]")
    elif isinstance(rule, Not):
        yield from _parts(rule.part, f"{at}.not")


async def verify(tx: Transaction, id_or_name: str) -> Verification:
    """Compare the memberships with the rule, evaluated from scratch. Work that is due shows as a difference."""
    segment = await resolve.get(tx, id_or_name)
    rule = await resolve.rule_of(tx, segment.id)
    return await store.verify(tx, segment.id, rule, await resolve.numbers(tx, [rule]), Moment(tx.now), sample=SAMPLE)
