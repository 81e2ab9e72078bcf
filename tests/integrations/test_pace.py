"""A key that sends events faster than it may is told to come again, and nothing of what it was told is untrue."""

from __future__ import annotations

import asyncio

import httpx

from antiphon import access
from antiphon.kernel.db import Database
from integrations.conftest import basic, events


async def test_what_was_refused_was_not_taken_and_may_come_again(
    database: Database, anonymous: httpx.AsyncClient
) -> None:
    async with database.transaction() as tx:
        _, key = await access.create_key(tx, "shop", "write", per_second=3)
    answers = [
        await anonymous.post("/track", json={"userId": "1", "event": f"seen {n:02d}"}, headers=basic(key))
        for n in range(15)
    ]
    taken = [f"seen {n:02d}" for n, answer in enumerate(answers) if answer.status_code == 200]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert {answer.headers["Retry-After"] for answer in answers if answer.status_code == 429} == {"1"}
    assert await events(database) == taken
    await asyncio.sleep(1)
    batch = [{"type": "track", "userId": "1", "event": f"told {n:02d}"} for n in range(30)]
    answer = await anonymous.post("/batch", json={"batch": batch}, headers=basic(key))
    assert answer.status_code == 200, "a batch counts once"
    assert len(await events(database)) == len(taken) + 30
