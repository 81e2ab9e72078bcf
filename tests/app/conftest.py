"""The whole web process on a free port, with a company behind it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest_asyncio
import uvicorn

from antiphon import access
from antiphon.app import live
from antiphon.app.web import front
from antiphon.app.wiring import wire
from antiphon.kernel.db import Database
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets
from pages.stage import Stage


@pytest_asyncio.fixture
async def stage(database: Database) -> Stage:
    """A company without a web process."""
    wire(database)
    return Stage(Runtime(database, Secrets(bytes(32)), "http://antiphon.example"))


@dataclass
class Served:
    """`stage` is the company; `at` is the address without a scheme; `key` is one that may read."""

    stage: Stage
    at: str
    server: uvicorn.Server
    key: str

    @property
    def runtime(self) -> Runtime:
        return self.stage.runtime


@pytest_asyncio.fixture
async def served(database: Database) -> AsyncIterator[Served]:
    database.takers.clear()
    wire(database)
    listening = socket.create_server(("127.0.0.1", 0))
    at = f"127.0.0.1:{listening.getsockname()[1]}"
    stage = Stage(Runtime(database, Secrets(bytes(32)), f"http://{at}", sandbox=True))
    await stage.providers()
    async with database.transaction() as tx:
        _, key = await access.create_key(tx, "wall", "read")
    async with front(stage.runtime) as app:
        application: Any = app
        config = uvicorn.Config(application, log_level="warning", ws="websockets-sansio", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(server.serve([listening]))
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110  # uvicorn offers no event
                await asyncio.sleep(0.01)
        yield Served(stage, at, server, key)
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await live.close(database)


@pytest_asyncio.fixture
async def client(served: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://{served.at}") as client:
        yield client
