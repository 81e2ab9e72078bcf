"""What the provider screens ask: the form, the trial, what stands now, what belongs into the DNS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dns.message
import dns.rrset
import httpx
import pytest
import pytest_asyncio
from aiosmtpd.smtp import AuthResult
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import HTTPException

from antiphon import channels
from antiphon.channels import dns_asking, dns_records, http, trying
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Problem
from antiphon.kernel.http import on_http, on_problem
from antiphon.kernel.permissions import PERMISSIONS
from antiphon.kernel.principal import Principal
from antiphon.kernel.records import Accepted, Refused
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import read_secrets
from channels.accounts import make, run
from channels.email_peer import Inbox, certificate, served
from channels.mail_providers import SECRET, SendGrid, serving
from channels.mail_providers import http as answer


@pytest_asyncio.fixture
async def runtime(database: Database) -> Runtime:
    return Runtime(database, await read_secrets(database), "http://antiphon.example", sandbox=True)


@pytest_asyncio.fixture
async def client(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """Asks as somebody who may do everything, or with `X-May` what it says."""

    async def let_in(connection: ASGIConnection[Any, Any, Any, Any], _handler: Any) -> None:
        may = connection.headers.get("x-may")
        connection.scope["auth"] = Principal("staff", 1, "Ada", frozenset(may.split(",") if may else PERMISSIONS))

    app: Any = Litestar(
        http.routes,
        guards=[let_in],
        dependencies={"runtime": Provide(lambda: runtime, sync_to_thread=False)},
        exception_handlers={Problem: on_problem, HTTPException: on_http},
        signature_types=[Runtime],
        openapi_config=None,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://antiphon.example") as client:
        yield client


def smtp(port: int, **settings: Any) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": port, "security": "none", "envelope_domain": "bounce.shop.example"} | settings


async def check(client: httpx.AsyncClient, adapter: str, settings: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = await client.post("/providers/check", json={"adapter": adapter, "settings": settings, **more})
    assert given.status_code == 200, given.text
    return given.json()


def steps(tried: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["name"], step["state"]) for step in tried["steps"]]


async def test_the_adapters_come_with_their_forms(client: httpx.AsyncClient) -> None:
    found = {each["name"]: each for each in (await client.get("/adapters")).json()}
    assert found["smpp"]["recalls"]
    assert found["postmark"]["is_called"]
    assert not found["mx"]["sends"]
    assert found["smtp"]["schema"]["properties"]["password"]["writeOnly"]
    assert found["smtp"]["schema"]["required"] == ["host", "envelope_domain"]


async def test_a_server_that_lets_us_in_is_well_and_nothing_is_kept(client: httpx.AsyncClient) -> None:
    async with served(Inbox()) as port:
        tried = await check(client, "smtp", smtp(port))
    assert tried["ok"]
    assert steps(tried) == [("settings", "ok"), ("name", "ok"), ("network", "ok"), ("login", "ok")]
    assert (await client.get("/providers")).json() == []


async def test_a_wrong_password_is_told_at_the_password_in_the_servers_words(client: httpx.AsyncClient) -> None:
    def nobody(*_: Any) -> AuthResult:
        return AuthResult(success=False, handled=False)

    async with served(Inbox(), authenticator=nobody, auth_require_tls=False) as port:
        tried = await check(client, "smtp", smtp(port, username="u", password=SECRET))
    assert steps(tried)[-1] == ("login", "failed")
    (error,) = tried["errors"]
    assert error["at"] == "settings.password"
    assert "535" in error["message"]
    assert SECRET not in str(tried)


async def test_a_certificate_that_nobody_vouches_for_is_told_at_the_encryption(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    ca_file, context = certificate(tmp_path)
    async with served(Inbox(), implicit_tls=context) as port:
        distrusted = await check(client, "smtp", smtp(port, security="tls"))
        trusted = await check(client, "smtp", smtp(port, security="tls", ca_file=str(ca_file)))
    assert steps(distrusted)[-1] == ("encryption", "failed")
    assert distrusted["errors"][0]["at"] == "settings.security"
    assert trusted["ok"]


async def test_a_name_that_is_none_a_port_where_nobody_listens_and_a_setting_that_cannot_be(
    client: httpx.AsyncClient, unused_port: int
) -> None:
    unknown = await check(client, "smtp", smtp(25, host="nowhere.invalid"))
    assert (steps(unknown)[-1], unknown["errors"][0]["at"]) == (("name", "failed"), "settings.host")
    closed = await check(client, "smtp", smtp(unused_port))
    assert (steps(closed)[-1], closed["errors"][0]["at"]) == (("network", "failed"), "settings.port")
    wrong = await check(client, "smtp", smtp(25, envelope_domain="no domain"))
    assert (wrong["ok"], wrong["errors"][0]["at"]) == (False, "settings.envelope_domain")
    assert (await client.post("/providers/check", json={"adapter": "fax", "settings": {}})).status_code == 400


@pytest.fixture
def unused_port(unused_tcp_port_factory: Any) -> int:
    return unused_tcp_port_factory()


@pytest.mark.parametrize(("status", "state"), [(200, "ok"), (401, "failed"), (500, "unproven")])
async def test_an_api_is_asked_whether_it_knows_our_key(client: httpx.AsyncClient, status: int, state: str) -> None:
    async with serving() as server:
        server.answer = lambda *_: answer(status, b'{"scopes":[]}')
        tried = await check(client, "sendgrid", SendGrid().settings(server.url))
    assert steps(tried)[-1] == ("login", state)
    assert [error["at"] for error in tried["errors"]] == (["settings.api_key"] if status == 401 else [])
    assert SECRET not in str(tried)


async def test_an_api_that_leads_into_our_own_network_is_not_asked(runtime: Runtime) -> None:
    outside = Runtime(runtime.database, runtime.secrets, runtime.base_url)
    tried = await trying.attempt(outside, "sendgrid", SendGrid().settings("https://127.0.0.1:9"))
    assert not tried.ok
    assert "no public address" in tried.errors[0].message


async def test_an_account_shows_what_is_no_secret_and_a_secret_that_is_left_out_stays(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    async with served(Inbox()) as port:
        await make(runtime.database, "relay", settings=smtp(port, username="u", password=SECRET))
        await client.put("/providers/relay", json={"settings": {"hello_name": "mail.shop.example"}})
        shown = (await client.get("/providers/relay")).json()
        assert shown["settings"]["hello_name"] == "mail.shop.example"
        assert shown["secrets"] == ["password"]
        assert SECRET not in str(shown)
        hidden = (await client.get("/providers/relay", headers={"X-May": "providers.read"})).json()
        assert (hidden["settings"], hidden["secrets"], hidden["provider"]["callback_url"]) == ({}, [], "")
        tried = await check(client, "smtp", {"username": ""}, provider="relay")
        assert tried["ok"], tried


async def test_what_stands_now_is_counted_and_shown_with_the_warm_up(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    today = wall_datetime().date()
    plan = channels.WarmUp(today, (50, 100))
    number = await make(runtime.database, "relay", warm_up=plan)
    results = [Accepted("1")] * 3 + [Refused("address", "550 5.1.1", "no"), Refused("policy", "554 5.7.1", "spam")]
    async with runtime.database.transaction() as tx:
        await channels.note_results(tx, number, [(f"p{n}@gmail.com", each) for n, each in enumerate(results)])
        await channels.slots(tx, number, ["a@gmail.com", "b@gmail.com", "c@b.example"])
    (listed,) = (await client.get("/providers")).json()
    standing = listed["standing"]
    assert (standing["breaker"], standing["answered"], standing["accepted"]) == ("closed", 5, 3)
    assert standing["errors"] == {"refused": 1, "policy": 1}
    assert standing["warm_up"] == {
        "day": 1, "days": 2, "limit": 50, "used": 3, "used_most": 2, "receiver": "google",
    }  # fmt: skip


async def test_an_open_breaker_says_until_when(client: httpx.AsyncClient, runtime: Runtime) -> None:
    number = await make(runtime.database, "relay")
    until = datetime(2100, 1, 1, tzinfo=UTC)
    await run(
        runtime.database,
        "UPDATE provider_state SET failures = 3, reason = 'down', paused_until = $2 WHERE provider_id = $1",
        number,
        until,
    )
    shown = (await client.get("/providers/relay")).json()["provider"]
    assert (shown["standing"]["breaker"], shown["reason"]) == ("open", "down")
    assert datetime.fromisoformat(shown["standing"]["paused_until"]) == until


def pem(key: Any) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def test_the_records_of_a_relay_are_text_to_publish() -> None:
    keys = [
        {"domain": "shop.example", "selector": "a", "private_key": pem(ed25519.Ed25519PrivateKey.generate())},
        {"domain": "shop.example", "selector": "b", "private_key": pem(rsa.generate_private_key(65537, 2048))},
    ]
    needed = dns_records.needed("smtp", smtp(25, host="mail.shop.example", dkim=keys), domain="shop.example")
    spf, one, other, dmarc = needed
    assert (spf.name, spf.value) == ("bounce.shop.example", "v=spf1 a:mail.shop.example ~all")
    assert (one.name, len(one.holds)) == ("a._domainkey.shop.example", len("p=") + 44)
    assert other.value.startswith("v=DKIM1; k=rsa; p=MIIBIjAN")
    assert (dmarc.name, dmarc.value) == ("_dmarc.shop.example", "v=DMARC1; p=none")


def record(what: str, holds: str) -> dns_records.Record:
    return dns_records.Record(what, "TXT", "shop.example", "", "", holds)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "holds", "found", "state"),
    [
        ("spf", "a:mail.example", None, "unknown"),
        ("spf", "a:mail.example", ["google-site-verification=1"], "missing"),
        ("spf", "a:mail.example", ["v=spf1 include:x.example ~all"], "other"),
        ("spf", "a:mail.example", ["V=SPF1 mx A:mail.example -all"], "there"),
        ("spf", "a", ["v=spf1 a ~all", "v=spf1 mx ~all"], "other"),
        ("dkim", "p=AbC", ["v=DKIM1; k=rsa; p=AbC"], "there"),
        ("dkim", "p=AbC", ["v=DKIM1; k=rsa; p=abc"], "other"),
        ("dmarc", "v=DMARC1", ["v=DMARC1; p=reject"], "there"),
    ],
)
def test_what_stands_in_the_dns_is_judged(what: str, holds: str, found: list[str] | None, state: str) -> None:
    assert dns_records.judged(record(what, holds), found).state == state


class Zone(asyncio.DatagramProtocol):
    """A name server that knows one text, in two parts."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, sender: Any) -> None:
        query = dns.message.from_wire(data)
        reply = dns.message.make_response(query)
        name = query.question[0].name
        if str(name) == "known.shop.example.":
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", '"v=spf1 mx" " ~all"'))
        else:
            reply.set_rcode(3)
        self.transport.sendto(reply.to_wire(), sender)


async def test_a_name_server_is_asked_and_one_that_is_silent_is_no_failure(monkeypatch) -> None:
    monkeypatch.setattr(dns_asking, "TIMEOUT_S", 0.3)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Zone, local_addr=("127.0.0.1", 0))
    silent, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    try:
        at = transport.get_extra_info("sockname")
        questions = [("known.shop.example", "TXT"), ("unknown.shop.example", "TXT")]
        assert await dns_asking.ask(questions, servers=[at]) == [["v=spf1 mx ~all"], []]
        assert await dns_asking.ask(questions[:1], servers=[silent.get_extra_info("sockname")]) == [None]
    finally:
        transport.close()
        silent.close()
