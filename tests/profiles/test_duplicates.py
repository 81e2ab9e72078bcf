"""Who may be one person: found by what two people have in common, with reasons; never who was said to be apart."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import profiles
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import duplicates, likeness
from antiphon.profiles.duplicates import Duplicate
from antiphon.profiles.identity import work
from antiphon.profiles.likeness import Reason, same_name, score
from profiles.facts import fact, record, sql

ANA = {"first_name": "Ana", "last_name": "Reyes"}


async def person(database: Database, number: int, traits: dict[str, Any], *who: Identifier) -> ProfileId:
    told = fact(f"person {number}", Identifier("external_id", f"C-{number}"), *who, traits=traits)
    (profile,) = (await record(database, told)).profiles
    assert profile is not None
    await database.repeat(lambda tx: profiles.keep_words(tx, {profile: traits}))
    return profile


async def everybody(database: Database, *, limit: int = 50) -> list[Duplicate]:
    found: list[Duplicate] = []
    cursor = None
    for _ in range(100):
        async with database.transaction(read_only=True) as tx:
            page = await duplicates.find_duplicates(tx, limit=limit, cursor=cursor)
        assert len(page.duplicates) <= limit
        found += page.duplicates
        if page.cursor is None:
            return found
        cursor = page.cursor
    raise AssertionError("the pages do not end")


async def of(database: Database, profile: ProfileId) -> list[Duplicate]:
    async with database.transaction(read_only=True) as tx:
        return await duplicates.duplicates_of(tx, profile)


async def settle(database: Database) -> None:
    while await work.work(database):
        pass


def pairs(found: list[Duplicate]) -> list[set[ProfileId]]:
    return [{one.one.id, one.other.id} for one in found]


def whys(one: Duplicate) -> list[str]:
    return [reason.what for reason in one.reasons]


async def test_the_same_name_and_birthday_are_one_person_whom_nobody_named_together(database: Database) -> None:
    one = await person(database, 1, ANA | {"birthday": "1980-01-31"})
    other = await person(database, 2, {"name": "Ana  REYES", "date_of_birth": "1980-01-31"})
    await person(database, 3, ANA | {"birthday": "1980-02-01"})
    await person(database, 4, {"name": "Bruno Reyes", "birthday": "1980-01-31"})
    (found,) = await everybody(database)
    assert {found.one.id, found.other.id} == {one, other}
    assert whys(found) == ["same_birthday"]
    assert [kept.rule for kept in found.kept_apart] == ["nobody"]
    assert found.one.name == "Ana Reyes"


async def test_a_family_in_one_house_is_not_one_person(database: Database) -> None:
    await person(database, 1, ANA | {"postcode": "AB1 2CD"})
    await person(database, 2, {"name": "Bruno Reyes", "address": {"postalCode": "ab12cd"}})
    assert await everybody(database) == []
    again = await person(database, 3, {"name": "A. Reyes", "zip": "AB12CD"})
    assert [again in pair for pair in pairs(await everybody(database))] == [True]


@pytest.mark.parametrize(
    ("one", "other", "is_found"),
    [
        ("ana@shop.example", "ana+news@shop.example", True),
        ("ana+a@shop.example", "ana+b@shop.example", True),
        ("ana.reyes@gmail.com", "anareyes+x@googlemail.com", True),
        ("a.na@shop.example", "ana@shop.example", False),
        ("ana@shop.example", "ana+news@other.example", False),
        ("ana@shop.example", "anab@shop.example", False),
        ("an%a@shop.example", "anna@shop.example", False),
    ],
)
async def test_one_mailbox_in_two_spellings(database: Database, one: str, other: str, is_found: bool) -> None:
    first = await person(database, 1, {}, Identifier("email", one))
    second = await person(database, 2, {}, Identifier("email", other))
    found = await everybody(database)
    assert pairs(found) == ([{first, second}] if is_found else [])
    assert all("same_mailbox" in whys(pair) for pair in found)
    assert pairs(await of(database, second)) == pairs(found)


async def test_whom_a_limit_keeps_apart_is_found_with_the_limit(database: Database) -> None:
    phone = Identifier("phone", "+447700900123")
    one = await person(database, 1, ANA, phone)
    other = await person(database, 2, ANA, phone)
    await settle(database)
    (found,) = await everybody(database)
    assert {found.one.id, found.other.id} == {one, other}
    assert whys(found)[0] == "named_together"
    assert "same_name" in whys(found)
    assert [(kept.rule, "external_id" in kept.says) for kept in found.kept_apart] == [("limit", True)]
    assert "phone:+447700900123" in found.reasons[0].says


async def test_names_that_differ_make_a_shared_phone_say_little(database: Database) -> None:
    phone = Identifier("phone", "+447700900123")
    ana = await person(database, 1, ANA, phone)
    await person(database, 2, {"name": "Ottokar Zimmermann"}, phone)
    twin = await person(database, 3, ANA, phone)
    found = await of(database, ana)
    assert found[0].other.id == twin
    assert found[0].score > 2 * found[-1].score


async def test_whom_somebody_said_to_be_apart_is_not_shown_again(database: Database) -> None:
    phone = Identifier("phone", "+447700900123")
    one = await person(database, 1, ANA, phone)
    other = await person(database, 2, ANA, phone)
    await settle(database)
    assert pairs(await everybody(database)) == [{one, other}]
    numbers = await sql(database, "SELECT id FROM identifier WHERE kind = 'external_id' ORDER BY id")
    await database.pool.execute(
        "INSERT INTO verdict VALUES ($1 & 255, $1, $2, false, '2026-01-01', 'test')", *(id for (id,) in numbers)
    )
    assert await everybody(database) == []
    assert await of(database, one) == []


async def test_people_who_were_merged_are_not_duplicates(database: Database) -> None:
    one = await person(database, 1, ANA | {"birthday": "1980-01-31"})
    other = await person(database, 2, ANA | {"birthday": "1980-01-31"})
    await database.repeat(lambda tx: profiles.merge_people(tx, one, other, by="staff"))
    assert await everybody(database) == []


async def test_a_device_that_everybody_has_makes_nobody_a_duplicate(database: Database) -> None:
    kiosk = Identifier("device", "kiosk")
    await person(database, 1, {"name": "Ana Reyes"}, kiosk)
    await person(database, 2, {"name": "Bruno Lund"}, kiosk)
    await settle(database)
    await database.pool.execute("UPDATE identifier SET shared = true WHERE kind = 'device'")
    assert await everybody(database) == []


@pytest.mark.parametrize("limit", [1, 3, 50])
async def test_pages_show_each_pair_once(database: Database, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(duplicates, "SCAN", 2)
    monkeypatch.setattr(duplicates, "ROUNDS", 2)
    ids = [await person(database, n, {"name": f"Ana Reyes{n // 2}", "birthday": "1980-01-31"}) for n in range(10)]
    found = pairs(await everybody(database, limit=limit))
    assert sorted(map(sorted, found)) == sorted(sorted(ids[n : n + 2]) for n in range(0, 10, 2))


async def test_a_cursor_that_we_did_not_give_is_refused(database: Database) -> None:
    for cursor in ("", "x", "-1", "9" * 30, "¹", str(2**63)):
        with pytest.raises(Invalid) as refused:
            async with database.transaction(read_only=True) as tx:
                await duplicates.find_duplicates(tx, cursor=cursor)
        assert [flaw.at for flaw in refused.value.flaws] == ["cursor"]


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("Ana Reyes", "REYES, Ana", 0.8, 1.0),
        ("Ana Reyes", "A. Reyes", 0.9, 1.0),
        ("Jon Smith", "John Smith", 0.9, 1.0),
        ("Alex Lund", "Alexander Lund", 0.9, 1.0),
        ("Ana Reyes", "Ana María Reyes", 1.0, 1.0),
        ("Ana Reyes", "Bruno Reyes", 0.0, 0.79),
        ("Ana Reyes", "Ottokar Zimmermann", 0.0, 0.59),
    ],
)
def test_names_are_alike(one: str, other: str, least: float, most: float) -> None:
    like = same_name({"name": one}, {"name": other})
    assert like is not None
    assert least <= like <= most
    assert same_name({"name": other}, {"name": one}) == like


def test_an_unknown_name_says_nothing() -> None:
    assert same_name({"name": "Ana"}, {}) is None


reasons = st.lists(st.sampled_from([Reason(what, "", weight) for what, weight in likeness.WEIGHTS.items()]), max_size=6)


@given(reasons, reasons, st.none() | st.floats(0, 1))
def test_more_evidence_never_makes_it_less_likely(some: list[Reason], more: list[Reason], name: float | None) -> None:
    assert 0 <= score(some, name) <= score(some + more, name) <= 1
    assert score(some, 0.0) <= score(some, None)
