"""The API of messages, asked by a colleague."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from litestar import Litestar, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException

from antiphon.content.http import routes
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Problem
from antiphon.kernel.http import on_http, on_problem
from antiphon.kernel.paths import keep_slashes
from antiphon.kernel.principal import Principal
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.said import Said, spoken

ANA = Principal("staff", 7, "Ana", frozenset())


@pytest_asyncio.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    runtime = Runtime(database, secrets=None, base_url="http://antiphon.example")  # type: ignore[arg-type]
    app = keep_slashes(
        Litestar(
            [Router("/api/v1", route_handlers=routes)],
            dependencies={"runtime": Provide(lambda: runtime, sync_to_thread=False)},
            exception_handlers={Problem: on_problem, HTTPException: on_http},
            type_encoders={Said: spoken},
        )
    )

    async def signed_in(scope, receive, send):  # what the guard does
        await app({**scope, "auth": ANA}, receive, send)

    transport = httpx.ASGITransport(signed_in)
    async with httpx.AsyncClient(transport=transport, base_url="http://antiphon.example/api/v1") as client:
        yield client
