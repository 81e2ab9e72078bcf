"""Who asks on the machine where this runs, and who only looks so: the first owner and the sandbox's door go by it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from access.gatehouse import asking
from access.serving import House, open_house
from access.staffed import ask
from antiphon.app import serve as serving
from antiphon.app.cli import main
from antiphon.app.opening import Place
from antiphon.app.web import configured
from antiphon.kernel.db import Database

STRANGE: list[dict[str, str]] = [
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Real-IP": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1"},
    {"Via": "1.1 proxy.example"},
    {"Host": "rebound.example"},
    {"Host": ""},
]


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[House]:
    async with open_house(database) as opened:
        yield opened


async def is_let_in(client: httpx.AsyncClient) -> tuple[bool, bool]:
    said = await ask(client, "GET", "/session")
    return said["may_set_up"], said["may_enter"]


async def test_this_machine_is_let_in(house: House) -> None:
    async with house.client() as browser:
        assert await is_let_in(browser) == (True, True)
        for name in ("localhost", "127.0.0.1", "[::1]"):
            browser.headers["host"] = name
            assert await is_let_in(browser) == (True, True), name


@pytest.mark.parametrize("headers", STRANGE)
async def test_who_came_through_a_proxy_or_by_a_strange_name_is_not(house: House, headers: dict[str, str]) -> None:
    async with house.client() as browser:
        browser.headers.update(headers)
        said = await browser.get("/api/v1/session")
        assert said.status_code == 400 or (said.json()["may_set_up"], said.json()["may_enter"]) == (False, False)
        entered = await browser.post("/api/v1/sandbox/enter", json={"role": "owner"})
        assert entered.status_code in (400, 403)
        assert "set-cookie" not in entered.headers
    assert await house.rows("SELECT 1 FROM staff") == []


async def test_a_proxy_that_says_nothing_but_speaks_the_old_protocol_is_not(house: House) -> None:
    at = urlsplit(house.url)
    for version, let_in in ((b"1.0", False), (b"1.1", True)):
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        writer.write(b"GET /api/v1/session HTTP/%s\r\nHost: localhost\r\nConnection: close\r\n\r\n" % version)
        answer = await reader.read()
        assert json.loads(answer.rpartition(b"\r\n\r\n")[2])["may_set_up"] is let_in
        writer.close()


def from_here(house: House, address: str) -> httpx.AsyncClient:
    """Each address of 127.0.0.0/8 is one of this machine: so two clients have two."""
    transport = httpx.AsyncHTTPTransport(local_address=address)
    return httpx.AsyncClient(transport=transport, base_url=house.url.replace("localhost", "127.0.0.1"))


@pytest.mark.parametrize(("address", "believed"), [("127.0.0.1", True), ("127.0.0.2", False)])
async def test_who_is_no_trusted_proxy_cannot_choose_an_address(house: House, address: str, believed: bool) -> None:
    """Here the server trusts 127.0.0.1 alone."""
    async with from_here(house, address) as browser:
        statuses = []
        for n in range(51):
            seen = {"X-Forwarded-For": f"192.0.2.{n}"}
            guess = {"token": f"guess{n}"}
            statuses.append((await browser.post("/api/v1/links/look", json=guess, headers=seen)).status_code)
    assert statuses == [404] * 50 + [404 if believed else 429]


@pytest.mark.parametrize(
    ("given", "trusted"),
    [("", ["127.0.0.1", "127.9.9.9", "::1"]), ("10.0.0.7,10.1.0.0/28", ["10.0.0.7", "10.1.0.15"])],
)
def test_which_proxies_are_trusted(given: str, trusted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", given)
    config = configured(object(), host="127.0.0.1", port=1)  # type: ignore[arg-type]
    proxies = ProxyHeadersMiddleware(object(), config.forwarded_allow_ips).trusted_hosts  # type: ignore[arg-type]
    asked = ["127.0.0.1", "127.9.9.9", "::1", "10.0.0.7", "10.0.0.8", "10.1.0.15", "10.1.0.16", "192.168.1.1"]
    assert [address for address in asked if address in proxies] == trusted


def test_a_proxy_that_is_none_is_wrong_usage(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--trusted-proxy", "10.0.0.1/8"]) == 2
    assert "10.0.0.1/8 has host bits set" in capfd.readouterr().err


def test_the_web_process_is_told_the_proxies_of_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(serving, "serve", lambda _place, **options: told.append(options) or 0)
    assert main(["serve", "--trusted-proxy", "10.0.0.7", "10.1.0.0/28"]) == 0
    assert serving._more(Place(), told[0]["trusted_proxies"])["FORWARDED_ALLOW_IPS"] == "10.0.0.7,10.1.0.0/28"


async def test_an_installation_with_a_public_address_has_no_machine_of_its_own(database: Database) -> None:
    """Everybody comes to it through a proxy, which may be one that says nothing."""
    async with asking(database, base_url="https://antiphon.shop.example") as client:
        client.headers["host"] = "localhost"
        assert await is_let_in(client) == (False, False)
