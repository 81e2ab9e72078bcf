"""The public links over a fresh database, wired as in production."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio
from litestar import Litestar
from litestar.di import Provide

from antiphon import access, pages
from antiphon.app.web import application
from antiphon.app.wiring import wire
from antiphon.kernel.db import Database
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets
from antiphon.pages import http as pages_http
from pages.company import Company, found
from pages.stage import Stage


@pytest_asyncio.fixture
async def stage(database: Database) -> Stage:
    database.takers.clear()
    wire(database)
    stage = Stage(Runtime(database, Secrets(bytes(32)), "http://antiphon.example"))
    await stage.providers()
    return stage


@pytest_asyncio.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    app: Any = Litestar(
        pages_http.routes,
        dependencies={"runtime": Provide(lambda: stage.runtime, sync_to_thread=False)},
        signature_types=[Runtime],
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://antiphon.example") as client:
        client.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        yield client
    await pages.close(stage.database)


@pytest_asyncio.fixture
async def company(stage: Stage) -> Company:
    return await found(stage)


@pytest_asyncio.fixture
async def api(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    """The whole web application, asked with an admin's key."""
    async with stage.database.transaction() as tx:
        _, key = await access.create_key(tx, "test", "admin")
    app: Any = application(stage.runtime)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://antiphon.example") as asking:
        asking.headers["Authorization"] = f"Bearer {key}"
        yield asking
    await pages.close(stage.database)
