"""Who asks on the machine where this runs, and who only looks so: the first owner and the sandbox's door go by it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from access.gatehouse import asking
from access.serving import House, open_house
from access.staffed import ask
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


async def test_an_installation_with_a_public_address_has_no_machine_of_its_own(database: Database) -> None:
    """Everybody comes to it through a proxy, which may be one that says nothing."""
    async with asking(database, base_url="https://antiphon.shop.example") as client:
        client.headers["host"] = "localhost"
        assert await is_let_in(client) == (False, False)
