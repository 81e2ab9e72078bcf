"""Accounts: what they are told to be, and who belongs to them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from antiphon import profiles
from antiphon.kernel import outlet
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import AccountChange, Identifier, ProfileChange, ProfileId
from antiphon.profiles.accounts import Said, keep_accounts
from profiles.facts import ANNA, AT, sql

DAY = timedelta(days=1)
BEN = Identifier("external_id", "43")


async def person(database: Database, identifier: Identifier = ANNA) -> ProfileId:
    return await database.repeat(lambda tx: profiles.find_or_make(tx, identifier))


async def keep(database: Database, *rows: Said) -> None:
    await database.repeat(lambda tx: keep_accounts(tx, rows))


async def account(database: Database, key: str) -> profiles.Account | None:
    async with database.transaction() as tx:
        return await profiles.find_account(tx, key)


async def accounts_of(database: Database, id: ProfileId) -> list[tuple[str, Any]]:
    async with database.transaction() as tx:
        [profile] = await profiles.read(tx, [id])
    return [(one.key, one.since) for one in profile.accounts]


@pytest.fixture
def told(database: Database) -> list[Any]:
    """Every record that was told upwards."""
    heard: list[Any] = []

    async def note(_tx: Any, records: Sequence[Any]) -> None:
        heard.extend(records)

    database.takers.clear()
    outlet.take(database, ProfileChange, note)
    outlet.take(database, AccountChange, note)
    return heard


async def test_the_latest_word_by_event_time_counts_in_whatever_order_it_comes(database: Database) -> None:
    anna = await person(database)
    said = [
        {"plan": "free", "seats": 3},
        {"plan": "pro"},
        {"plan": None, "city": "Leeds"},
        {"plan": "team", "seats": None},
    ]
    for n, order in enumerate(permutations(range(4))):
        for day in order:
            await keep(database, (anna, 0, f"acme{n}", AT + day * DAY - 10 * DAY, said[day]))
        found = await account(database, f"acme{n}")
        assert found is not None
        assert found.traits == {"plan": "team", "city": "Leeds"}


async def test_somebody_belongs_since_the_earliest_time(database: Database, told: list[Any]) -> None:
    anna = await person(database)
    told.clear()
    for at in (AT, AT + DAY, AT - DAY):
        await keep(database, (anna, 7, "acme", at, None))
    assert await accounts_of(database, anna) == [("acme", AT - DAY)]
    assert told == [ProfileChange(anna, "account", ("acme",))]


async def test_the_account_joined_last_stands_first(database: Database) -> None:
    anna = await person(database)
    await keep(database, (anna, 0, "old", AT - 9 * DAY, None), (anna, 0, "new", AT - 2 * DAY, None))
    await keep(database, (anna, 0, "older", AT - 20 * DAY, None), (anna, 5, "new", AT - DAY, None))
    assert [key for key, _ in await accounts_of(database, anna)] == ["new", "old", "older"]


async def test_a_change_of_an_account_is_one_record_however_many_belong(database: Database, told: list[Any]) -> None:
    people = [await person(database, Identifier("external_id", str(n))) for n in range(30)]
    told.clear()
    await keep(database, *((id, 0, "acme", AT, {"plan": "free"}) for id in people))
    assert told == [ProfileChange(id, "account", ("acme",)) for id in sorted(people)]
    told.clear()
    await keep(database, (people[0], 0, "acme", AT + DAY, {"plan": "pro", "city": "Leeds"}))
    assert told == [AccountChange("acme", ("city", "plan"))]
    told.clear()
    await keep(database, (people[0], 0, "acme", AT + DAY, {"plan": "pro"}))
    await keep(database, (people[0], 0, "acme", AT - DAY, {"plan": "old news"}))
    assert told == []


async def test_what_is_dated_after_now_is_told_now(database: Database) -> None:
    anna = await person(database)
    await keep(database, (anna, 0, "acme", AT + 900 * DAY, {"plan": "far"}))
    await database.repeat(lambda tx: profiles.tell_account(tx, "acme", {"plan": "a"}))
    found = await account(database, "acme")
    assert found is not None
    assert found.traits == {"plan": "far"}, "of one instant the greater counts"
    assert await accounts_of(database, anna) == [("acme", database.clock.now())]


async def test_whoever_leaves_is_out_by_all_of_their_names(database: Database, told: list[Any]) -> None:
    anna = await person(database)
    await keep(database, (anna, 1, "acme", AT, None), (anna, 2, "acme", AT, None))
    told.clear()
    assert await database.repeat(lambda tx: profiles.leave_account(tx, anna, "acme"))
    assert not await database.repeat(lambda tx: profiles.leave_account(tx, anna, "acme"))
    assert await accounts_of(database, anna) == []
    assert told == [ProfileChange(anna, "account", ("acme",))]


async def test_writers_of_the_same_accounts_lose_nothing(database: Database) -> None:
    people = [await person(database, Identifier("external_id", str(n))) for n in range(12)]

    async def write(n: int) -> None:
        keys = ["a", "b", "c"] if n % 2 else ["c", "b", "a"]
        await keep(database, *((people[n], 0, key, AT + n * DAY - 60 * DAY, {f"t{n}": n, "last": n}) for key in keys))

    await asyncio.gather(*(write(n) for n in range(12)))
    for key in "abc":
        found = await account(database, key)
        assert found is not None
        assert found.traits == {f"t{n}": n for n in range(12)} | {"last": 11}
        assert found.members == 12


async def test_what_is_known_already_is_not_written_again(database: Database) -> None:
    """Every event of a page may name the account: that must not cost a row each."""
    anna = await person(database)
    await keep(database, (anna, 0, "acme", AT, None))
    before = await sql(database, "SELECT b.ctid, b.xmax, a.ctid, a.xmax FROM belonging b, account a")
    await keep(database, (anna, 0, "acme", AT + DAY, None))
    assert await sql(database, "SELECT b.ctid, b.xmax, a.ctid, a.xmax FROM belonging b, account a") == before


@pytest.mark.parametrize(("key", "traits", "at"), [
    ("", {}, "account.key"), ("a\0", {}, "account.key"), ("k" * 1001, {}, "account.key"),
    ("a", {"": 1}, "account.traits."), ("a", {"x": "\0"}, "account.traits.x"),
    ("a", {"x": 10**5000}, "account.traits.x"),
])  # fmt: skip
async def test_what_cannot_be_stored_is_named(database: Database, key: str, traits: dict[str, Any], at: str) -> None:
    with pytest.raises(Invalid) as raised:
        await database.repeat(lambda tx: profiles.tell_account(tx, key, traits))
    assert [flaw.at for flaw in raised.value.flaws] == [at]
    fact = profiles.Fact("test", "m", AT, who=(ANNA,), account=profiles.AccountFact(key, traits))
    assert [flaw.at for flaw in profiles.flaws(fact)] == [at]


async def test_pages_of_members_follow_their_cursor(database: Database) -> None:
    people = sorted([await person(database, Identifier("external_id", str(n))) for n in range(5)])
    await keep(database, *((id, who, "acme", AT + who * DAY - 5 * DAY, None) for id in people for who in (1, 2)))
    seen: list[ProfileId] = []
    async with database.transaction() as tx:
        while page := await profiles.members_of_account(tx, "acme", after=max(seen, default=0), limit=2):
            seen += [member.profile for member in page]
            assert {member.since for member in page} == {AT - 4 * DAY}
    assert seen == people
