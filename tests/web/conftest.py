"""The browser app, served as it is in production and opened in Chromium.

    async def test_a_segment_is_renamed(app: App) -> None:
        await app.stage.person("anna")
        page = await app.open("/segments", role="marketer")
        await page.get_by_role("button", name="New segment").click()
        assert await axe(page) == []

A test fails when its pages say an error on the console (what the content security policy forbids is one) or ask another
host for anything. `app.watch.allowed.append("status of 409")` where a refusal is what is tested.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import uvicorn

from antiphon.app import live
from antiphon.app.web import front
from antiphon.app.wiring import wire
from antiphon.kernel.clock import ClockState
from antiphon.kernel.db import Database, open_database
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets
from conftest import START
from fresh import Fresh
from pages.stage import Stage
from web import bundle
from web.looking import ARGS, CHROMIUM, App, Watch


@pytest_asyncio.fixture
async def app(database: Database) -> AsyncIterator[App]:
    """With a company of its own, where nobody is yet."""
    async with opened(database) as one:
        yield one


@pytest_asyncio.fixture
async def app_page(app: App) -> Any:
    """The home of an owner."""
    return await app.open("/")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_app(fresh: Fresh) -> AsyncIterator[App]:
    """One for all tests of a module, which only look: `pytest.mark.asyncio(loop_scope="module")`."""
    await fresh.make()
    database = await open_database(fresh.dsn)
    await database.start()
    await database.move_clock(lambda _state: ClockState(held_at=START))
    try:
        async with opened(database) as one:
            yield one
    finally:
        await database.close()
        await fresh.clean()


@contextlib.asynccontextmanager
async def opened(database: Database) -> AsyncIterator[App]:
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is absent")
    if not bundle.MANIFEST.exists():
        pytest.skip("the app is not built: python web/build.py")
    playwright = pytest.importorskip("playwright.async_api")
    pytest.importorskip("axe_playwright_python")
    async with served(database) as (stage, host), playwright.async_playwright() as started:
        browser = await started.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        watch = Watch(host)
        yield App(stage, f"http://{host}", browser, watch)
        await browser.close()
    assert watch.findings == []


@contextlib.asynccontextmanager
async def served(database: Database) -> AsyncIterator[tuple[Stage, str]]:
    """The whole web process on a free port: its company, and the host with the port."""
    database.takers.clear()
    wire(database)
    listening = socket.create_server(("127.0.0.1", 0))
    host = f"127.0.0.1:{listening.getsockname()[1]}"
    stage = Stage(Runtime(database, Secrets(bytes(32)), f"http://{host}", sandbox=True))
    async with front(stage.runtime) as application:
        asgi: Any = application
        config = uvicorn.Config(asgi, log_level="warning", ws="websockets-sansio", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(server.serve([listening]))
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110  # uvicorn offers no event
                await asyncio.sleep(0.01)
        try:
            yield stage, host
        finally:
            server.should_exit = True
            with contextlib.suppress(asyncio.CancelledError):
                await task
    await live.close(database)
