"""The live debugger: what came in last by every door, and why what was refused was refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException

from antiphon import channels, profiles
from antiphon.channels import hooks
from antiphon.integrations import http_debugger
from antiphon.kernel.arrivals import KEPT, arrivals, shown
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Problem
from antiphon.kernel.http import on_http, on_problem
from antiphon.kernel.records import Channel, Identifier, Inbound, ProviderId
from antiphon.kernel.runtime import Runtime
from channels.mail_providers import SECRET, Mailgun, Postmark

GOOD = {"type": "track", "userId": "u1", "event": "seen"}
AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest_asyncio.fixture
async def debugger(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    app: Any = Litestar(
        [*http_debugger.routes, *hooks.routes],
        dependencies={"runtime": Provide(lambda: runtime, sync_to_thread=False)},
        exception_handlers={Problem: on_problem, HTTPException: on_http},
        signature_types=[Runtime],
        openapi_config=None,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://antiphon.example") as client:
        yield client
    await hooks.close(runtime.database)


async def look(debugger: httpx.AsyncClient, **asked: Any) -> list[dict[str, Any]]:
    answer = await debugger.get("/debugger", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_a_call_that_was_taken_and_one_that_was_not_stand_there_with_whose_they_were(
    client: httpx.AsyncClient, key: str, debugger: httpx.AsyncClient
) -> None:
    await client.post("/track", json=GOOD | {"writeKey": key})
    await client.post("/batch", json={"batch": [GOOD, {"type": "track", "event": "x"}]})
    await client.post("/batch", content=b'{"batch": 5}')
    await client.post("/track", json=GOOD, headers={"Authorization": "Bearer wrong"})
    calls = await look(debugger, kind="call")
    assert [(each["outcome"], each["source_name"], each["what"], each["n"]) for each in calls] == [
        ("refused", "", "track", 0),
        ("refused", "shop", "batch", 0),
        ("partly", "shop", "batch", 1),
        ("accepted", "shop", "track", 1),
    ]
    assert calls[1]["errors"][0]["at"] == "batch"
    assert calls[1]["way_out"]
    assert '"userId"' in calls[3]["body"]
    assert key not in str(calls)
    (event,) = await look(debugger, kind="event")
    assert (event["outcome"], event["errors"][0]["at"]) == ("refused", "userId")


async def test_a_webhook_that_was_taken_and_one_that_is_forged_stand_there_without_what_proves_them(
    runtime: Runtime, debugger: httpx.AsyncClient
) -> None:
    provider = Mailgun()
    async with runtime.database.transaction() as tx:
        settings = provider.settings("https://api.example")
        await channels.create_provider(tx, runtime.secrets, name="Mailgun", adapter="mailgun", settings=settings)
        account = await channels.find(tx, "Mailgun")
    path = hooks.callback_url(runtime, account).removeprefix(runtime.base_url)
    said = provider.call(provider.delivered(5))
    assert (await debugger.post(path, content=said.body, headers=dict(said.headers))).status_code == 200
    forged = said.body.replace(b'"signature": "', b'"signature": "0')
    assert (await debugger.post(path, content=forged, headers=dict(said.headers))).status_code == 401
    found = await look(debugger, kind="webhook")
    assert [(each["outcome"], each["source_name"]) for each in found] == [
        ("forged", "Mailgun"),
        ("accepted", "Mailgun"),
    ]
    assert "signing key" in found[0]["way_out"]
    signature = json.loads(said.body)["signature"]
    assert signature["signature"] not in str(found)
    assert signature["token"] not in str(found)
    assert path not in str(found)


async def test_what_people_wrote_stands_there_and_everything_is_found_by_its_letters_page_by_page(
    database: Database, client: httpx.AsyncClient, debugger: httpx.AsyncClient
) -> None:
    items = [
        Inbound(
            ProviderId(1), Channel.SMS, f"+4479000000{n:02}", "12345", f"Is Number {n} open?", AT, message_id=str(n)
        )
        for n in range(12)
    ]
    await database.repeat(lambda tx: channels.take_inbound(tx, items))
    await client.post("/track", json=GOOD)
    assert len(await look(debugger, kind="message")) == 12
    (one,) = await look(debugger, q="number 7 OPEN")
    assert one["body"] == "Is Number 7 open?"
    seen, cursor = [], None
    for _ in range(10):
        asked = {"limit": 5} | ({"cursor": cursor} if cursor else {})
        page = (await debugger.get("/debugger", params=asked)).json()
        seen += [each["id"] for each in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 13
    assert (await debugger.get("/debugger", params={"cursor": "x"})).status_code == 400
    assert (await debugger.get("/debugger", params={"kind": "fax"})).status_code == 400


async def test_a_flood_of_refusals_leaves_what_was_taken_and_memory_has_a_bound(database: Database) -> None:
    kept = arrivals(database)
    kept.note("event", "accepted", at=AT, source="api:1", what="track", body=b"x" * 10_000)
    for _ in range(3 * KEPT):
        kept.note("event", "refused", at=AT, source="", what="track", body=b"")
    found = kept.newest()
    assert len(found) == KEPT + 1
    assert len(found[-1].body) == 2_000


@pytest.mark.parametrize(
    "body",
    [
        f'{{"writeKey": "{SECRET}", "a": 1}}',
        f'{{"Signature" : "{SECRET}", "SigningCertURL": "{SECRET}"}}',
        f'{{"signature": {{"token": "{SECRET}", "timestamp": 1}}}}',
        f"recipient=a&signature={SECRET}&token={SECRET}",
        f'{{"signature": "{SECRET}',
        json.dumps({"context": {"device": {"apiKey": SECRET + '"'}}}),
    ],
)
def test_what_proves_a_sender_is_not_shown(body: str) -> None:
    assert SECRET not in shown(body.encode())
    assert "…" in shown(body.encode())


def test_postmarks_own_words_are_shown_whole() -> None:
    body = json.dumps(Postmark().delivered(5))
    assert shown(body.encode()) == body


async def test_what_came_before_somebody_was_erased_is_forgotten(
    client: httpx.AsyncClient, key: str, debugger: httpx.AsyncClient, database: Database, move: Any
) -> None:
    await client.post(
        "/track", json=GOOD | {"writeKey": key, "userId": "anna", "properties": {"to": "anna@home.example"}}
    )
    assert len(await look(debugger, q="anna@home")) == 1
    await move(timedelta(seconds=1))
    await profiles.erase(database, Identifier("external_id", "anna"))
    assert await look(debugger, q="anna") == []
    await move(timedelta(seconds=1))
    await client.post("/track", json=GOOD | {"writeKey": key})
    assert len(await look(debugger)) == 1
    assert arrivals(database).newest()[0].what == "track"
