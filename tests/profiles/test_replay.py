"""Whatever order we hear of things in, the people are the same: who they are, what they did, are and said.

Merges and un-merges by hand are among the things: their verdicts are replayed like everything else.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from antiphon import profiles
from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier
from antiphon.profiles import Fact, Proof, Statement, store
from antiphon.profiles.identity import move, work
from antiphon.profiles.identity.apply import settle
from profiles.facts import AT, sql

KINDS = ("external_id", "external_id", "external_id@crm", "email", "phone", "anonymous_id", "anonymous_id", "device")
Saying = Fact | tuple[Identifier, Statement] | tuple[Identifier, Identifier, bool, int]
"""A fact, a wish, or a verdict: two identifiers, whether they are one, and the minute."""


async def settled(database: Database) -> None:
    for _ in range(200):
        if not await work.work(database) and not await move.work(database):
            return
    raise AssertionError("identity does not come to rest")


def sayings(rng: random.Random, copy: str, count: int) -> list[Saying]:
    """The same for every copy, but for the names. Times are all different."""
    said: list[Saying] = []
    for n in range(count):
        at = AT - timedelta(minutes=rng.randrange(count * 50) * 100 + n)
        who = tuple(dict.fromkeys(someone(rng, copy) for _ in range(rng.choice((1, 1, 2, 2, 3)))))
        what = rng.random()
        if what < 0.35:
            said.append(Fact("test", f"{copy}{n}", at, who, event=rng.choice("ab"), properties=f'{{"n":{n}}}'))
        elif what < 0.8:
            traits = {name: rng.choice([1, 2, "x", None]) for name in rng.sample("pqr", 2)}
            said.append(Fact("test", f"{copy}{n}", at, who, traits=traits))
        elif what < 0.9:
            wish = Statement(
                rng.choice(["*", "offers"]), rng.choice(["*", "email"]), rng.choice(["wanted", "unwanted"]), at=at
            )
            said.append((who[0], wish))
        else:
            said.append((someone(rng, copy), someone(rng, copy), rng.random() < 0.4, n))
    return said


def someone(rng: random.Random, copy: str) -> Identifier:
    kind, k = rng.choice(KINDS), rng.randrange(4)
    value = {"email": f"{copy}{k}@shop.example", "phone": f"+44{'79' if copy == 'a' else '78'}1112345{k}"}.get(
        kind, f"{copy}{k}"
    )
    return Identifier(kind, value)


async def hear(database: Database, said: Iterable[Saying]) -> None:
    for one in said:
        await database.repeat(lambda tx, one=one: _hear(tx, one))


async def _hear(tx: Any, one: Saying) -> None:
    if isinstance(one, Fact):
        await profiles.record(tx, [one])
    elif isinstance(one[1], Statement):
        profile = await profiles.find_or_make(tx, one[0])
        await profiles.state(tx, profile, [one[1]], Proof("api", who=one[0]))
    else:
        first, other, same, minute = one
        for identifier in (first, other):
            await profiles.find_or_make(tx, identifier)
        known = await store.ingest.find(tx, [first, other])
        pair = [known[identifier].id for identifier in (first, other)]
        at = AT - timedelta(minutes=minute)
        await store.identity.keep_verdicts(tx, {(pair[0], pair[1])}, same=same, by="test", at=at)
        await settle(tx, pair, by="test")


async def people(database: Database, copy: str) -> Counter[Any]:
    """Everybody of a copy as what is known of them, without numbers and with the names of the other copies."""
    own = "^[+]4479|^a[0-9]" if copy == "a" else "^[+]4478|^b[0-9]"
    rows = await sql(database, "SELECT profile_id, kind, value FROM identifier WHERE value ~ $1", own)
    names: dict[int, set[Any]] = {}
    for profile, kind, value in rows:
        names.setdefault(profile, set()).add(
            (kind, value.replace("+4478", "+4479").replace("b", "a", 1) if copy == "b" else value)
        )
    found: Counter[Any] = Counter()
    for profile, who in names.items():
        ((traits,),) = await sql(database, "SELECT traits FROM profile WHERE id = $1", profile)
        events = await sql(
            database,
            "SELECT name, at, properties->>'n' FROM event JOIN event_name n ON n.id = name_id WHERE profile_id = $1",
            profile,
        )
        sums = await sql(
            database,
            "SELECT name, count, first_at, last_at FROM event_sum JOIN event_name ON event_name.id = name_id"
            " WHERE profile_id = $1",
            profile,
        )
        wishes = await sql(database, "SELECT topic, channel, state FROM preference WHERE profile_id = $1", profile)
        spots = await sql(database, "SELECT channel, value FROM address WHERE profile_id = $1", profile)
        here = {
            (channel, value.replace("+4478", "+4479").replace("b", "a", 1) if copy == "b" else value)
            for channel, value in spots
        }
        found[
            (
                frozenset(who),
                str(sorted(traits.items())),
                frozenset(Counter(events).items()),
                frozenset(sums),
                frozenset(wishes),
                frozenset(here),
            )
        ] += 1
        assert {(name, count) for name, count, *_ in sums} == set(Counter(name for name, *_ in events).items())
    return found


@pytest.mark.parametrize("seed", range(12))
async def test_in_any_order_the_people_are_the_same(database: Database, seed: int) -> None:
    await hear(database, sayings(random.Random(seed), "a", 40))
    await settled(database)
    shuffled = sayings(random.Random(seed), "b", 40)
    random.Random(seed + 1000).shuffle(shuffled)
    for n in range(0, len(shuffled), 7):
        await hear(database, shuffled[n : n + 7])
        if seed % 2:
            await settled(database)
    await settled(database)
    assert await people(database, "b") == await people(database, "a")
    nowhere = "SELECT FROM identifier WHERE NOT EXISTS (SELECT FROM profile WHERE profile.id = profile_id)"
    strangers = "SELECT FROM event WHERE NOT EXISTS (SELECT FROM profile WHERE profile.id = profile_id)"
    assert not await sql(database, nowhere)
    assert not await sql(database, strangers)
    assert not await sql(database, "SELECT FROM alias JOIN alias a ON a.id = alias.profile_id")
