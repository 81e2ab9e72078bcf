"""Who people are told to be: kept per identifier, folded per profile, with a history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from antiphon.kernel.db import Rival, Transaction
from antiphon.kernel.records import ProfileChange, ProfileId
from antiphon.profiles import store
from antiphon.profiles.naming import People
from antiphon.profiles.records import Fact
from antiphon.profiles.search import keep_words
from antiphon.profiles.told import Told, fold, merge, read, told
from antiphon.profiles.words import WORD_TRAITS

Key = tuple[ProfileId, int]


async def keep_traits(tx: Transaction, facts: Sequence[Fact], people: People) -> list[ProfileChange]:
    """Whatever order facts come in, the latest by event time counts. What is dated after now is told now.

    What a device says of itself counts from the beginning of its day, so that it need not be told with every call.
    """
    news: dict[Key, Told] = {}
    sources: dict[ProfileId, tuple[str, int]] = {}
    for fact, profile, who in zip(facts, people.profiles, people.whos, strict=True):
        if fact.traits or fact.device:
            at = min(_utc(fact.at), tx.now)
            day = at.replace(hour=0, minute=0, second=0, microsecond=0)
            said = merge(told(fact.device or {}, day), told(fact.traits or {}, at))
            news[profile, who] = merge(news.get((profile, who), {}), said)
            sources[profile] = (fact.source, who)
    if not news:
        return []
    ids = sorted(sources)
    before = await store.ingest.lock_traits(tx, ids)
    if len(before) < len(ids):
        raise Rival("a profile was merged meanwhile")
    created = set(people.created)
    held = await told_of(tx, [id for id in ids if id not in created])
    await store.ingest.keep_told(tx, _learnt(news, held))
    after = {id: fold(held[id].values()) for id in ids if id in held}
    changed = {id: traits for id, traits in after.items() if not same(traits, before[id][1])}
    await write(tx, changed)
    changes = {id: difference(before[id][1], traits) for id, traits in changed.items()}
    history = [(id, sources[id][0], _json(was), sources[id][1]) for id, was in changes.items() if id not in created]
    await store.ingest.add_trait_changes(tx, history)
    await keep_words(tx, {id: changed[id] for id, was in changes.items() if was.keys() & WORD_TRAITS})
    return [ProfileChange(id, "traits", tuple(sorted(was))) for id, was in changes.items()]


async def refold(tx: Transaction, ids: Sequence[ProfileId]) -> None:
    """Writes the traits of these profiles anew from what was told."""
    before = await store.ingest.lock_traits(tx, ids)
    held = await told_of(tx, ids)
    after = {id: fold(held.get(id, {}).values()) for id in before}
    await write(tx, {id: traits for id, traits in after.items() if not same(traits, before[id][1])})
    await keep_words(tx, after)


async def write(tx: Transaction, traits: Mapping[ProfileId, Mapping[str, Any]]) -> None:
    await store.ingest.write_traits(tx, {id: _json(one) for id, one in traits.items()})


def same(one: Any, other: Any) -> bool:
    """As JSON: 1 and 1.0 are one, 1 and true are not, as they would be in Python."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What the changed ones were; null for what was not there."""
    names = [name for name in sorted(before.keys() | after.keys()) if not same(before.get(name), after.get(name))]
    return {name: before.get(name) for name in names}


async def told_of(tx: Transaction, ids: Sequence[ProfileId]) -> dict[ProfileId, dict[int, Told]]:
    stored = await store.ingest.read_told(tx, ids) if ids else {}
    return {id: {who: read(one) for who, one in whos.items()} for id, whos in stored.items()}


def _learnt(news: Mapping[Key, Told], held: dict[ProfileId, dict[int, Told]]) -> list[tuple[ProfileId, int, str]]:
    """Lays the news over what is held; the rows that changed."""
    rows = []
    for (profile, who), said in news.items():
        mine = held.setdefault(profile, {})
        known = mine.get(who, {})
        merged = merge(known, said)
        if not same(merged, known):
            mine[who] = merged
            rows.append((profile, who, _json(merged)))
    return rows


def _utc(at: datetime) -> datetime:
    return at if at.tzinfo is UTC else at.astimezone(UTC)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
