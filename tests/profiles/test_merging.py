"""Two numbers, one customer: at once for identifiers, wishes and opt-outs, in due work for events, and back again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from antiphon import profiles
from antiphon.kernel import outlet
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Identifier, Merged, ProfileChange, ProfileId, Unmerged
from antiphon.profiles import Proof, Statement
from antiphon.profiles.identity import merging, move, work
from profiles.facts import ANNA, AT, BROWSER, MAIL, events, fact, record, sql
from profiles.test_replay import settled

CRM = Identifier("external_id@crm", "c-7")
PHONE = Identifier("phone", "+447911123456")


async def two(database: Database) -> tuple[ProfileId, ProfileId]:
    """Anna of the shop, and somebody of the CRM with another address and a wish of their own."""
    shop = await record(
        database, fact("1", ANNA, MAIL, traits={"tier": "gold", "city": "Bath"}), fact("2", ANNA, event="a")
    )
    crm = await record(
        database, fact("3", CRM, PHONE, traits={"tier": "basic"}, at=AT + timedelta(days=1)), fact("4", CRM, event="b")
    )
    wish = Statement("offers", "sms", "unwanted", at=AT)
    await database.repeat(lambda tx: profiles.state(tx, crm.profiles[0], [wish], Proof("api", who=CRM)))
    return shop.profiles[0], crm.profiles[0]  # type: ignore[return-value]


async def merged(database: Database) -> tuple[ProfileId, ProfileId]:
    shop, crm = await two(database)
    assert await database.repeat(lambda tx: profiles.merge_people(tx, shop, crm, by="staff")) == shop
    return shop, crm


async def seen(database: Database, profile: ProfileId) -> profiles.Profile:
    async with database.transaction(read_only=True) as tx:
        (found,) = await profiles.read(tx, [profile])
    return found


async def test_what_was_said_and_where_they_are_reached_holds_from_the_first_moment(database: Database) -> None:
    shop, crm = await merged(database)
    anna = await seen(database, shop)
    assert {(one.kind, one.value) for one in anna.identifiers} == {(i.kind, i.value) for i in (ANNA, MAIL, CRM, PHONE)}
    assert {one.channel for one in anna.addresses} == {"email", "sms"}
    assert anna.traits == {"tier": "basic", "city": "Bath"}, "the later word by event time"
    assert [(p.topic, p.channel, p.state) for p in anna.preferences] == [("offers", "sms", "unwanted")]
    async with database.transaction() as tx:
        assert await profiles.find(tx, [CRM, PHONE]) == {CRM: shop, PHONE: shop}
        assert await profiles.read(tx, [crm]) == []


async def test_events_and_their_sums_follow_and_then_the_person_is_whole(database: Database) -> None:
    told: list[Any] = []

    async def taker(_tx: Transaction, records: Any) -> None:
        told.extend(records)

    for kind in (Merged, Unmerged, ProfileChange):
        outlet.take(database, kind, taker)
    shop, crm = await merged(database)
    assert Merged(crm, shop) in told
    assert await sql(database, "SELECT profile_id FROM known_moving") == [(shop,)]
    assert ProfileChange(shop, "merged") not in told
    await settled(database)
    assert ProfileChange(shop, "merged") in told
    assert await sql(database, "SELECT profile_id FROM known_moving") == []
    async with database.transaction() as tx:
        assert sorted(event.name for event in await events(tx, shop)) == ["a", "b"]
    assert await sql(database, "SELECT DISTINCT profile_id FROM event_sum") == [(shop,)]


async def test_an_unmerge_parts_what_came_before_and_after(database: Database) -> None:
    shop, crm = await merged(database)
    await settled(database)
    await record(
        database, fact("5", CRM, event="b", at=AT), fact("6", ANNA, event="a"), fact("7", CRM, traits={"tier": "new"})
    )
    part = await members(database, shop, crm)
    assert set(part) == {CRM, PHONE}
    back = await database.repeat(lambda tx: profiles.unmerge(tx, shop, part, by="staff"))
    await settled(database)
    assert back == crm, "the old number means the old person"
    async with database.transaction() as tx:
        assert [event.name for event in await events(tx, shop)] == ["a", "a"]
        assert [event.name for event in await events(tx, crm)] == ["b", "b"]
    assert (await seen(database, shop)).traits == {"tier": "gold", "city": "Bath"}
    assert (await seen(database, crm)).traits == {"tier": "basic"}, "told on the 24th, after that of the 25th"
    assert [p.channel for p in (await seen(database, crm)).preferences] == ["sms"]
    assert [one.channel for one in (await seen(database, shop)).addresses] == ["email"]
    assert (await seen(database, shop)).preferences == []
    assert sorted(await sql(database, "SELECT profile_id, count FROM event_sum")) == sorted([(shop, 2), (crm, 2)])


async def members(database: Database, shop: ProfileId, crm: ProfileId) -> list[Identifier]:
    async with database.transaction() as tx:
        return await merging.members_of_alias(tx, shop, crm)


async def test_an_unmerge_outlasts_what_is_said_later_and_a_merge_takes_it_back(database: Database) -> None:
    shop, crm = await merged(database)
    part = await members(database, shop, crm)
    await database.repeat(lambda tx: profiles.unmerge(tx, shop, part, by="staff"))
    await record(database, fact("8", MAIL, PHONE), fact("9", CRM, MAIL))
    await settled(database)
    async with database.transaction() as tx:
        assert await profiles.find(tx, [ANNA, MAIL, CRM]) == {ANNA: shop, MAIL: shop, CRM: crm}
    await database.repeat(lambda tx: profiles.merge_people(tx, crm, shop, by="staff"))
    await settled(database)
    async with database.transaction() as tx:
        assert len(set((await profiles.find(tx, [ANNA, MAIL, CRM, PHONE])).values())) == 1


async def test_by_itself_a_mail_address_joins_two_sources_but_never_two_ids_of_one(database: Database) -> None:
    await record(database, fact("1", ANNA, MAIL), fact("2", CRM, event="a"))
    await record(database, fact("3", CRM, MAIL), fact("4", Identifier("external_id", "43"), MAIL))
    await settled(database)
    async with database.transaction() as tx:
        found = await profiles.find(tx, [ANNA, CRM, Identifier("external_id", "43")])
    assert found[ANNA] == found[CRM]
    assert found[Identifier("external_id", "43")] != found[ANNA]


async def test_a_browser_of_many_customers_joins_none_of_them(database: Database) -> None:
    people = [Identifier("external_id", str(n)) for n in range(6)]
    await record(database, fact("0", BROWSER, event="visit"))
    for n, one in enumerate(people):
        await record(database, fact(f"k{n}", one, BROWSER, event="kiosk"))
        await settled(database)
    async with database.transaction() as tx:
        found = await profiles.find(tx, [*people, BROWSER])
        assert len(set(found.values())) == 7
        assert [event.name for event in await events(tx, found[BROWSER])] == ["visit"]
    assert await sql(database, "SELECT shared FROM identifier WHERE kind = 'anonymous_id'") == [(True,)]


async def test_a_number_that_was_given_to_somebody_else_goes_with_the_new_owner(database: Database) -> None:
    bob = Identifier("external_id", "bob")
    await record(database, fact("1", ANNA, PHONE, at=AT - timedelta(days=400)))
    await record(database, fact("2", bob, PHONE, at=AT))
    await settled(database)
    async with database.transaction() as tx:
        found = await profiles.find(tx, [ANNA, bob, PHONE])
    assert found[PHONE] == found[bob] != found[ANNA]


async def test_who_wrote_before_the_merge_and_commits_after_it_is_found(database: Database) -> None:
    """Ingest takes no lock for merges: a straggler's event comes to the old number, and follows."""
    shop, crm = await two(database)
    async with database.transaction() as straggler:
        await profiles.record(straggler, [fact("late", CRM, event="late")])
        await database.repeat(lambda tx: profiles.merge_people(tx, shop, crm, by="staff"))
        await settled(database)
        assert await sql(database, "SELECT profile_id FROM move_due") == [(crm,)], "waits for the straggler"
    await settled(database)
    assert await sql(database, "SELECT profile_id FROM move_due") == []
    async with database.transaction() as tx:
        assert "late" in {event.name for event in await events(tx, shop)}


async def test_merges_beside_ingest_lose_nothing(database: Database) -> None:
    browsers = [Identifier("anonymous_id", f"b{n}") for n in range(8)]

    async def visit(k: int) -> None:
        for n in range(25):
            await record(database, *(fact(f"{k}-{n}-{b.value}", b, event="visit") for b in browsers))

    async def sign_in() -> None:
        for n, browser in enumerate(browsers):
            await record(database, fact(f"s{n}", Identifier("external_id", f"p{n % 3}"), MAIL if n == 0 else PHONE))
            await record(database, fact(f"t{n}", Identifier("external_id", f"p{n % 3}"), browser))
            await asyncio.sleep(0.02)

    done = asyncio.Event()

    async def keep() -> None:
        while not done.is_set():
            await work.work(database)
            await move.work(database)
            await asyncio.sleep(0.005)

    keeper = asyncio.create_task(keep())
    await asyncio.gather(visit(1), visit(2), sign_in())
    done.set()  # cancelled, it would hold its leases for a minute
    await keeper
    await settled(database)
    assert await sql(database, "SELECT sum(count), (SELECT count(*) FROM event) FROM event_sum") == [(400, 400)]
    people = "SELECT count(DISTINCT profile_id) FROM event"
    assert await sql(database, people) == [(3,)]
    assert not await sql(database, "SELECT FROM event WHERE NOT EXISTS (SELECT FROM profile p WHERE p.id = profile_id)")


async def test_a_preview_says_what_the_merge_then_does_and_changes_nothing(database: Database) -> None:
    shop, crm = await two(database)
    before = await sql(database, "SELECT id, profile_id FROM identifier ORDER BY id")
    async with database.transaction() as tx:
        (after,) = (await merging.preview_merge(tx, shop, crm)).people
    assert await sql(database, "SELECT id, profile_id FROM identifier ORDER BY id") == before
    assert after.id == shop
    assert set(after.identifiers) == {ANNA, MAIL, CRM, PHONE}
    assert after.traits == {"tier": "basic"}
    assert set(after.numbers) == {shop, crm}
    assert [(w.topic, w.channel, w.state) for w in after.preferences] == [("offers", "sms", "unwanted")]
    await database.repeat(lambda tx: profiles.merge_people(tx, shop, crm, by="staff"))
    assert (await seen(database, shop)).traits["tier"] == "basic"


async def test_a_preview_of_an_unmerge_shows_both(database: Database) -> None:
    shop, crm = await merged(database)
    await settled(database)
    async with database.transaction() as tx:
        one, other = (await merging.preview_unmerge(tx, shop, [CRM, PHONE])).people
    assert (one.id, set(one.identifiers), one.traits) == (shop, {ANNA, MAIL}, {"tier": "gold"})
    assert (other.id, set(other.identifiers), other.traits) == (crm, {CRM, PHONE}, {"tier": "basic"})


@pytest.mark.parametrize(
    ("part", "says"), [([], "must go"), ([ANNA, MAIL, CRM, PHONE], "must stay"), ([BROWSER], "none of")]
)
async def test_an_unmerge_of_nothing_or_all_is_refused(database: Database, part: list[Identifier], says: str) -> None:
    shop, _ = await merged(database)
    with pytest.raises(Invalid, match=says):
        await database.repeat(lambda tx: profiles.unmerge(tx, shop, part, by="staff"))


async def test_a_merge_of_a_merge_leads_all_numbers_to_one(database: Database) -> None:
    shop, crm = await merged(database)
    (third,) = (await record(database, fact("z", BROWSER, event="a"))).profiles
    assert third is not None
    await database.repeat(lambda tx: profiles.merge_people(tx, third, shop, by="staff"))
    await settled(database)
    assert sorted(await sql(database, "SELECT id, profile_id FROM alias")) == sorted([(crm, shop), (third, shop)])
    back = await database.repeat(lambda tx: profiles.unmerge(tx, shop, [BROWSER], by="staff"))
    await settled(database)
    assert back == third
    assert await sql(database, "SELECT id, profile_id FROM alias") == [(crm, shop)]
