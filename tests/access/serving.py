"""The web process on a port of `localhost`, colleagues in it, and a browser that has a passkey device."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
import uvicorn

from antiphon import access
from antiphon.access.records import Factor, Opened, StaffId
from antiphon.app.web import front
from antiphon.kernel.db import Database, Row
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import read_secrets
from chromium import ARGS, CHROMIUM

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
ASK = """async ([method, path, body]) => {
  const answer = await fetch(path, {method, headers: {'content-type': 'application/json'},
                                    body: body === null ? undefined : JSON.stringify(body)})
  const text = await answer.text()
  return [answer.status, text ? JSON.parse(text) : null]
}"""
MAKE = """async options => (await navigator.credentials.create(
  {publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options)})).toJSON()"""
SIGN = """async options => (await navigator.credentials.get(
  {publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)})).toJSON()"""


@dataclass
class House:
    """`url` is such as http://localhost:4711."""

    runtime: Runtime
    url: str

    @property
    def database(self) -> Database:
        return self.runtime.database

    async def colleague(
        self, email: str = "ada@example.org", *, role: str = "marketer", state: str = "active"
    ) -> StaffId:
        async with self.database.transaction() as tx:
            rows = await tx.rows(
                "INSERT INTO staff (email, email_key, name, role, state, password, created_at)"
                " VALUES ($1, lower($1), $1, $2, $3, 'x', $4) RETURNING id",
                email,
                role,
                state,
                tx.now,
            )
        return StaffId(rows[0]["id"])

    async def opened(self, staff: StaffId, *factors: Factor, waiting: bool = False) -> Opened:
        async with self.database.transaction() as tx:
            factors = factors or ("password",)
            return await access.open_session(tx, staff, factors, client="test", address="", waiting=waiting)

    async def rows(self, sql: str, *values: Any) -> list[Row]:
        async with self.database.transaction() as tx:
            return await tx.rows(sql, *values)

    async def age_proofs(self, by: timedelta) -> None:
        await self.rows("UPDATE staff_session SET proved_at = proved_at - $1::interval", by)

    def client(self, opened: Opened | None = None) -> httpx.AsyncClient:
        """As one of our own pages asks."""
        cookies = {access.cookie_name(self.runtime): opened.token} if opened is not None else {}
        return httpx.AsyncClient(base_url=self.url, headers={"origin": self.url}, cookies=cookies)


@contextlib.asynccontextmanager
async def served(application: Any, listening: socket.socket) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning", timeout_graceful_shutdown=2))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve([listening]))
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110  # uvicorn offers no event
            await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def open_house(database: Database) -> AsyncIterator[House]:
    """`base_url` is what `antiphon serve` says as it comes: an IP address."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    runtime = Runtime(database, await read_secrets(database), f"http://127.0.0.1:{port}", sandbox=True)
    async with front(runtime) as app, served(app, listening):
        yield House(runtime, f"http://localhost:{port}")


@dataclass
class Browser:
    """One page in one profile. `device`: the passkey device of CDP's virtual authenticators."""

    house: House
    page: Any
    cdp: Any
    device: str = ""
    answers: list[Any] = field(default_factory=list)

    async def enter(self, opened: Opened) -> None:
        name = access.cookie_name(self.house.runtime)
        await self.page.context.add_cookies([{"name": name, "value": opened.token, "url": self.house.url}])

    async def token(self) -> str:
        cookies = await self.page.context.cookies(self.house.url)
        return next((one["value"] for one in cookies if one["name"] == access.cookie_name(self.house.runtime)), "")

    async def ask(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        answered, said = await self.page.evaluate(ASK, [method, f"/api/v1{path}", body])
        assert answered == status, said
        return said

    async def making(self) -> Any:
        return (await self.ask("POST", "/me/passkeys/options"))["options"]

    async def asking(self) -> Any:
        return (await self.ask("POST", "/session/passkey/options"))["options"]

    async def make_passkey(self, name: str = "Laptop") -> Any:
        options = await self.making()
        return await self.ask(
            "POST", "/me/passkeys", {"name": name, "credential": await self.page.evaluate(MAKE, options)}, status=201
        )

    async def sign(self, options: Any) -> Any:
        """What the device answers, for `POST /session/passkey`."""
        return {"credential": await self.page.evaluate(SIGN, options)}

    async def sign_in(self, *, status: int = 200) -> Any:
        options = await self.asking()
        return await self.ask("POST", "/session/passkey", await self.sign(options), status=status)


@contextlib.asynccontextmanager
async def open_browser(house: House) -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs chromium (Debian: chromium)")
    playwright = pytest.importorskip("playwright.async_api")
    async with playwright.async_playwright() as started:
        chromium = await started.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        page = await (await chromium.new_context(bypass_csp=True)).new_page()
        cdp = await page.context.new_cdp_session(page)
        await cdp.send("WebAuthn.enable")
        made = await cdp.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        await page.goto(f"{house.url}/api/v1/health")
        yield Browser(house, page, cdp, made["authenticatorId"])
        await chromium.close()
