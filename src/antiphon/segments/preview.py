"""Who would be in a segment, before it is kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from hashlib import blake2b
from math import ceil, sqrt
from typing import Any

import msgspec

from antiphon import profiles
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NothingToPublish
from antiphon.kernel.records import BUCKETS, ProfileId
from antiphon.segments import resolve
from antiphon.segments.ask import asked_at
from antiphon.segments.cautions import cautions
from antiphon.segments.engine import why
from antiphon.segments.engine.frame import Moment, Words
from antiphon.segments.engine.judge import Judge
from antiphon.segments.explain import node
from antiphon.segments.language import rules
from antiphon.segments.language.parse import parse
from antiphon.segments.language.rules import Leaf, Reachable, Rule
from antiphon.segments.language.text import to_text
from antiphon.segments.records_asked import DraftPreview, Mover, Person, Preview
from antiphon.segments.store import previewing as store
from antiphon.segments.store import registry

SAMPLE = 5
PEOPLE = 4_000
"""So many are judged for an estimate, and so many of those who were found are asked whether they can be reached."""
TOPICS_MAX = 12
LISTED_BUCKETS = 16
SURE = 1.96
"""Standard deviations: 19 times of 20."""
RARE = 3
"""Where none of a sample was found there may be so many, 19 times of 20."""
COUNTED_MAX = 20_000
"""So far it is known how many people there are. Of more, buckets are of one size: profiles go round them in turn."""

Document = dict[str, Any]  # Any: a rule document, JSON as it came


async def preview(tx: Transaction, rule: Document, as_of: datetime | None = None, *, estimate: bool = False) -> Preview:
    """Exact, or judged of some thousand people and told with its margin."""
    parsed = parse(rule)
    asked, moment = await asked_at(tx, parsed, as_of)
    words = await resolve.words(tx, [asked])
    order = _order(rule)
    find = _estimated if estimate else _exact
    count, margin, some = await find(tx, asked, words, moment, order)
    topics = dict.fromkeys([*_topics_of(parsed), *await store.topics(tx, limit=TOPICS_MAX)])
    people = _spread(some, order)
    reached = await store.reach(tx, people[:PEOPLE], words, moment, list(topics)[:TOPICS_MAX])
    return _told(
        count, margin, people, reached, await store.called(tx, people[:SAMPLE]), await cautions(tx, parsed, words)
    )


def _told(
    count: int, margin: int, people: Sequence[ProfileId], reached: dict[tuple[str, str], int],
    sample: Sequence[Person], warnings: Sequence[Any],
) -> Preview:  # fmt: skip
    asked = min(len(people), PEOPLE)
    is_exact = asked == count
    times = count / asked if asked else 0.0
    reach: dict[str, dict[str, int]] = {}
    for (topic, channel), n in reached.items():
        if n:
            reach.setdefault(topic, {})[channel] = round(n * times)
    reach_margin = (
        0 if is_exact else max((_margin_of_share(n, asked, count, margin) for n in reached.values()), default=0)
    )
    everything = reach.pop("", {})
    return Preview(
        count, margin == 0, margin, everything, reach, is_exact and margin == 0, reach_margin, sample, warnings
    )


def _margin_of_share(n: int, asked: int, count: int, margin: int) -> int:
    """Of a share that was found in a part of them; that how many there are is not exact adds to it."""
    share = n / asked
    of_share = SURE * sqrt(max(share * (1 - share), 1 / asked) / asked * max(1 - asked / count, 0.0)) if count else 0.0
    return ceil(of_share * count + share * margin)


async def _exact(
    tx: Transaction, rule: Rule, words: Words, moment: Moment, order: int
) -> tuple[int, int, Sequence[ProfileId]]:
    found = await store.found(tx, rule, words, moment, buckets=_buckets(order, LISTED_BUCKETS))
    return found.count, 0, found.some


async def _estimated(
    tx: Transaction, rule: Rule, words: Words, moment: Moment, order: int
) -> tuple[int, int, Sequence[ProfileId]]:
    """Everybody of some whole buckets is judged: a fair sample, and the same one each time that the rule is asked."""
    everybody = await profiles.about_how_many(tx)
    buckets = _buckets(order, max(1, min(BUCKETS, round(PEOPLE * BUCKETS / max(everybody, 1)))))
    people = set(await store.people_of_buckets(tx, buckets))
    judge = Judge(tx, words, moment)
    await judge.prepare([(rule, people)])
    inside = (await judge.verdict(rule, people & judge.known)).inside
    if len(buckets) == BUCKETS:
        return len(inside), 0, sorted(inside)
    if everybody >= COUNTED_MAX:
        everybody = round(len(people) * BUCKETS / len(buckets))
    return (*_of_sample(len(inside), len(people), everybody), sorted(inside))


def _of_sample(n: int, sample: int, everybody: int) -> tuple[int, int]:
    """How many that is of everybody, and the margin."""
    if not sample:
        return 0, everybody
    share = n / sample
    sure = SURE * sqrt(share * (1 - share) / sample * max(1 - sample / everybody, 0.0))
    rare = RARE / sample if n in (0, sample) else 0.0
    return round(share * everybody), ceil(max(sure, rare) * everybody)


def _topics_of(rule: Rule) -> Collection[str]:
    named = (leaf.topic for leaf in rules.leaves(rule) if isinstance(leaf, Reachable))
    return list(dict.fromkeys(topic for topic in named if topic))


def _order(rule: object) -> int:
    """A number that belongs to the rule."""
    return int.from_bytes(blake2b(msgspec.json.encode(rule), digest_size=8).digest())


def _buckets(order: int, count: int) -> list[int]:
    """Far from each other: neighbours hold people who came one after the other."""
    return [(order + n * 97) % BUCKETS for n in range(count)]


def _spread(people: Sequence[ProfileId], order: int) -> list[ProfileId]:
    """As if shuffled, and the same each time: multiplied by an odd number, ids that follow each other lie far apart."""
    return sorted(people, key=lambda id: (id ^ order) * 0x9E3779B97F4A7C15 % 2**64)


# ---- drafts ----


async def draft_of(tx: Transaction, id_or_name: str) -> Document:
    """Raises NothingToPublish."""
    segment = await resolve.get(tx, id_or_name)
    versions = await registry.versions(tx, segment.id)
    draft = next((version.rule for version in versions if version.state == "draft"), None)
    if draft is None:
        raise NothingToPublish('"{name}" has no draft.', name=segment.name)
    return draft


async def preview_draft(tx: Transaction, id_or_name: str) -> DraftPreview:
    """Who would enter and who would leave if the draft were published now. Raises NothingToPublish."""
    segment = await resolve.get(tx, id_or_name)
    draft = await draft_of(tx, id_or_name)
    parsed, order = parse(draft), _order(draft)
    asked, moment = await asked_at(tx, parsed, None)
    words = await resolve.words(tx, [asked])
    found = await store.compare(tx, segment.id, asked, words, moment, some=PEOPLE)
    entering, leaving = (_spread(some, order)[:SAMPLE] for some in (found.entering, found.leaving))
    judge = Judge(tx, words, moment)
    await judge.prepare([(asked, [*entering, *leaving])])
    await judge.verdict(asked, {*entering, *leaving} & judge.known)
    tell = partial(_movers, tx, parsed, draft, judge)
    return DraftPreview(
        found.now, found.then, found.enter, found.leave, await tell(entering), await tell(leaving),
        await cautions(tx, parsed, words),
    )  # fmt: skip


async def _movers(
    tx: Transaction, parsed: Rule, draft: Document, judge: Judge, people: Sequence[ProfileId]
) -> list[Mover]:
    """With the first leaf that makes the draft hold, or fail, for them."""
    plain = {rules.key_of(leaf): await resolve.plain(tx, leaf) for leaf in rules.leaves(parsed)}
    found = []
    for person in await store.called(tx, people):

        def holds(leaf: Leaf, id: ProfileId = person.profile) -> bool | None:
            return why.truth(plain[rules.key_of(leaf)], lambda part: judge.holds(part, id))

        at = next((at for at, _ in why.support(parsed, holds)), "rule")
        text = to_text(node(draft.get("rule", draft), at))
        found.append(Mover(person.profile, person.external_id, person.name, at, text))
    return found
