"""Segments through the HTTP API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from httpx import ASGITransport, AsyncClient
from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException

from antiphon.kernel.errors import Problem
from antiphon.kernel.http import on_http, on_problem
from antiphon.kernel.paths import keep_slashes
from antiphon.kernel.principal import Principal
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets
from antiphon.kernel.tokens import Signer
from antiphon.segments.http import routes
from segments.stage import Stage

LAPSED = {"event": "bought", "within": "24h", "count": {"op": "eq", "value": 0}}


@pytest_asyncio.fixture
async def client(stage: Stage) -> AsyncIterator[AsyncClient]:
    runtime = Runtime(stage.database, Secrets(b"0" * 32), Signer(b"0" * 32), "http://localhost")
    application = Litestar(
        routes,
        dependencies={"runtime": Provide(lambda: runtime, sync_to_thread=False)},
        exception_handlers={Problem: on_problem, HTTPException: on_http},
    )
    served = keep_slashes(application)

    async def signed_in(scope: Any, receive: Any, send: Any) -> None:  # what the guard does
        await served({**scope, "auth": Principal("staff", 7, "Ana", frozenset())}, receive, send)

    transport = ASGITransport(app=signed_in)
    async with AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


async def test_a_segment_is_made_shown_and_listed(stage: Stage, client: AsyncClient) -> None:
    ada = await stage.identify("ada")
    answer = await client.post("/segments", json={"name": "a/b lapsed", "rule": {"version": 1, "rule": LAPSED}})
    assert answer.status_code == 201
    made = answer.json()
    assert isinstance(made["id"], str)
    assert made["state"] == "live"
    for name in (made["id"], "a%2Fb%20lapsed"):
        shown = (await client.get(f"/segments/{name}")).json()
        assert (shown["name"], shown["count"]) == ("a/b lapsed", 1)
    listed = (await client.get("/segments")).json()["segments"]
    assert [segment["name"] for segment in listed] == ["a/b lapsed"]
    page = (await client.get(f"/segments/{made['id']}/members")).json()
    assert [(member["profile"], member["external_id"]) for member in page["members"]] == [(str(ada), "ada")]
    assert page["cursor"] is None


async def test_a_version_says_who_wrote_it(stage: Stage, client: AsyncClient) -> None:
    await client.post("/segments", json={"name": "lapsed", "rule": {"version": 1, "rule": LAPSED}})
    (version,) = (await client.get("/segments/lapsed/versions")).json()["versions"]
    assert version["by"] == "staff:7"


async def test_pages_follow_their_cursors(stage: Stage, client: AsyncClient) -> None:
    everybody = {await stage.identify(f"p{n}") for n in range(5)}
    await stage.make("lapsed", LAPSED)
    seen, cursor = [], ""
    while cursor is not None:
        page = (await client.get(f"/segments/lapsed/members?limit=2&cursor={cursor}")).json()
        seen += [int(member["profile"]) for member in page["members"]]
        cursor = page["cursor"]
    assert seen == sorted(everybody)


async def test_a_preview_of_the_inner_rule_alone(stage: Stage, client: AsyncClient) -> None:
    await stage.identify("ada", email="ada@shop.example")
    answer = await client.post("/segments/preview", json={"rule": LAPSED, "as_of": "2025-12-01T00:00:00Z"})
    assert answer.status_code == 200
    assert answer.json()["count"] == 1
    assert answer.json()["reach"] == {"email": 1}


async def test_every_flaw_of_a_rule_is_named_with_its_place(client: AsyncClient) -> None:
    rule = {"version": 1, "rule": {"all": [LAPSED | {"within": "3x"}, {"trait": "tier", "op": "equals", "value": 1}]}}
    answer = await client.post("/segments", json={"name": "bad", "rule": rule})
    assert answer.status_code == 400
    errors = {error["at"]: error["message"] for error in answer.json()["errors"]}
    assert errors.keys() == {"rule.all[0].within", "rule.all[1].op"}
    assert 'Did you mean "eq"?' in errors["rule.all[1].op"]


async def test_a_taken_name_is_a_conflict_and_an_unknown_segment_is_not_found(
    stage: Stage, client: AsyncClient
) -> None:
    await stage.make("lapsed", LAPSED)
    answer = await client.post("/segments", json={"name": "lapsed", "rule": LAPSED})
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    assert "lapsed" in answer.json()["title"]
    for path in ("/segments/99", "/segments/nobody", "/segments/99999999999999999999/members"):
        assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("query", ["cursor=x", "cursor=-1", "limit=0", "limit=1000000", f"cursor={10**19}"])
async def test_a_bad_page_is_refused(stage: Stage, client: AsyncClient, query: str) -> None:
    await stage.make("lapsed", LAPSED)
    assert (await client.get(f"/segments/lapsed/members?{query}")).status_code == 400


async def test_an_explanation_says_which_parts_hold(stage: Stage, client: AsyncClient) -> None:
    await stage.track("ada", "bought")
    await stage.make("lapsed", {"any": [LAPSED, {"not": {"trait": "tier", "op": "exists"}}]})
    answer = (await client.get("/segments/lapsed/explain/external_id:ada")).json()
    assert answer["member"] is answer["holds"] is True
    assert {part["at"]: part["holds"] for part in answer["parts"]} == {
        "rule": True,
        "rule.any[0]": False,
        "rule.any[1]": True,
        "rule.any[1].not": False,
    }
    assert (await client.get("/segments/lapsed/explain/external_id:nobody")).status_code == 404
