"""What the composer asks over HTTP of the parts that know prices and the ledger."""

from __future__ import annotations

import httpx
import pytest
from litestar import Litestar, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException

from antiphon.content.http import routes as content_routes
from antiphon.kernel.errors import Problem
from antiphon.kernel.http import on_http, on_problem
from antiphon.kernel.paths import keep_slashes
from antiphon.kernel.principal import Principal
from antiphon.orchestration.http_composing import routes
from orchestration.stage import Stage

LONG = {"name": "m", "topic": "t", "locales": {"en": {"sms": {"text": "a" * 161}, "push": {"title": "Hi"}}}}


def client_of(stage: Stage) -> httpx.AsyncClient:
    app = keep_slashes(
        Litestar(
            [Router("/api/v1", route_handlers=[*content_routes, *routes])],
            dependencies={"runtime": Provide(lambda: stage.runtime, sync_to_thread=False)},
            exception_handlers={Problem: on_problem, HTTPException: on_http},
        )
    )

    async def signed_in(scope, receive, send):  # what the guard does
        await app({**scope, "auth": Principal("key", 3, "shop", frozenset())}, receive, send)

    return httpx.AsyncClient(transport=httpx.ASGITransport(signed_in), base_url="http://antiphon.example/api/v1")


async def asked(stage: Stage, path, body, status=200):
    async with client_of(stage) as client:
        answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_preview_says_what_it_will_cost_where_a_price_is_known(stage: Stage) -> None:
    assert (await asked(stage, "/messages/preview", {"message": LONG}))["sms"]["cost"] is None
    await stage.account("sms", "dear", unit_cost=9.0, rank=2)
    await stage.account("sms", "first", unit_cost=0.05, costs={"GB": 0.04}, rank=1)
    shown = await asked(stage, "/messages/preview", {"message": LONG})
    assert (shown["sms"]["parts"], shown["sms"]["cost"], shown["email"]) == (2, 0.1, None)
    await stage.people(1, "phone")
    there = await asked(stage, "/messages/preview", {"message": LONG, "as": "phone:+447900000000"})
    assert there["sms"]["cost"] == 0.08


@pytest.mark.parametrize(
    ("body", "status", "place"),
    [
        ({"message": LONG, "channel": "pigeon"}, 400, "channel"),
        ({"message": LONG, "as": {"sample": 5}}, 400, "as.sample"),
        ({"message": LONG, "as": "email:bob@shop.example"}, 404, None),
        ({"message": LONG, "variant": "c"}, 404, None),
    ],
)
async def test_what_is_asked_wrongly_has_a_place(stage: Stage, body, status, place) -> None:
    refused = await asked(stage, "/messages/preview", body, status)
    if place is not None:
        assert [flaw["at"] for flaw in refused["errors"]] == [place]


async def test_a_test_names_what_to_follow(stage: Stage) -> None:
    await stage.account("sms")
    await asked(stage, "/messages", LONG, 201)
    body = {"to": ["phone:+12025550143"], "channel": "sms"}
    (one,) = (await asked(stage, "/messages/m/test", body, 202))["sent"]
    assert (one["to"], one["channels"]) == ("phone:+12025550143", ["sms"])
    assert (await stage.show(int(one["notification"]))).state == "open"
    refused = await asked(stage, "/messages/m/test", {**body, "to": ["me"]}, 400)
    assert [flaw["at"] for flaw in refused["errors"]] == ["to[0]"]
