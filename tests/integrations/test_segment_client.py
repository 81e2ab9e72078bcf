"""A real client by others against a real server: segment-analytics-python over uvicorn."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import uvicorn
from segment.analytics.client import Client

from antiphon.integrations import SegmentApi
from antiphon.kernel.db import Database
from integrations.conftest import events, refused


@asynccontextmanager
async def served(api: SegmentApi) -> AsyncIterator[str]:
    """The address of a server of its own."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(api, log_level="error"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await task


@pytest.mark.parametrize("packed", [False, True])
async def test_the_python_client_delivers_everything_once(
    api: SegmentApi, key: str, database: Database, packed: bool
) -> None:
    errors: list[object] = []
    when = datetime(2025, 12, 24, 18, tzinfo=UTC)
    async with served(api) as host:
        client = Client(key, host=host, gzip=packed, on_error=lambda *error: errors.append(error))

        def work() -> None:
            client.identify("u1", {"email": "ann@example.org", "plan": "gold"})
            for n in range(250):
                client.track("u1", "seen", {"n": n, "half": float("nan") if n == 7 else 0.5}, timestamp=when)
            client.page("u1", "Shop", "Home")
            client.screen("u1", "Shop", "Cart")
            client.alias("a-1", "u1")
            client.group("u1", "club")
            client.flush()
            client.join()

        await asyncio.to_thread(work)
    assert errors == []
    assert await events(database) == ["page", "screen"] + ["seen"] * 250
    assert await refused(database) == []
    assert await database.pool.fetchval("SELECT account FROM belonging") == "club"
    assert await database.pool.fetchval("SELECT traits->>'plan' FROM profile") == "gold"
    kinds = await database.pool.fetch("SELECT kind FROM identifier ORDER BY 1")
    assert [row["kind"] for row in kinds] == ["anonymous_id", "email", "external_id"]
    assert abs(await database.pool.fetchval("SELECT min(at) FROM event") - when).total_seconds() < 5


async def test_the_client_does_not_hide_a_wrong_key(api: SegmentApi) -> None:
    errors: list[object] = []
    async with served(api) as host:
        client = Client("ak_write_wrong", host=host, on_error=lambda error, _items: errors.append(error))

        def work() -> None:
            client.track("u1", "seen")
            client.flush()
            client.join()

        await asyncio.to_thread(work)
    assert len(errors) == 1
    assert "401" in str(errors[0])
