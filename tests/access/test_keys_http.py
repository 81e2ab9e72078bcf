"""Keys over HTTP: made by who may, shown once, and the list says when each was last used."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from access.gatehouse import FROM_OURS, asking, cookie, key, lines
from antiphon.access import keys
from antiphon.access.roles import Role
from antiphon.kernel.db import Database


async def make(client: httpx.AsyncClient, headers: dict[str, str], scope: str = "read") -> httpx.Response:
    body = {"name": "report", "scope": scope}
    return await client.post("/api/v1/keys", json=body, headers=headers | FROM_OURS)


async def test_a_key_is_shown_once_works_and_is_dead_when_it_is_revoked(database: Database) -> None:
    async with asking(database) as client:
        owner = await cookie(database, "owner")
        made = (await make(client, owner)).json()
        bearer = {"Authorization": f"Bearer {made['key']}"}
        assert (await client.get("/api/v1/segments", headers=bearer)).status_code == 200
        listed = await client.get("/api/v1/keys", headers=owner)
        assert made["key"] not in listed.text
        (one,) = listed.json()["keys"]
        assert (one["id"], one["scope"], one["maker"]) == (made["id"], "read", "Ada owner")
        assert {"segments.read", "events.write"} <= set(one["permissions"])
        assert "segments.write" not in one["permissions"]
        gone = await client.delete(f"/api/v1/keys/{made['id']}", headers=owner | FROM_OURS)
        assert gone.status_code == 204
        async with asyncio.timeout(5):
            while (await client.get("/api/v1/segments", headers=bearer)).status_code != 401:  # noqa: ASYNC110  # another clock's work
                await asyncio.sleep(0.2)
    told = await lines(database)
    assert [(line["act"], line["status"]) for line in told] == [("keys.create", 201), ("keys.delete", 204)]
    assert made["key"] not in str(told)


@pytest.mark.parametrize(
    ("role", "scope", "status"),
    [
        ("owner", "admin", 201),
        ("developer", "write", 201),
        ("developer", "read", 201),
        ("developer", "admin", 403),
        ("manager", "write", 403),
        ("marketer", "write", 403),
    ],
)
async def test_nobody_makes_a_key_that_may_more_than_they_may(
    database: Database, role: Role, scope: str, status: int
) -> None:
    async with asking(database) as client:
        answer = await make(client, await cookie(database, role), scope)
    assert answer.status_code == status, answer.text


async def test_a_key_makes_and_revokes_no_keys(database: Database) -> None:
    async with asking(database) as client:
        admin = await key(database, "admin")
        assert (await make(client, admin)).status_code == 403
        assert (await client.delete("/api/v1/keys/1", headers=admin)).status_code == 403


async def test_a_stolen_cookie_alone_makes_no_key(database: Database) -> None:
    async with asking(database) as client:
        owner = await cookie(database, "owner")
        await database.pool.execute("UPDATE staff_session SET proved_at = proved_at - interval '1 hour'")
        answer = await make(client, owner)
    assert (answer.status_code, answer.json()["code"]) == (403, "prove_again")


@pytest.mark.parametrize("id", ["0", "x", "99999999999999999999", "-1", "%00"])
async def test_a_key_that_there_is_not_is_not_revoked(database: Database, id: str) -> None:
    async with asking(database) as client:
        answer = await client.delete(f"/api/v1/keys/{id}", headers=await cookie(database, "owner") | FROM_OURS)
    assert answer.status_code == 404


async def test_many_uses_are_one_row_and_none_is_lost_at_the_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "FIRST_USE_S", 0.05)
    async with asking(database) as client:
        reader = await key(database, "read")
        for _ in range(20):
            await client.get("/api/v1/segments", headers=reader)
        async with asyncio.timeout(5):
            while (first := await database.pool.fetchval("SELECT used_at FROM api_key")) is None:  # noqa: ASYNC110  # a database tells nobody
                await asyncio.sleep(0.02)
        await client.get("/api/v1/segments", headers=reader)
        await asyncio.sleep(0.1)
        assert await database.pool.fetchval("SELECT used_at FROM api_key") == first, "a minute has not gone by"
    await keys.close(database)
    assert await database.pool.fetchval("SELECT used_at FROM api_key") > first
