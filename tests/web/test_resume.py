"""Coming back to `WS /api/live`: what has not changed meanwhile is not told again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect

from antiphon import access
from antiphon.kernel.db import Database
from pages.stage import Stage
from web.conftest import served

TOPIC = "sandbox"
"""It tells the held time."""


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[tuple[Stage, str, dict[str, str]]]:
    async with served(database) as (stage, host):
        yield stage, host, await admin(stage)


async def admin(stage: Stage) -> dict[str, str]:
    async with stage.database.transaction() as tx:
        _id, key = await access.create_key(tx, "sandbox", "admin")
    return {"Authorization": f"Bearer {key}"}


async def hear(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(5):
        return dict(json.loads(await socket.recv()))


async def come(house: tuple[Stage, str, dict[str, str]], known: str | None = None) -> dict[str, Any]:
    _stage, host, headers = house
    async with connect(f"ws://{host}/api/live", additional_headers=headers) as socket:
        order: dict[str, Any] = {"sub": [TOPIC]}
        if known is not None:
            order["known"] = {TOPIC: known}
        await socket.send(json.dumps(order))
        return await hear(socket)


async def test_what_is_as_it_was_is_not_told_again(house: tuple[Stage, str, dict[str, str]]) -> None:
    first = await come(house)
    again = await come(house, known=first["mark"])
    assert "snapshot" in first
    assert again == {"topic": TOPIC, "seq": again["seq"], "mark": first["mark"]}


async def test_what_has_changed_meanwhile_is_told_whole(house: tuple[Stage, str, dict[str, str]]) -> None:
    first = await come(house)
    await house[0].database.move_clock(lambda state: state.moved(state.now() + timedelta(hours=1)))
    again = await come(house, known=first["mark"])
    assert again["mark"] != first["mark"]
    assert again["snapshot"] != first["snapshot"]


async def test_a_mark_of_something_else_is_no_mark_of_this(house: tuple[Stage, str, dict[str, str]]) -> None:
    assert "snapshot" in await come(house, known="0" * 24)


async def test_who_joins_others_that_listen_is_told_the_same_way(house: tuple[Stage, str, dict[str, str]]) -> None:
    _stage, host, headers = house
    async with connect(f"ws://{host}/api/live", additional_headers=headers) as socket:
        await socket.send(json.dumps({"sub": [TOPIC]}))
        first = await hear(socket)
        assert "snapshot" not in await come(house, known=first["mark"])
        assert "snapshot" in await come(house)
