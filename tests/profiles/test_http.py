"""Profiles through the HTTP API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException

from antiphon.kernel.db import Database
from antiphon.kernel.errors import Problem
from antiphon.kernel.http import on_http, on_problem
from antiphon.kernel.paths import keep_slashes
from antiphon.kernel.records import Identifier
from antiphon.kernel.runtime import Runtime
from antiphon.profiles.http import routes
from profiles.facts import ANNA, AT, MAIL, fact, record


@pytest_asyncio.fixture
async def client(database: Database) -> AsyncIterator[Any]:
    runtime = Runtime(database, secrets=None, base_url="http://antiphon.example")  # type: ignore[arg-type]
    app = Litestar(
        [Router("/api/v1", route_handlers=routes)],
        dependencies={"runtime": Provide(lambda: runtime, sync_to_thread=False)},
        exception_handlers={Problem: on_problem, HTTPException: on_http},
    )
    transport = httpx.ASGITransport(keep_slashes(app))  # in our own event loop, as the database needs
    async with httpx.AsyncClient(transport=transport, base_url="http://antiphon.example/api/v1") as client:
        yield client


@pytest.mark.parametrize("value", ["42", "a/b", "a:b", "a%2Fb", "100 %", "https://x.example/é?q=1#z", "a//b", ".."])
async def test_a_profile_is_found_by_any_name(database: Database, client: Any, value: str) -> None:
    who = Identifier("external_id", value)
    (id,) = (await record(database, fact("1", who, MAIL, event="a", traits={"age": 30}))).profiles
    path = f"/profiles/external_id:{quote(value, safe='').replace('.', '%2E')}"
    answer = (await client.get(path)).json()
    assert answer["id"] == str(id)
    assert {"kind": "external_id", "value": value} in answer["identifiers"]
    assert (await client.get(f"{path}/events")).json()["events"][0]["name"] == "a"


async def test_a_profile_shows_traits_addresses_and_preferences(database: Database, client: Any) -> None:
    await record(database, fact("1", ANNA, MAIL, traits={"age": 30}))
    choice = {"topic": "news", "channel": "email", "state": "wanted"}
    put = await client.put("/profiles/email:ANNA@shop.example/preferences", json=choice)
    assert (put.status_code, put.json()) == (200, {"preferences": [choice]})
    answer = (await client.get("/profiles/external_id:42")).json()
    assert answer["created_at"] == "2026-01-01T12:00:00Z"
    assert answer["traits"] == {"age": 30}
    (address,) = answer["addresses"]
    assert address == {
        "channel": "email",
        "value": MAIL.value,
        "state": "active",
        "opted_out": False,
        "succeeded_at": None,
        "failed_at": None,
        "mobile_share": None,
    }
    assert answer["preferences"] == [choice]
    unset = await client.put("/profiles/external_id:42/preferences", json=choice | {"state": "unset"})
    assert unset.json() == {"preferences": []}


async def test_pages_of_events_show_each_once_also_within_one_instant(database: Database, client: Any) -> None:
    facts = [
        fact(str(n), ANNA, event="a", at=AT.replace(day=1 + n // 6), properties=f'{{"n": {n}}}') for n in range(20)
    ]
    await record(database, *facts)
    seen: list[int] = []
    cursor = ""
    for _ in range(20):
        page = (await client.get(f"/profiles/external_id:42/events?limit=3{cursor}")).json()
        seen += [event["properties"]["n"] for event in page["events"]]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert sorted(seen) == list(range(20))
    assert [n // 6 for n in seen] == sorted((n // 6 for n in seen), reverse=True)


async def test_what_is_asked_wrongly_is_answered_with_places(database: Database, client: Any) -> None:
    await record(database, fact("1", ANNA))
    good = {"topic": "news", "channel": "email", "state": "wanted"}

    async def put(who: str, body: Any) -> tuple[int, list[str]]:
        answer = await client.put(f"/profiles/{who}/preferences", json=body)
        return answer.status_code, [one["at"] for one in answer.json().get("errors", [])]

    assert await put("external_id:43", good) == (404, [])
    assert await put("external_id:42", good | {"channel": "pigeon"}) == (400, ["channel"])
    assert (await put("external_id:42", good | {"state": "maybe"}))[0] == 400
    assert await put("external_id:42", good | {"topic": ""}) == (400, ["topic"])
    for path, status in {
        "external_id:43": 404,
        "external_id": 400,
        "shoe_size:42": 400,
        "external_id:%ff": 400,
        "external_id:42/events?cursor=x": 400,
        "external_id:42/events?cursor=99999999999999999999999.1": 400,
        "external_id:42/events?limit=0": 400,
    }.items():
        assert (await client.get(f"/profiles/{path}")).status_code == status, path
