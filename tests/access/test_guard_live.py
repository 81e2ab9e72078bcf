"""The live socket: whose it is, which topics they hear, and that it ends with the session."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from access.gatehouse import colleague, key, signed_in
from antiphon import access
from antiphon.access.roles import Role
from antiphon.app import live
from app.conftest import Served, served

__all__ = ["served"]


def socket(served: Served, headers: dict[str, str]) -> Any:
    return connect(f"ws://{served.at}/api/live", additional_headers=headers)


async def browser(served: Served, role: Role, *, origin: str | None = None) -> dict[str, str]:
    opened = await signed_in(served.stage.database, await colleague(served.stage.database, role))
    said = {"Origin": f"http://{served.at}" if origin is None else origin}
    return {"Cookie": f"{access.cookie_name(served.runtime)}={opened.token}"} | (said if origin != "" else {})


async def hear(connection: Any, topic: str) -> dict[str, Any]:
    await connection.send(json.dumps({"sub": [topic]}))
    async with asyncio.timeout(3):
        heard: dict[str, Any] = json.loads(await connection.recv())
        return heard


async def test_a_colleague_hears_the_topics_that_their_role_may_read(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(access.roles.MAY, "agent", frozenset({"campaigns.read"}))
    async with socket(served, await browser(served, "agent")) as connection:
        assert "snapshot" in await hear(connection, "company")
        assert await hear(connection, "segment:1") == {
            "topic": "segment:1",
            "error": "This needs the permission segments.read.",
        }


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
async def test_a_strange_page_hears_nothing_with_a_colleagues_cookie(served: Served, origin: str) -> None:
    with pytest.raises(InvalidStatus):
        async with socket(served, await browser(served, "owner", origin=origin)):
            pass


@pytest.mark.parametrize("scope", ["read", "admin"])
async def test_a_key_that_may_read_hears(served: Served, scope: access.Scope) -> None:
    async with socket(served, await key(served.stage.database, scope)) as connection:
        assert "snapshot" in await hear(connection, "company")


async def test_a_key_that_sends_events_hears_nothing(served: Served) -> None:
    with pytest.raises(InvalidStatus):
        async with socket(served, await key(served.stage.database, "write")):
            pass


@pytest.mark.parametrize(
    "change",
    ["DELETE FROM staff_session", "UPDATE staff SET role = 'agent'", "UPDATE staff SET state = 'left'"],
)
async def test_whoever_is_signed_out_or_may_something_else_loses_the_socket_within_five_seconds(
    served: Served, change: str
) -> None:
    async with socket(served, await browser(served, "owner")) as connection:
        await hear(connection, "company")
        started = time.monotonic()
        await served.stage.database.pool.execute(change)
        async with asyncio.timeout(6):
            with contextlib.suppress(ConnectionClosedError):
                async for _ in connection:
                    pass
    assert connection.close_code == 1008
    assert time.monotonic() - started < 5


async def test_an_open_page_alone_keeps_nobody_signed_in(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "ATTEND_EVERY_S", 0.05)
    seen = "SELECT seen_at FROM staff_session"
    async with socket(served, await browser(served, "owner")) as connection:
        await hear(connection, "company")
        await served.stage.database.pool.execute("UPDATE staff_session SET seen_at = seen_at - interval '1 hour'")
        before = await served.stage.database.pool.fetchval(seen)
        await asyncio.sleep(0.3)
        assert await served.stage.database.pool.fetchval(seen) == before
