"""The door at which providers call us: who may, and what is on disk when they are answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from antiphon import access, channels
from antiphon.app.web import application
from antiphon.app.wiring import wire
from antiphon.channels import hooks, registry
from antiphon.channels.accounts import SEALED_FOR
from antiphon.channels.making import surroundings
from antiphon.kernel.clock import ClockState
from antiphon.kernel.db import Database
from antiphon.kernel.outlet import take
from antiphon.kernel.records import DeliveryId, Receipt
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets
from channels.mail_providers import SECRET, Mailgun, Postmark, SendGrid, Ses, serving
from pages.stage import Stage

POSTMARK, SENDGRID, MAILGUN = Postmark(), SendGrid(), Mailgun()


@pytest_asyncio.fixture
async def runtime(database: Database) -> AsyncIterator[Runtime]:
    yield Runtime(database, Secrets(bytes(32)), "http://antiphon.example", sandbox=True)
    await hooks.close(database)


@pytest_asyncio.fixture
async def client(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    app: Any = application(runtime)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://antiphon.example") as client:
        yield client


@pytest.fixture
def told(database: Database) -> list[Receipt]:
    """Every receipt that was told upwards."""
    heard: list[Receipt] = []

    async def taker(_tx: Any, records: Any) -> None:
        if any(record.delivery == 13 for record in records):
            raise ValueError("unlucky")
        heard.extend(records)

    database.takers.clear()
    take(database, Receipt, taker)
    return heard


async def account(runtime: Runtime, provider: Any = POSTMARK, url: str = "http://127.0.0.1:1") -> channels.Provider:
    async with runtime.database.transaction() as tx:
        await channels.create_provider(
            tx, runtime.secrets, name=provider.adapter, adapter=provider.adapter, settings=provider.settings(url)
        )
        return await channels.find(tx, provider.adapter)


def token_of(runtime: Runtime, delivery: int) -> str:
    return runtime.signer.sign("m", delivery)


def event(runtime: Runtime, provider: Any, delivery: int, kind: str = "delivered") -> Any:
    """With a token of this installation."""
    said = getattr(provider, kind)(delivery)
    text = json.dumps(said).replace(_other(delivery), token_of(runtime, delivery))
    return json.loads(text)


def _other(delivery: int) -> str:
    from channels.mail_providers import token_of

    return token_of(delivery)


async def call(client: httpx.AsyncClient, url: str, provider: Any, *events: Any) -> httpx.Response:
    said = provider.call(*events)
    return await client.post(url, content=said.body, headers=dict(said.headers))


@pytest.mark.parametrize("provider", [POSTMARK, SENDGRID, MAILGUN], ids=lambda provider: provider.adapter)
async def test_what_a_call_says_is_told_before_it_is_answered(runtime, client, told, provider) -> None:
    url = hooks.callback_url(runtime, await account(runtime, provider))
    for _ in range(2):  # they call again where they are not sure
        answer = await call(client, url, provider, event(runtime, provider, 5))
        assert (answer.status_code, answer.content) == (200, b"")
    assert [(each.kind, each.delivery) for each in told] == [("delivered", 5), ("delivered", 5)]


async def test_amazon_is_heard_after_its_certificate_was_got(runtime, client, told) -> None:
    provider = Ses()
    async with serving() as server:
        server.answer = provider.good
        url = hooks.callback_url(runtime, await account(runtime, provider, server.url))
        answers = [await call(client, url, provider, event(runtime, provider, n)) for n in (5, 6)]
        await hooks.close(runtime.database)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [each.delivery for each in told] == [5, 6]
    assert len(server.requests) == 1


async def test_a_call_that_is_forged_changes_nothing_and_learns_nothing(runtime, client, told) -> None:
    url = hooks.callback_url(runtime, await account(runtime))
    forged = POSTMARK.forged(event(runtime, POSTMARK, 5))
    answers = [
        await client.post(url, content=forged.body, headers=dict(forged.headers)),
        await client.post(url, content=forged.body),
        await client.post(url, content=b"\xff not json"),
        await client.get(url),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert told == []


async def test_an_address_that_is_not_ours_is_not_there(runtime, client, told) -> None:
    postmark = await account(runtime)
    async with runtime.database.transaction() as tx:
        smtp = await channels.create_provider(
            tx,
            runtime.secrets,
            name="m",
            adapter="smtp",
            settings={"host": "h.example", "envelope_domain": "b.example"},
        )
    sign = runtime.signer.sign
    tokens = [
        "nonsense",
        "x" * 5_000,
        "%00",
        sign("m", postmark.id),  # another kind
        sign("h", postmark.id, 1),
        sign("h", 999_999),
        sign("h", smtp),  # nobody calls for it
        Runtime(runtime.database, Secrets(bytes(31) + b"x"), "").signer.sign("h", postmark.id),
    ]
    said = POSTMARK.call(event(runtime, POSTMARK, 5))
    for token in tokens:
        answer = await client.post(f"/hooks/{token}", content=said.body, headers=dict(said.headers))
        assert answer.status_code == 404, token
    assert told == []


async def test_a_body_has_an_end(runtime, client, told) -> None:
    url = hooks.callback_url(runtime, await account(runtime))
    said = POSTMARK.call(event(runtime, POSTMARK, 5) | {"Details": "x" * 1_000_000})
    assert (await client.post(url, content=said.body, headers=dict(said.headers))).status_code == 413
    assert told == []


async def test_an_account_that_is_switched_off_is_heard_to_the_end(runtime, client, told) -> None:
    """What left before is reported for days."""
    made = await account(runtime)
    async with runtime.database.transaction() as tx:
        await channels.switch(tx, made.id, enabled=False)
    answer = await call(client, hooks.callback_url(runtime, made), POSTMARK, event(runtime, POSTMARK, 5))
    assert answer.status_code == 200
    assert [each.delivery for each in told] == [5]


async def test_a_new_password_counts_from_now_on(runtime, client, told, monkeypatch) -> None:
    monkeypatch.setattr(hooks, "ACCOUNTS_FRESH_S", 0.0)
    made = await account(runtime)
    url = hooks.callback_url(runtime, made)
    assert (await call(client, url, POSTMARK, event(runtime, POSTMARK, 5))).status_code == 200
    settings = registry.check("postmark", POSTMARK.settings("") | {"callback_password": "another"})
    sealed = runtime.secrets.encrypt(msgspec.json.encode(settings), use=SEALED_FOR)
    async with runtime.database.transaction() as tx:
        await tx.rows("UPDATE provider SET settings = $1 WHERE id = $2", sealed, made.id)
    assert (await call(client, url, POSTMARK, event(runtime, POSTMARK, 6))).status_code == 401
    assert [each.delivery for each in told] == [5]


async def test_what_cannot_be_put_on_disk_is_not_answered_as_taken(runtime, client, told) -> None:
    """They call again. Nobody else's call suffers from it."""
    url = hooks.callback_url(runtime, await account(runtime))
    deliveries = [11, 12, 13, 14, 15]
    answers = await asyncio.gather(
        *[call(client, url, POSTMARK, event(runtime, POSTMARK, delivery)) for delivery in deliveries]
    )
    assert [answer.status_code for answer in answers] == [200, 200, 500, 200, 200]
    assert sorted(each.delivery for each in told if each.delivery) == [11, 12, 14, 15]


async def test_calls_that_come_together_share_a_transaction(runtime, client, database) -> None:
    batches: list[int] = []

    async def taker(_tx: Any, records: Any) -> None:
        batches.append(len(records))
        await asyncio.sleep(0.02)

    database.takers.clear()
    take(database, Receipt, taker)
    url = hooks.callback_url(runtime, await account(runtime))
    calls = [call(client, url, POSTMARK, event(runtime, POSTMARK, 100 + n)) for n in range(40)]
    assert {answer.status_code for answer in await asyncio.gather(*calls)} == {200}
    assert sum(batches) == 40
    assert len(batches) <= 10


async def test_who_stops_waiting_does_not_stop_the_work(runtime, told) -> None:
    made = await account(runtime)
    calling = asyncio.create_task(hooks.door(runtime).call(made.id, POSTMARK.call(event(runtime, POSTMARK, 5))))
    while not hooks.door(runtime)._waiting and not calling.done():  # noqa: ASYNC110  # the door offers no event
        await asyncio.sleep(0)
    calling.cancel()
    await hooks.close(runtime.database)
    assert [each.delivery for each in told] == [5]


async def test_the_address_is_the_one_that_adapters_are_told(runtime) -> None:
    made = await account(runtime)
    assert hooks.callback_url(runtime, made) == surroundings(runtime, made.id).callback_url
    assert SECRET not in hooks.callback_url(runtime, made)


async def test_where_a_provider_calls_is_told_to_admins_alone(runtime, client) -> None:
    made = await account(runtime)
    told = {}
    async with runtime.database.transaction() as tx:
        keys = {scope: (await access.create_key(tx, scope, scope))[1] for scope in ("admin", "read")}
    for scope, key in keys.items():
        answer = await client.get("/api/v1/providers", headers={"Authorization": f"Bearer {key}"})
        told[scope] = answer.json()[0]["callback_url"]
        assert SECRET not in answer.text
    assert told == {"admin": hooks.callback_url(runtime, made), "read": ""}


@pytest.mark.parametrize("provider", [SENDGRID, MAILGUN], ids=lambda provider: provider.adapter)
async def test_a_complaint_over_the_door_is_an_opt_out_and_a_dead_address_is_dead(database, provider) -> None:
    """All the way, wired as in production, with a delivery whose id at the provider is not known yet."""
    database.takers.clear()
    wire(database)
    await database.move_clock(ClockState.released)
    runtime = Runtime(database, Secrets(bytes(32)), "http://antiphon.example")
    stage = Stage(runtime)
    await stage.providers()
    url = hooks.callback_url(runtime, await account(runtime, provider, "https://api.example"))
    anna, bert = await stage.person("anna"), await stage.person("bert")
    source = await stage.tell([anna, bert], "email")
    mine, his = [DeliveryId(int((await stage.delivery(source, who)).id)) for who in (anna, bert)]
    gone = {"type": "bounce", "status": "5.1.1", "severity": "permanent", "reason": "bounce"}
    kind = {"sendgrid": "bounce", "mailgun": "failed"}[provider.adapter]
    bounce = {**event(runtime, provider, his), "event": kind, **gone, "delivery-status": {"enhanced-code": "5.1.1"}}
    transport = httpx.ASGITransport(application(runtime), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://antiphon.example") as client:
        for said in (event(runtime, provider, mine), event(runtime, provider, mine, "complained"), bounce):
            assert (await call(client, url, provider, said)).status_code == 200
    await hooks.close(database)
    assert (await stage.delivery(source, anna)).state == "delivered"
    assert (await stage.delivery(source, bert)).state == "failed"
    async with database.transaction(read_only=True) as tx:
        opted = await tx.rows("SELECT channel, value FROM opt_out")
        dead = await tx.rows("SELECT value FROM address WHERE state = 'dead'")
    assert [tuple(row) for row in opted] == [("email", "anna@mail.example")]
    assert [row["value"] for row in dead] == ["bert@mail.example"]
