"""Accounts, traits and events through the HTTP API."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier
from antiphon.profiles import AccountFact, trait_schema
from profiles.facts import ANNA, AT, fact, record
from profiles.test_http import client as client


@pytest.mark.parametrize("key", ["acme", "a/b", "members", "100 %", "é:1"])
async def test_an_account_is_made_read_and_left(database: Database, client: Any, key: str) -> None:
    path = f"/accounts/{quote(key, safe='')}"
    assert (await client.get(path)).status_code == 404
    assert (await client.put(path, json={"traits": {"plan": "pro", "seats": 3}})).json()["traits"] == {
        "plan": "pro", "seats": 3,
    }  # fmt: skip
    await record(database, fact("1", ANNA, account=AccountFact(key)))
    answer = await client.put(path, json={"traits": {"seats": None}})
    assert (answer.json()["key"], answer.json()["traits"], answer.json()["members"]) == (key, {"plan": "pro"}, 1)
    [member] = (await client.get(f"{path}/members")).json()["members"]
    assert (member["external_id"], member["since"]) == ("42", AT.isoformat().replace("+00:00", "Z"))
    shown = (await client.get("/profiles/external_id:42")).json()["accounts"]
    assert shown == [{"key": key, "traits": {"plan": "pro"}, "since": member["since"]}]
    belonging = f"/profiles/external_id:42/accounts/{quote(key, safe='')}"
    assert [(await client.delete(belonging)).status_code for _ in range(2)] == [204, 404]
    assert (await client.get(f"{path}/members")).json() == {"members": [], "cursor": None}


async def test_members_come_in_pages(database: Database, client: Any) -> None:
    people = [Identifier("external_id", str(n)) for n in range(5)]
    await record(database, *(fact(one.value, one, account=AccountFact("acme")) for one in people))
    seen, cursor = [], ""
    while cursor is not None:
        page = (await client.get(f"/accounts/acme/members?limit=2&cursor={cursor}")).json()
        seen += [member["external_id"] for member in page["members"]]
        cursor = page["cursor"]
    assert sorted(seen) == ["0", "1", "2", "3", "4"]
    for query in ("limit=0", "limit=5000", "cursor=x", "cursor=-1"):
        assert (await client.get(f"/accounts/acme/members?{query}")).status_code == 400


async def test_traits_events_and_the_history_of_a_trait(database: Database, client: Any) -> None:
    trait_schema._kept.clear()
    await record(database, fact("1", ANNA, event="bought", properties='{"sku": "s"}', traits={"home/tier": "gold"}))
    [trait] = (await client.get("/traits")).json()
    assert trait == {"name": "home/tier", "type": "text", "share": 1.0, "examples": [], "paths": []}
    [event] = (await client.get("/events")).json()
    assert (event["name"], event["count"], event["properties"][0]["name"]) == ("bought", 1, "sku")
    [value] = (await client.get("/profiles/external_id:42/traits/home%2Ftier/history")).json()
    assert (value["value"], value["source"]) == ("gold", "")
    assert (await client.get("/profiles/external_id:nobody/traits/tier/history")).status_code == 404
