"""Every route about one person takes a number of ours as well as `kind:value`, and the command line does too."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from litestar.handlers import HTTPRouteHandler

from antiphon import profiles, segments
from antiphon.app import web
from antiphon.app.commands.privacy import _named
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Identifier
from antiphon.segments import ladders
from antiphon.segments.ladders import StageRule
from app.alone import alone
from flows.test_bad_input import BODIES
from pages.stage import Stage

GOLD = {"trait": "tier", "op": "eq", "value": "gold"}
OTHERS = {"segment": "gold", "ladder": "way", "name": "tier", "key": "north-pier"}
NOBODY = "id:999999"
ROUTES = sorted(
    (method, path)
    for route in web.API
    if isinstance(route, HTTPRouteHandler)
    for path in route.paths
    for method in route.http_methods
    if "{who:" in path
)


@pytest_asyncio.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with alone(stage.runtime, web.API) as client:
        yield client


@pytest_asyncio.fixture
async def ann(stage: Stage) -> str:
    await segments.create(stage.database, "gold", {"version": 1, "rule": GOLD})
    await ladders.create(stage.database, "way", [StageRule("best", GOLD)])
    return str(await stage.person("ann", tier="gold"))


def filled(path: str, who: str) -> str:
    return re.sub(r"\{(\w+):\w+\}", lambda found: OTHERS[found[1]] if found[1] != "who" else who, path)


def test_there_are_routes_about_people() -> None:
    assert {("GET", "/profiles/{who:str}/export"), ("DELETE", "/profiles/{who:str}")} <= set(ROUTES)


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "GET"])
async def test_a_number_answers_as_the_name_does(client: httpx.AsyncClient, ann: str, path: str) -> None:
    by_name = await client.get(filled(path, "external_id:ann"))
    assert by_name.status_code == 200, by_name.text
    for number in (f"id:{ann}", ann):
        assert (await client.get(filled(path, number))).text == by_name.text
    unknown = await client.get(filled(path, NOBODY))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if route[0] != "GET"])
async def test_what_changes_somebody_looks_for_the_number(
    client: httpx.AsyncClient, ann: str, method: str, path: str
) -> None:
    body: dict[str, Any] | None = BODIES.get((method, path.replace(":str", "")))
    answer = await client.request(method, filled(path, NOBODY), json=body)
    assert (answer.status_code, answer.json()["title"]) == (404, f"Nobody is known as {NOBODY}.")


async def test_by_number_somebody_is_erased(client: httpx.AsyncClient, ann: str) -> None:
    tried = await client.delete(f"/profiles/id:{ann}", params={"dry_run": True})
    assert tried.json()["profiles"] == [ann]
    assert (await client.delete(f"/profiles/id:{ann}")).json()["profiles"] == [ann]
    assert (await client.get("/profiles/external_id:ann")).status_code == 404
    assert (await client.delete(f"/profiles/id:{ann}")).status_code == 404


async def test_a_number_that_was_merged_is_erased_with_whom_it_leads_to(
    client: httpx.AsyncClient, ann: str, stage: Stage
) -> None:
    bob = str(await stage.person("bob"))
    merged = (await client.post(f"/profiles/id:{ann}/merge", json={"with": f"id:{bob}"})).json()
    gone = (await client.delete(f"/profiles/id:{merged['number']}")).json()
    assert sorted(gone["profiles"]) == sorted([ann, bob])
    assert (await client.get("/profiles/external_id:bob")).status_code == 404


async def test_by_number_somebody_gets_the_way_to_their_preferences(client: httpx.AsyncClient, ann: str) -> None:
    answer = await client.post(f"/profiles/id:{ann}/preferences-link")
    assert answer.json()["url"].startswith("http://antiphon.example/p/")
    question = {"topic": "offers", "channel": "email", "wording": "Is it you?"}
    asked = await client.post(f"/profiles/id:{ann}/double-opt-in", json=question)
    assert asked.status_code == 202, asked.text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("42", Identifier("external_id", "42")),
        ("id:42", Identifier("id", "42")),
        ("email:jo@shop.example", Identifier("email", "jo@shop.example")),
        ("a:b", Identifier("external_id", "a:b")),
    ],
)
def test_the_command_line_takes_a_number_that_says_so(typed: str, meant: Identifier) -> None:
    assert _named(typed) == meant


async def test_what_is_no_name_is_refused(database: Database) -> None:
    async with database.transaction(read_only=True) as tx:
        for text in ("shoe_size:42", "email:nobody", ""):
            with pytest.raises(Invalid):
                await profiles.find_named(tx, text)
