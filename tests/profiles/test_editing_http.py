"""A person changed by hand, and a merge looked at before: through the HTTP API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from antiphon import profiles
from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets
from antiphon.profiles.http import routes
from app.alone import alone
from profiles.facts import ANNA, MAIL, fact, record

PHONE = Identifier("phone", "+447400123456")
BOB = Identifier("external_id", "77")
Move = Callable[[timedelta], Awaitable[datetime]]


@pytest_asyncio.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with alone(Runtime(database, Secrets(bytes(32)), "http://antiphon.example"), routes) as client:
        yield client


@pytest_asyncio.fixture
async def anna(database: Database, move: Move) -> str:
    (id,) = (await record(database, fact("1", ANNA, MAIL, traits={"tier": "tin", "age": 30}))).profiles
    await move(timedelta(hours=1))
    return str(id)


async def test_traits_are_set_and_removed_with_who_did_it(client: httpx.AsyncClient, anna: str) -> None:
    answer = await client.patch(f"/people/{anna}/traits", json={"traits": {"tier": "gold", "age": None, "vip": True}})
    assert answer.status_code == 200, answer.text
    told = {one["name"]: one for one in answer.json()["traits"]}
    assert {name: one["value"] for name, one in told.items()} == {"tier": "gold", "vip": True}
    assert (told["tier"]["source"], told["tier"]["type"], told["vip"]["type"]) == ("staff:12", "text", "boolean")
    history = (await client.get(f"/profiles/id:{anna}/traits/tier/history")).json()
    values = [(one["value"], one["source"]) for one in history]
    assert values == [("gold", "staff:12"), ("tin", "")]  # of what made them nothing was changed


async def test_a_person_is_named_by_number_also_after_a_merge(
    client: httpx.AsyncClient, database: Database, anna: str
) -> None:
    (bob,) = (await record(database, fact("2", BOB, PHONE, traits={"tier": "gold"}))).profiles
    merged = (await client.post(f"/profiles/id:{anna}/merge", json={"with": f"id:{bob}"})).json()
    assert {merged["profile"], merged["number"]} == {anna, str(bob)}
    for number in (anna, str(bob)):
        assert (await client.get(f"/profiles/id:{number}")).json()["id"] == merged["profile"]
    await client.post(f"/profiles/id:{anna}/unmerge", json={"number": merged["number"]})
    assert (await client.get(f"/profiles/id:{bob}")).json()["id"] == str(bob)
    assert (await client.get("/profiles/id:999")).status_code == 404


async def test_an_identifier_added_by_hand_says_who_added_it(client: httpx.AsyncClient, anna: str) -> None:
    wish = {"kind": "phone", "value": "07400 123456", "region": "GB"}
    added = (await client.post(f"/people/{anna}/identifiers", json=wish)).json()
    assert added == {"kind": "phone", "value": "+447400123456", "added": True}
    assert (await client.post(f"/people/{anna}/identifiers", json=wish)).json()["added"] is False
    known = (await client.get(f"/profiles/id:{anna}/identity")).json()["identifiers"]
    assert {one["kind"]: one["source"] for one in known}["phone"] == "staff:12"
    reached = (await client.get(f"/profiles/id:{anna}")).json()["addresses"]
    assert ("sms", "+447400123456") in [(one["channel"], one["value"]) for one in reached]


async def test_an_identifier_of_somebody_else_is_not_taken_from_them(
    client: httpx.AsyncClient, database: Database, anna: str
) -> None:
    (bob,) = (await record(database, fact("2", BOB, PHONE))).profiles
    answer = await client.post(f"/people/{anna}/identifiers", json={"kind": "phone", "value": PHONE.value})
    assert (answer.status_code, answer.json()["code"]) == (409, "identifier_taken")
    assert str(bob) in answer.json()["errors"][0]["message"]
    second = await client.post(f"/people/{anna}/identifiers", json={"kind": "external_id", "value": "another"})
    assert (second.status_code, second.json()["code"]) == (409, "identifier_apart")  # one person has one
    async with database.transaction() as tx:
        assert await profiles.find(tx, [Identifier("external_id", "another")]) == {}


async def test_an_address_is_suppressed_and_restored_with_a_reason(client: httpx.AsyncClient, anna: str) -> None:
    wish = {"channel": "email", "value": MAIL.value.upper(), "reason": "Asked at the counter"}
    stopped = (await client.post(f"/people/{anna}/suppress", json=wish)).json()
    assert (stopped["opted_out"], stopped["scope"], stopped["how"]) == (True, "everything", "agent")
    back = (await client.post(f"/people/{anna}/restore", json={**wish, "reason": "Asked again"})).json()
    assert back["opted_out"] is False
    ledger = (await client.get(f"/profiles/id:{anna}/consents")).json()["consents"]
    said = [(one["wording"], one["source"], one["method"]) for one in ledger]
    assert sorted(said) == [("Asked again", "staff:12", "agent"), ("Asked at the counter", "staff:12", "agent")]


@pytest.mark.parametrize(
    ("wish", "status", "at"),
    [
        ({"channel": "email", "value": MAIL.value, "reason": " "}, 400, "reason"),
        ({"channel": "sms", "value": "+447400123456", "reason": "x"}, 400, "channel"),
        ({"channel": "email", "value": "other@shop.example", "reason": "x"}, 404, None),
    ],
)
async def test_a_wrong_suppression_is_told(
    client: httpx.AsyncClient, anna: str, wish: dict[str, str], status: int, at: str | None
) -> None:
    answer = await client.post(f"/people/{anna}/suppress", json=wish)
    assert answer.status_code == status
    assert [one["at"] for one in answer.json().get("errors", [])] == ([at] if at else [])


async def test_what_staff_writes_down_of_wishes_says_so(client: httpx.AsyncClient, anna: str) -> None:
    choice = {"topic": "news", "channel": "email", "state": "unwanted"}
    await client.put(f"/profiles/id:{anna}/preferences", json=choice)
    (entry,) = (await client.get(f"/profiles/id:{anna}/consents")).json()["consents"]
    assert (entry["method"], entry["source"]) == ("agent", "staff:12")


async def test_a_merge_is_seen_before_with_what_contradicts(
    client: httpx.AsyncClient, database: Database, anna: str, move: Move
) -> None:
    await client.put(f"/profiles/id:{anna}/preferences", json={"topic": "n", "channel": "sms", "state": "wanted"})
    await move(timedelta(hours=1))
    late = {"tier": "gold", "age": 30, "city": "Leeds"}
    (bob,) = (await record(database, fact("2", BOB, PHONE, traits=late, at=database.clock.now()))).profiles
    await client.put(f"/profiles/id:{bob}/preferences", json={"topic": "n", "channel": "sms", "state": "unwanted"})
    seen = (await client.post(f"/people/{anna}/merge-preview", json={"with": f"id:{bob}"})).json()
    assert seen["one"]["traits"] == {"tier": "tin", "age": 30}
    assert seen["result"]["traits"] == {"tier": "gold", "age": 30, "city": "Leeds"}
    assert [(c["what"], c["one"], c["other"], c["result"]) for c in seen["conflicts"]] == [
        ("trait", "tin", "gold", "gold"),
        ("preference", "wanted", "unwanted", "unwanted"),
    ]
    assert len(seen["result"]["identifiers"]) == 4
    merged = (await client.post(f"/profiles/id:{anna}/merge", json={"with": f"id:{bob}"})).json()
    assert (merged["profile"], merged["number"]) == (seen["result"]["id"], seen["undo_number"])
    assert (await client.get(f"/profiles/id:{anna}")).json()["traits"] == seen["result"]["traits"]


async def test_somebody_is_written_down_by_hand(client: httpx.AsyncClient) -> None:
    wish = {
        "identifiers": [{"kind": "email", "value": " Mia@Mail.Example "}, {"kind": "phone", "value": "+447400123457"}],
        "traits": {"first_name": "Mia"},
    }
    made = await client.post("/people", json=wish)
    assert made.status_code == 201, made.text
    told = (await client.get("/profiles/email:mia@mail.example")).json()
    assert (told["id"], told["traits"]) == (made.json()["id"], {"first_name": "Mia"})
    assert {one["kind"] for one in told["identifiers"]} == {"email", "phone"}


async def test_nobody_is_written_down_twice(client: httpx.AsyncClient, anna: str) -> None:
    wish = {"identifiers": [{"kind": "external_id", "value": "new"}, {"kind": MAIL.kind, "value": MAIL.value}]}
    answer = await client.post("/people", json=wish)
    assert (answer.status_code, answer.json()["code"]) == (409, "identifier_taken")
    assert answer.json()["errors"] == [
        {"at": "identifiers[1].value", "message": f"It is that of the person id:{anna}."}
    ]
    assert (await client.get("/profiles/external_id:new")).status_code == 404


@pytest.mark.parametrize(
    ("identifiers", "at"),
    [
        ([], "identifiers"),
        ([{"kind": "email", "value": "a@b.example"}, {"kind": "phone", "value": "12"}], "identifiers[1].value"),
        ([{"kind": "passport", "value": "12"}], "identifiers[0].kind"),
    ],
)
async def test_who_is_written_down_is_known_by_something(
    client: httpx.AsyncClient, identifiers: list[dict[str, str]], at: str
) -> None:
    answer = await client.post("/people", json={"identifiers": identifiers})
    assert answer.status_code == 400
    assert [one["at"] for one in answer.json()["errors"]] == [at]
