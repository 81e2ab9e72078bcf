"""Finding people and duplicates over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
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
from antiphon.profiles.identity import work
from profiles.facts import fact, record

BORN = {"name": "Ana Reyes", "birthday": "1980-01-31"}


@pytest_asyncio.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    runtime = Runtime(database, secrets=None, base_url="http://antiphon.example")  # type: ignore[arg-type]
    app = Litestar(
        [Router("/api/v1", route_handlers=routes)],
        dependencies={"runtime": Provide(lambda: runtime, sync_to_thread=False)},
        exception_handlers={Problem: on_problem, HTTPException: on_http},
    )
    transport = httpx.ASGITransport(keep_slashes(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://antiphon.example/api/v1") as client:
        for number in ("1", "2"):
            await record(database, fact(number, Identifier("external_id", number), traits=BORN))
        yield client


def ids(answer: httpx.Response) -> list[str]:
    return [one["id"] for one in answer.json()["profiles"]]


async def test_pages_of_people_begin_with_the_best_and_end_with_no_cursor(client: httpx.AsyncClient) -> None:
    first = await client.get("/profiles", params={"q": "ana", "limit": 1})
    assert first.json()["profiles"][0]["identifiers"] == [{"kind": "external_id", "value": "1"}]
    second = await client.get("/profiles", params={"q": "ana", "limit": 100, "cursor": first.json()["cursor"]})
    assert second.json()["cursor"] is None
    assert [*ids(first), *ids(second)] == ["257", "514"]


async def test_bad_questions_name_their_place(client: httpx.AsyncClient) -> None:
    bad: list[tuple[dict[str, Any], str]] = [
        ({}, "q"),
        ({"q": ""}, "q"),
        ({"q": "a\0"}, "q"),
        ({"q": "a" * 1001}, "q"),
        ({"q": "a", "limit": 101}, "limit"),
        ({"q": "a", "limit": 0}, "limit"),
        ({"q": "a", "cursor": "%"}, "cursor"),
    ]
    for params, place in bad:
        answer = await client.get("/profiles", params=params)
        assert answer.status_code == 400, params
        assert place in answer.text, params


async def test_duplicates_of_everybody_and_of_one(client: httpx.AsyncClient) -> None:
    everybody = (await client.get("/profiles/duplicates")).json()
    (pair,) = everybody["duplicates"]
    assert everybody["cursor"] is None
    assert [one["id"] for one in pair["profiles"]] == ["257", "514"]
    assert pair["reasons"] == [{"what": "same_birthday", "says": "the same name and birthday", "weight": 0.8}]
    assert pair["kept_apart"] == [{"rule": "nobody", "says": "nobody named them together"}]
    (mine,) = (await client.get("/profiles/external_id:2/duplicates")).json()["duplicates"]
    assert [one["id"] for one in mine["profiles"]] == ["514", "257"]
    assert (await client.get("/profiles/external_id:77/duplicates")).status_code == 404


async def test_who_was_said_to_be_apart_is_not_shown_and_never_becomes_one(
    client: httpx.AsyncClient, database: Database
) -> None:
    path = "/profiles/external_id:2/apart"
    for _ in range(2):
        answer = await client.post(path, json={"from": "external_id:1"})
        assert (answer.status_code, answer.json()) == (200, {"profiles": ["514", "257"]})
    assert (await client.get("/profiles/duplicates")).json()["duplicates"] == []
    phones = [Identifier("phone", "+447700900123"), Identifier("email", "ana@shop.example")]
    for number in ("1", "2"):
        await record(database, fact(f"{number} phone", Identifier("external_id", number), *phones))
    while await work.work(database):
        pass
    assert ids(await client.get("/profiles", params={"q": "ana reyes"})) == ["257", "514"]
    assert (await client.get("/profiles/duplicates")).json()["duplicates"] == []
    assert (await client.post(path, json={"from": "external_id:2"})).status_code == 400
    assert (await client.post(path, json={"from": "external_id:77"})).status_code == 400
    assert (await client.post(path, json={})).status_code == 400


async def test_a_bad_cursor_of_duplicates_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.get("/profiles/duplicates", params={"cursor": "x"})).status_code == 400
