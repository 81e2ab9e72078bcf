"""Group and alias calls and imported accounts, from the wire to the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from antiphon import profiles
from antiphon.integrations import PeopleMap, import_people
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles.identity import work as identity
from integrations.conftest import refused


def user(value: str) -> Identifier:
    return Identifier("external_id", value)


def browser(value: str) -> Identifier:
    return Identifier("anonymous_id", value)


async def person(database: Database, identifier: Identifier) -> ProfileId:
    async with database.transaction() as tx:
        return (await profiles.find(tx, [identifier]))[identifier]


async def accounts(database: Database, identifier: Identifier) -> dict[str, Any]:
    id = await person(database, identifier)
    async with database.transaction() as tx:
        [found] = await profiles.read(tx, [id])
    return {one.key: one.traits for one in found.accounts}


async def work(database: Database) -> None:
    while await identity.work(database):
        pass


async def post(client: httpx.AsyncClient, call: str, **event: Any) -> None:
    answer = await client.post(f"/{call}", json=event)
    assert answer.json() == {"success": True}


async def test_a_group_call_makes_the_account_and_somebody_belongs_to_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    await post(client, "identify", userId="u", traits={"email": "ann@shop.example", "plan": "own"})
    await post(client, "group", userId="u", groupId="acme", traits={"plan": "pro", "email": "office@acme.example"})
    await post(client, "track", anonymousId="a", event="seen", context={"groupId": "house"})
    assert await accounts(database, user("u")) == {"acme": {"plan": "pro", "email": "office@acme.example"}}
    assert await accounts(database, browser("a")) == {"house": {}}
    async with database.transaction() as tx:
        [ann] = await profiles.read(tx, [await person(database, user("u"))])
    assert ann.traits == {"email": "ann@shop.example", "plan": "own"}
    assert [address.value for address in ann.addresses] == ["ann@shop.example"]


async def test_merged_people_belong_to_the_accounts_of_both(client: httpx.AsyncClient, database: Database) -> None:
    await post(client, "group", anonymousId="a", groupId="house")
    await post(client, "group", userId="u", groupId="acme")
    await post(client, "identify", userId="u", anonymousId="a")
    await work(database)
    assert set(await accounts(database, user("u"))) == {"acme", "house"}
    assert await person(database, user("u")) == await person(database, browser("a"))


async def test_an_alias_of_an_id_never_heard_of_names_a_browser(client: httpx.AsyncClient, database: Database) -> None:
    await post(client, "alias", userId="u", previousId="old")
    assert await person(database, browser("old")) == await person(database, user("u"))


async def test_an_alias_of_a_browser_makes_one_person_of_two(client: httpx.AsyncClient, database: Database) -> None:
    await post(client, "track", anonymousId="old", event="seen")
    await post(client, "identify", userId="u")
    assert await person(database, browser("old")) != await person(database, user("u"))
    await post(client, "alias", userId="u", previousId="old")
    await work(database)
    assert await person(database, browser("old")) == await person(database, user("u"))


async def test_an_alias_of_another_user_is_linked_and_stays_another_customer(
    client: httpx.AsyncClient, database: Database
) -> None:
    """Two userIds are two customers until somebody of the staff says otherwise; no browser is made of the older one."""
    await post(client, "identify", userId="old")
    await post(client, "identify", userId="u")
    for _ in range(2):
        await post(client, "alias", userId="u", previousId="old")
    await work(database)
    assert await person(database, user("old")) != await person(database, user("u"))
    assert await database.pool.fetchval("SELECT count(*) FROM link") == 1
    assert await database.pool.fetchval("SELECT count(*) FROM identifier WHERE kind = 'anonymous_id'") == 0


async def test_one_bad_account_costs_its_call_and_no_other(client: httpx.AsyncClient, database: Database) -> None:
    calls = [
        {"type": "group", "userId": "u", "groupId": "x" * 2000},
        {"type": "group", "userId": "u", "groupId": "acme", "traits": {"": 1}},
        {"type": "group", "userId": "u", "groupId": "good"},
    ]
    answer = await client.post("/batch", json={"batch": calls})
    assert answer.status_code == 200
    assert set(await accounts(database, user("u"))) == {"good"}
    assert len(await refused(database)) == 2


async def test_an_import_takes_a_column_for_the_account(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text("id,company,age\n1,17,30\n2,,40\n3,acme,50\n")
    mapping = PeopleMap({"external_id": "id"}, account="company")
    report = await import_people(database, file, mapping)
    assert (report.new, report.refused) == (3, 0)
    found = [await accounts(database, user(str(n))) for n in (1, 2, 3)]
    assert found == [{"17": {}}, {}, {"acme": {}}]
    async with database.transaction() as tx:
        [first] = await profiles.read(tx, [await person(database, user("1"))])
    assert first.traits == {"age": 30}, "the column of the account is no trait"
    with pytest.raises(Invalid, match=r"map.account"):
        await import_people(database, file, PeopleMap({"external_id": "id"}, account="firm"))
