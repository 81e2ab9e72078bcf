"""A house that a provider of our own may open, and a browser in front of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from access.provider import Asked, Provider, Sign, open_provider
from access.serving import House, open_house
from antiphon import access
from antiphon.kernel.db import Database


@dataclass
class Door:
    """`client` is a browser in which nobody is signed in."""

    house: House
    provider: Provider
    client: httpx.AsyncClient
    settings: dict[str, Any] = field(default_factory=dict)

    async def set_up(self, name: str = "main", **changed: Any) -> httpx.Response:
        owner = await self.house.rows("SELECT id FROM staff WHERE role = 'owner'")
        staff = owner[0]["id"] if owner else await self.house.colleague("boss@example.org", role="owner")
        self.settings = {
            "title": "Company",
            "issuer": self.provider.issuer,
            "client_id": self.provider.client[0],
            "secret": self.provider.client[1],
            "domains": ["example.org"],
            **changed,
        }
        async with self.house.client(await self.house.opened(staff)) as client:
            return await client.put(f"/api/v1/sso/{name}", json=self.settings)

    async def begin(self, client: httpx.AsyncClient | None = None, **query: str) -> Asked:
        answer = await (client or self.client).get("/api/v1/sso/main/start", params=query)
        assert answer.status_code == 302, answer.text
        return self.provider.read(answer.headers["location"])

    async def back(self, code: str, state: str, client: httpx.AsyncClient | None = None, **query: str) -> str:
        """Where the browser is sent."""
        asked = {"code": code, "state": state, **query}
        answer = await (client or self.client).get("/sso/main/callback", params=asked)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    async def sign_in(self, sign: Sign | None = None, **changed: Any) -> str:
        """With these claims changed."""
        asked = await self.begin()
        return await self.back(self.provider.code(asked, self.provider.claims(asked, **changed), sign), asked.state)

    async def who(self) -> access.Colleague | None:
        token = self.client.cookies.get(access.cookie_name(self.house.runtime)) or ""
        found = await access.find_session(self.house.database, token)
        return found[0] if found is not None else None


@contextlib.asynccontextmanager
async def open_door(database: Database, algorithm: str = "ES256") -> AsyncIterator[Door]:
    """The browser asks at `base_url`, where the provider sends people back to."""
    async with (
        open_house(database) as house,
        open_provider(algorithm) as provider,
        httpx.AsyncClient(base_url=house.runtime.base_url) as client,
    ):
        made = Door(house, provider, client)
        assert (await made.set_up()).status_code == 200
        yield made


def problem(code: str) -> str:
    return f"/app/sign-in?problem={code}"
