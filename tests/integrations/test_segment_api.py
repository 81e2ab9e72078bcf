"""The Segment API over HTTP: what is answered, what is kept, and what a bad or greedy client can do."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from antiphon import access, integrations, profiles
from antiphon.integrations import SegmentApi, body
from antiphon.integrations.body import BODY_BYTES_MAX
from antiphon.kernel.db import Database
from antiphon.kernel.runtime import Runtime
from integrations.conftest import basic, events, refused

GOOD = {"type": "track", "userId": "u1", "event": "seen"}


def batch(*events: Any) -> bytes:
    return json.dumps({"batch": list(events)}).encode()


async def test_a_bad_event_is_200_in_the_debugger_and_the_rest_is_kept(
    client: httpx.AsyncClient, database: Database
) -> None:
    answer = await client.post(
        "/batch", content=batch(GOOD, {"type": "track", "event": "x"}, 3, GOOD | {"event": "bought"})
    )
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert answer.headers["content-length"] == str(len(answer.content))
    assert await events(database) == ["bought", "seen"]
    assert await refused(database) == ["userId", ""]


@pytest.mark.parametrize("path", ["identify", "track", "page", "screen", "alias", "i", "t", "p", "s", "a"])
async def test_single_calls_are_taken_whatever_the_content_type(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    event = {"userId": "u1", "event": "seen", "previousId": "a1"}
    answer = await client.post(f"/{path}", content=json.dumps(event), headers={"Content-Type": "text/plain"})
    assert answer.json() == {"success": True}
    assert await database.pool.fetchval("SELECT count(*) FROM profile") == 1
    assert await refused(database) == []


async def test_the_key_comes_as_basic_bearer_or_in_the_body(
    anonymous: httpx.AsyncClient, key: str, database: Database
) -> None:
    import base64

    without_colon = "Basic " + base64.b64encode(key.encode()).decode()
    for headers in (basic(key), {"Authorization": f"Bearer {key}"}, {"authorization": without_colon}):
        assert (await anonymous.post("/track", json=GOOD, headers=headers)).status_code == 200
    assert (await anonymous.post("/track", json=GOOD | {"writeKey": key})).status_code == 200
    assert (await anonymous.post("/batch", json={"batch": [GOOD], "writeKey": key})).status_code == 200
    assert len(await events(database)) == 5


@pytest.mark.parametrize(
    "headers",
    [{}, basic("ak_write_wrong"), basic(""), {"Authorization": "Bearer"}, {"Authorization": "Basic %%%"},
     {"Authorization": "Digest x"}, {"Authorization": "Basic /w=="}],
)  # fmt: skip
async def test_without_a_valid_key_nothing_is_taken(
    anonymous: httpx.AsyncClient, database: Database, headers: dict[str, str]
) -> None:
    answer = await anonymous.post("/batch", content=batch(GOOD), headers=headers)
    assert answer.status_code == 401
    assert answer.json()["success"] is False
    assert "www-authenticate" not in answer.headers
    assert await events(database) == []
    assert await refused(database) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"nonsense", b'{"batch":3}', b"\xff\xff", b'{"batch":' + b"[" * 50_000, b"[" * 100_000,
     b'{"batch":[' + b" " * BODY_BYTES_MAX + b"]}"],
)  # fmt: skip
async def test_malformed_and_oversize_is_400_with_a_reason(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post("/batch", content=content)
    assert answer.status_code == 400
    assert answer.json()["success"] is False
    assert answer.json()["error"]


async def test_an_event_beyond_32_kb_is_400_and_the_others_of_its_batch_are_kept(
    client: httpx.AsyncClient, database: Database
) -> None:
    answer = await client.post("/batch", content=batch(GOOD, GOOD | {"properties": {"a": "x" * 40_000}}))
    assert answer.status_code == 400
    assert "32 kB" in answer.json()["error"]
    assert await events(database) == ["seen"]


async def test_gzip_is_unpacked_and_a_bomb_is_not(client: httpx.AsyncClient, database: Database) -> None:
    packed = {"Content-Encoding": "gzip"}
    whole = gzip.compress(batch(GOOD))
    assert (await client.post("/batch", content=whole, headers=packed)).status_code == 200
    bomb = gzip.compress(b" " * 400_000_000, compresslevel=1)
    for content in (bomb[:BODY_BYTES_MAX], bomb, whole[:-5], whole + b"x", b"plain", b""):
        assert (await client.post("/batch", content=content, headers=packed)).status_code == 400
    assert (await client.post("/batch", content=b"x", headers={"Content-Encoding": "br"})).status_code == 400
    assert await events(database) == ["seen"]


async def test_browsers_may_call_from_any_page(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.options("/track", headers={"Origin": "https://shop.example"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert (await anonymous.post("/track", json={})).headers["access-control-allow-origin"] == "*"


async def test_the_browser_library_is_told_where_to_send_to(anonymous: httpx.AsyncClient, key: str) -> None:
    answer = await anonymous.get(f"/projects/{key}/settings")
    assert answer.json()["integrations"]["Segment.io"] == {
        "apiKey": key,
        "apiHost": "hello.example/v1",
        "protocol": "https",
    }
    assert (await anonymous.get("/projects/nobody/settings")).status_code == 401


async def test_other_addresses_and_methods(client: httpx.AsyncClient) -> None:
    assert (await client.post("/dance", json=GOOD)).status_code == 404
    assert (await client.get("/track")).status_code == 405


async def test_the_same_message_sent_twice_counts_once(client: httpx.AsyncClient, database: Database) -> None:
    event = GOOD | {"messageId": "m1"}
    for _ in range(2):
        assert (await client.post("/batch", content=batch(event, event))).status_code == 200
    assert await events(database) == ["seen"]


async def test_what_the_database_refuses_stands_alone_and_the_rest_is_kept(
    client: httpx.AsyncClient, database: Database
) -> None:
    """A constraint that the code does not know of: the poison of one request spoils nobody's."""
    await database.pool.execute("ALTER TABLE event ADD CHECK (properties->>'a' <> 'poison')")
    good = [GOOD | {"event": f"good {n}", "properties": {"a": "b"}} for n in range(30)]
    poison = GOOD | {"event": "bad", "properties": {"a": "poison"}}
    bodies = [batch(*good[:10]), batch(*good[10:13], poison, *good[13:15], poison), batch(*good[15:])]
    answers = await asyncio.gather(*(client.post("/batch", content=content) for content in bodies))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert await events(database) == sorted(str(event["event"]) for event in good)
    assert len(await refused(database)) == 2


async def test_a_number_that_jsonb_cannot_hold_costs_one_event(client: httpx.AsyncClient, database: Database) -> None:
    tiny = b'{"type":"track","userId":"u","event":"tiny","properties":{"a":1e-200000}}'
    answer = await client.post("/batch", content=b'{"batch":[' + tiny + b"," + json.dumps(GOOD).encode() + b"]}")
    assert answer.status_code == 200
    assert await events(database) == ["seen"]
    assert len(await refused(database)) == 1


async def test_while_the_database_is_away_the_answer_is_503_never_200(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connections are cut in the middle of the transaction: nothing of it is on disk."""
    assert (await client.post("/track", json=GOOD | {"messageId": "before"})).status_code == 200

    async def cut(tx: Any, facts: Any, **_: Any) -> Any:
        await record(tx, facts)
        await database.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND state = 'idle in transaction'"
        )
        return await record(tx, facts)

    record = profiles.record
    monkeypatch.setattr(profiles, "record", cut)
    answer = await client.post("/track", json=GOOD | {"messageId": "during"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    monkeypatch.undo()
    assert await events(database) == ["seen"]
    assert (await client.post("/track", json=GOOD | {"messageId": "during"})).status_code == 200
    assert await events(database) == ["seen", "seen"]
    assert await refused(database) == []


async def test_a_full_disk_is_nobodys_poison(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(tx: Any, facts: Any, **_: Any) -> Any:
        await tx.connection.execute("DO $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END $$")

    monkeypatch.setattr(profiles, "record", full)
    assert (await client.post("/track", json=GOOD)).status_code == 503
    assert await refused(database) == []


async def test_a_full_queue_asks_to_try_again(runtime: Runtime, key: str, database: Database) -> None:
    from antiphon.integrations.intake import Intake

    api = SegmentApi(runtime, intake=Intake(database, facts_max=50))
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://test/v1") as client,
        database.pool.acquire() as connection,
    ):
        client.headers.update(basic(key))
        await client.post("/track", json=GOOD)
        async with connection.transaction():
            await connection.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
            held = [asyncio.create_task(client.post("/batch", content=batch(*[GOOD] * 20))) for _ in range(2)]
            await asyncio.sleep(0.2)
            answer = await client.post("/batch", content=batch(*[GOOD] * 20))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert not any(task.done() for task in held)
        assert [(await task).status_code for task in held] == [200, 200]
    await api.close()
    assert len(await events(database)) == 41


async def test_a_stop_finishes_what_was_taken_and_takes_nothing_more(
    api: SegmentApi, client: httpx.AsyncClient, database: Database
) -> None:
    tasks = [asyncio.create_task(client.post("/batch", content=batch(*[GOOD] * 50))) for _ in range(10)]
    await asyncio.sleep(0.01)
    await api.close()
    answers = [(await task).status_code for task in tasks]
    assert len(await events(database)) == 50 * answers.count(200)
    assert set(answers) <= {200, 503}
    assert (await client.post("/track", json=GOOD)).status_code == 503


async def test_a_client_that_trickles_is_cut_off(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "READ_S", 0.2)

    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" "
            await asyncio.sleep(0.05)

    assert (await client.post("/batch", content=trickle())).status_code == 408


async def test_all_bodies_together_hold_no_more_than_the_bound(api: SegmentApi, client: httpx.AsyncClient) -> None:
    api._held.bytes_max = 100_000
    assert (await client.post("/batch", content=b" " * 200_000)).status_code == 503
    assert api._held.bytes == 0
    assert (await client.post("/track", json=GOOD)).status_code == 200


async def test_many_clients_at_once_lose_nothing(client: httpx.AsyncClient, database: Database) -> None:
    async def send(n: int) -> int:
        people = [GOOD | {"userId": f"u{(n * 7 + i) % 40}", "messageId": f"{n}-{i}"} for i in range(20)]
        return (await client.post("/batch", content=batch(*people))).status_code

    assert set(await asyncio.gather(*map(send, range(60)))) == {200}
    assert len(await events(database)) == 1200
    assert await database.pool.fetchval("SELECT count(*) FROM profile") == 40


async def test_the_debugger_lists_the_newest_first(client: httpx.AsyncClient, runtime: Runtime) -> None:
    for name in ("first", "second"):
        await client.post("/track", json={"event": name})
    found = await integrations.http.refused_events.fn(runtime, limit=10)
    assert [json.loads(row.excerpt)["event"] for row in found] == ["second", "first"]
    assert found[0].flaws[0].at == "userId"
    assert found[0].source.startswith("api:")


async def test_the_debugger_keeps_the_newest_ten_thousand(database: Database) -> None:
    rows = [profiles.Refusal("s", (), str(n)) for n in range(6_000)]
    for _ in range(2):
        async with database.transaction() as tx:
            await profiles.refuse(tx, rows)
    assert await database.pool.fetchval("SELECT count(*) FROM refused_event") == 10_000


async def test_a_revoked_key_sends_no_more(client: httpx.AsyncClient, database: Database) -> None:
    assert (await client.post("/track", json=GOOD)).status_code == 200
    async with database.transaction() as tx:
        await access.revoke(tx, (await access.list_keys(tx))[0].id)
    for _ in range(50):
        if (await client.post("/track", json=GOOD)).status_code == 401:
            return
        await asyncio.sleep(0.1)
    pytest.fail("still taken after five seconds")
