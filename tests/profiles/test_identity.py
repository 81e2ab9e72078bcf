"""One profile per identifier, in any order, by any number of writers."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon import profiles
from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier
from antiphon.profiles import resolve
from antiphon.profiles.identifiers import strength
from profiles.facts import ANNA, BROWSER, MAIL, fact, record, sql

BOB = Identifier("external_id", "bob")


async def test_a_browser_becomes_the_person_who_signs_in(database: Database) -> None:
    before = await record(database, fact("1", BROWSER, event="page viewed"))
    after = await record(database, fact("2", ANNA, BROWSER), fact("3", ANNA, event="a"))
    assert set(before.profiles) == set(after.profiles)


async def test_a_second_person_on_the_same_browser_is_somebody_else(database: Database) -> None:
    anna = await record(database, fact("1", ANNA, BROWSER))
    bob = await record(database, fact("2", BOB, BROWSER))
    assert bob.conflicts == 1
    assert set(anna.profiles).isdisjoint(bob.profiles)
    assert (await record(database, fact("3", BROWSER, event="a"))).profiles == anna.profiles


async def test_the_strongest_identifier_wins_and_nothing_moves(database: Database) -> None:
    anna = await record(database, fact("1", ANNA))
    mail = await record(database, fact("2", MAIL))
    both = await record(database, fact("3", MAIL, ANNA, event="a"))
    assert (both.profiles, both.conflicts) == (anna.profiles, 1)
    assert (await record(database, fact("4", MAIL, event="a"))).profiles == mail.profiles


async def test_facts_of_one_batch_that_share_an_identifier_are_one_person_in_any_order(database: Database) -> None:
    batch = [("a", [ANNA]), ("b", [MAIL]), ("c", [BROWSER, MAIL]), ("d", [ANNA, BROWSER])]
    for n, order in enumerate(itertools.permutations(batch)):
        facts = [
            fact(f"{n}{name}", *(Identifier(i.kind, f"{n}{i.value}") for i in who), event="a") for name, who in order
        ]
        done = await record(database, *facts)
        assert (len(set(done.profiles)), done.conflicts) == (1, 0)


async def test_rivals_with_the_same_new_identifiers_make_one_profile(database: Database) -> None:
    for n in range(15):
        who = [Identifier(i.kind, f"{n}{i.value}") for i in (ANNA, MAIL, BROWSER)]
        facts = [
            [fact(f"{n}a", who[0], who[1])],
            [fact(f"{n}b", who[0], who[2])],
            [fact(f"{n}c", who[0])],
            [fact(f"{n}d", who[0], event="a"), fact(f"{n}e", *who, event="a")],
        ]
        done = await asyncio.gather(*(record(database, *some) for some in facts))
        assert len({id for one in done for id in one.profiles}) == 1
    await assert_directory_is_whole(database)


async def test_rivals_that_name_one_person_in_different_ways_leave_a_whole_directory(database: Database) -> None:
    """Who comes first decides; but nobody is lost, nobody is double, no name leads nowhere."""
    for n in range(15):
        a, m, b, c = (Identifier(i.kind, f"{n}{i.value}") for i in (ANNA, MAIL, BROWSER, BOB))
        await asyncio.gather(
            record(database, fact(f"{n}1", a, m), fact(f"{n}2", m, b)),
            record(database, fact(f"{n}3", m), fact(f"{n}4", b, event="a")),
            record(database, fact(f"{n}5", c, b), fact(f"{n}6", m, event="a")),
            record(database, fact(f"{n}7", a, b), fact(f"{n}8", c, m, event="a")),
        )
    await assert_directory_is_whole(database)


async def assert_directory_is_whole(database: Database) -> None:
    nowhere = "SELECT * FROM identifier WHERE NOT EXISTS (SELECT FROM profile WHERE id = profile_id)"
    nameless = "SELECT * FROM profile WHERE NOT EXISTS (SELECT FROM identifier WHERE profile_id = profile.id)"
    two = "SELECT profile_id FROM identifier WHERE kind = 'external_id' GROUP BY 1 HAVING count(*) > 1"
    strangers = "SELECT * FROM event WHERE NOT EXISTS (SELECT FROM profile WHERE id = profile_id)"
    for question in (nowhere, nameless, two, strangers):
        assert await sql(database, question) == []


async def test_rivals_that_sign_in_on_one_browser_stay_two_people(database: Database) -> None:
    for n in range(10):
        browser = Identifier("anonymous_id", str(n))
        people = [Identifier("external_id", f"{n}-{k}") for k in range(4)]
        await record(database, fact(f"{n}", browser, event="a"))
        done = await asyncio.gather(*(record(database, fact(p.value, p, browser)) for p in people))
        assert len({id for one in done for id in one.profiles}) == 4
    await assert_directory_is_whole(database)


async def test_find_or_make_makes_one_that_can_be_reached(database: Database) -> None:
    async def make(_: int) -> Any:
        return await database.repeat(lambda tx: profiles.find_or_make(tx, MAIL))

    (id,) = set(await asyncio.gather(*map(make, range(5))))
    async with database.transaction() as tx:
        (profile,) = await profiles.read(tx, [id])
    assert [(one.channel, one.value, one.state) for one in profile.addresses] == [("email", MAIL.value, "active")]


kinds = ["external_id", "email", "phone", "anonymous_id"]
identifiers = st.builds(Identifier, st.sampled_from(kinds), st.sampled_from("12"))
whos = st.lists(st.lists(identifiers, min_size=1, max_size=3, unique=True), min_size=1, max_size=6)
directories = st.dictionaries(identifiers, st.integers(1, 4), max_size=5)


def plan(whos: list[list[Identifier]], known: dict[Identifier, int]) -> resolve.Plan:
    named = {owner: frozenset({i.kind}) for i, owner in known.items() if i.kind == "external_id"}
    return resolve.plan([sorted(who, key=strength) for who in whos], known, named)


@settings(max_examples=300, deadline=None)
@given(whos, directories)
def test_a_fact_goes_where_its_strongest_identifier_leads(
    whos: list[list[Identifier]], known: dict[Identifier, int]
) -> None:
    made = plan(whos, known)
    after = known | made.free
    assert not made.free.keys() & known.keys(), "nothing moves"
    for who, owner in zip(whos, made.owners, strict=True):
        kind = min(strength(i) for i in who)
        assert owner in {after.get(i) for i in who if strength(i) == kind}
    existing = {owner for i, owner in known.items() if i.kind == "external_id"}
    named = [owner for i, owner in made.free.items() if i.kind == "external_id"]
    assert len(set(named)) == len(named), "one external id each"
    assert not existing & set(named), "one external id each"
    second = {owner for identifier, owner in made.free.items() if identifier.kind == "external_id"}
    assert all(owner in made.owners or owner in second for owner in made.free.values()), "nobody is made for nothing"


@settings(max_examples=200, deadline=None)
@given(whos.filter(lambda all: len({i for who in all for i in who if i.kind == "external_id"}) < 2), st.randoms())
def test_new_people_without_conflicts_are_the_same_in_any_order(whos: list[list[Identifier]], random: Any) -> None:
    def people(order: list[list[Identifier]]) -> set[frozenset[Identifier]]:
        free = plan(order, {}).free
        return {frozenset(i for i, owner in free.items() if owner == one) for one in free.values()}

    shuffled = random.sample(whos, len(whos))
    assert people(whos) == people(shuffled)
