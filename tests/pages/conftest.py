"""The public links over a fresh database, wired as in production."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio
from litestar import Litestar
from litestar.di import Provide

from antiphon import pages
from antiphon.app.wiring import wire
from antiphon.kernel.db import Database
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets
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
        pages.routes,
        dependencies={"runtime": Provide(lambda: stage.runtime, sync_to_thread=False)},
        signature_types=[Runtime],
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://antiphon.example") as client:
        client.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        yield client
    await pages.close(stage.database)
