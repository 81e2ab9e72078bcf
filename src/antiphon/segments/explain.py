"""Why somebody is in a segment or not: each part of its rule, with what was found, and what would change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.segments import resolve, sentences
from antiphon.segments.engine import values
from antiphon.segments.engine.frame import Moment
from antiphon.segments.engine.judge import Judge
from antiphon.segments.language import rules
from antiphon.segments.language.parse import parse, parse_computed
from antiphon.segments.language.rules import Computed, Happened, Leaf, Measure, Rule
from antiphon.segments.language.text import to_text
from antiphon.segments.records import Segment
from antiphon.segments.records_asked import Explanation, Part, Verification, Wanted
from antiphon.segments.store import asking, history, members, registry
from antiphon.segments.turning import fewest

Document = Mapping[str, Any]  # Any: a rule document, JSON as it was given


async def explain(tx: Transaction, id_or_name: str, profile: ProfileId) -> Explanation:
    """For one person, now. A list has no parts: who put somebody there is in `last`."""
    segment = await resolve.get(tx, id_or_name)
    since = (await members.members_among(tx, [segment.id], [profile])).get((segment.id, profile))
    moves = await history.of_person(tx, segment.id, profile, limit=1)
    last = moves[0] if moves else None
    if segment.rule is None:
        return Explanation(since is not None, since is not None, None, (), since, last)
    found = _Look(tx, segment, profile)
    await found.look()
    whole = found.parts[0]
    return Explanation(since is not None, whole.holds, whole.turns_at, found.parts, since, last, found.to_change())


class _Look:
    """What is found of one person, part by part of the rule."""

    def __init__(self, tx: Transaction, segment: Segment, profile: ProfileId) -> None:
        assert segment.rule is not None
        self.tx, self.profile = tx, profile
        self.document = segment.rule.get("rule", segment.rule)
        self.rule = parse(segment.rule)
        self.parts: list[Part] = []
        self.truths: dict[bytes, bool] = {}

    async def look(self) -> None:
        """Every part is judged by itself, so none is left out because another settled the answer."""
        whole = await resolve.plain(self.tx, self.rule)
        self.judge = Judge(self.tx, await resolve.words(self.tx, [whole]), Moment(self.tx.now))
        await self.judge.prepare([(whole, [self.profile])])
        for at, rule in rules.places(self.rule):
            self.parts.append(await self._part(at, rule))

    async def _part(self, at: str, rule: Rule) -> Part:
        verdict = await self.judge.verdict(await resolve.plain(self.tx, rule), {self.profile} & self.judge.known)
        holds, turns_at = self.profile in verdict.inside, verdict.timers.get(self.profile)
        text = to_text(node(self.document, at))
        if isinstance(rule, rules.All | rules.Any | rules.Not):
            return Part(at, holds, text, turns_at)
        self.truths[rules.key_of(rule)] = holds
        return Part(at, holds, text, turns_at, sentences.asked(rule), await self._value(rule))

    async def _value(self, leaf: Leaf) -> Any:
        """Any: JSON."""
        about = (self.judge.words, self.judge.moment, self.profile)
        if not isinstance(leaf, Computed):
            return await values.measure(self.tx, leaf, *about)
        made_of = parse_computed((await registry.computed(self.tx))[leaf.name])
        happened = Happened(made_of.events, made_of.where, made_of.window, Measure("last", "exists", True))
        if made_of.of == "recency":
            return await values.recency(self.tx, happened, *about)
        measure = Measure(made_of.of, "exists", True, made_of.field)
        return await values.measure(self.tx, msgspec.structs.replace(happened, measure=measure), *about)

    def to_change(self) -> list[Wanted]:
        parts = {part.at: part for part in self.parts}
        wanted = []
        for at, leaf in fewest(self.rule, lambda leaf: self.truths[rules.key_of(leaf)]):
            part = parts[at]
            says = sentences.says(leaf, holds=part.holds, value=part.value, turns_at=part.turns_at)
            wanted.append(Wanted(at, part.text, says))
        return wanted


def node(document: Document, at: str) -> Document:
    """The rule object at a path such as `rule.all[0].not`."""
    for step in at.split(".")[1:]:
        kind, _, number = step.rstrip("]").partition("[")
        document = document[kind][int(number)] if number else document[kind]
    return document


SAMPLE = 10


async def verify(tx: Transaction, id_or_name: str) -> Verification:
    """Compare the memberships with the rule, evaluated from scratch. Work that is due shows as a difference."""
    segment = await resolve.get(tx, id_or_name)
    rule = await resolve.expand(tx, await resolve.live_rule(tx, segment), stage_of=segment.stage_of)
    return await asking.verify(tx, segment.id, rule, await resolve.words(tx, [rule]), Moment(tx.now), sample=SAMPLE)
