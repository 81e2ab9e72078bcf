"""`WS /api/live` through the real server."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import time
import weakref
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from antiphon import campaigns, content, metrics, segments
from antiphon.app.live import ORDER_CHARS_MAX, TOPICS_MAX, Client, Hub, Order
from antiphon.app.topics import difference
from antiphon.kernel.records import Count
from app.conftest import Served
from pages.stage import MESSAGE

READER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


async def campaign(served: Served, *people: str) -> campaigns.Campaign:
    """Running, everybody told by e-mail and queued."""
    database = served.stage.database
    for person in people:
        await served.stage.person(person)
    await segments.create(database, "everybody", {"version": 1, "rule": {"trait": "first_name", "op": "exists"}})
    async with database.transaction() as tx:
        await content.create(tx, content.parse(MESSAGE))
        made = await campaigns.create(tx, name="spring", message="coupon", segment="everybody", channels=["email"])
        made = await campaigns.launch(tx, made)
    while await campaigns.work_chunks(served.runtime):
        pass
    return made


async def ask(socket: ClientConnection, **order: Any) -> None:
    await socket.send(json.dumps(order))


async def hear(socket: ClientConnection, *, within_s: float = 2.0) -> dict[str, Any]:
    async with asyncio.timeout(within_s):
        heard: dict[str, Any] = json.loads(await socket.recv())
        return heard


def live(served: Served, key: str | None = None, **options: Any) -> Any:
    options.setdefault("additional_headers", {"Authorization": f"Bearer {key or served.key}"})
    return connect(f"ws://{served.at}/api/live", **options)


async def test_a_click_is_heard_within_a_second(served: Served, client: httpx.AsyncClient) -> None:
    made = await campaign(served, "anna", "ben")
    assert made.source is not None
    url = (await served.stage.links(made.source, served.stage.people["anna"])).click_url(0)
    async with live(served) as socket:
        await ask(socket, sub=[f"campaign:{made.id}"])
        first = await hear(socket)
        assert first["topic"] == f"campaign:{made.id}"
        assert first["snapshot"]["n"] == {"//notified": 2}
        assert first["snapshot"]["state"] == "running"
        started = time.monotonic()
        await client.get(url, headers=READER)
        heard = await hear(socket, within_s=1.0)
        assert time.monotonic() - started < 1.0
    assert heard["delta"] == {"n": {"email//clicked": 1, "email//delivered": 1, "email//opened": 1}}
    assert heard["seq"] == first["seq"] + 1


async def test_many_changes_are_said_at_most_four_times_a_second_and_end_right(served: Served) -> None:
    made = await campaign(served, "anna")
    source = made.source
    assert source is not None
    async with live(served) as socket:
        await ask(socket, sub=["campaign:spring"])
        known = (await hear(socket))["snapshot"]
        started, messages = time.monotonic(), 0
        for _ in range(100):
            async with served.stage.database.transaction() as tx:
                await metrics.add(tx, [Count(source, "email", "", "clicked", tx.now, 1)])
            await asyncio.sleep(0.01)
        while known["n"].get("email//clicked") != 100:
            delta = (await hear(socket))["delta"]
            messages += 1
            for key, value in delta.items():
                known[key] = known[key] | value if isinstance(value, dict) else value
        assert messages <= 4 * (time.monotonic() - started) + 1


async def test_silence_while_nothing_changes(served: Served) -> None:
    made = await campaign(served, "anna")
    async with live(served) as socket:
        await ask(socket, sub=[f"campaign:{made.id}"])
        await hear(socket)
        with pytest.raises(TimeoutError):
            await hear(socket, within_s=1.5)


async def test_many_listeners_cost_one_look(served: Served) -> None:
    made = await campaign(served, "anna")
    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(live(served)) for _ in range(10)]
        for socket in sockets:
            await ask(socket, sub=[f"campaign:{made.id}"])
        first = [await hear(socket) for socket in sockets]
        assert len({json.dumps(one, sort_keys=True) for one in first}) == 1
        looks: list[bool] = []
        look = served.stage.database.transaction

        def note(*, read_only: bool = False) -> Any:
            looks.append(read_only)
            return look(read_only=read_only)

        served.stage.database.transaction = note  # type: ignore[method-assign]
        await asyncio.sleep(2.2)
        assert 1 <= len(looks) <= 3
        served.stage.database.transaction = look  # type: ignore[method-assign]
        async with served.stage.database.transaction() as tx:
            await campaigns.pause(tx, made)
        heard = [await hear(socket) for socket in sockets]
        assert all(one["delta"] == {"state": "paused"} for one in heard)


async def test_a_pause_is_heard(served: Served) -> None:
    made = await campaign(served, "anna")
    async with live(served) as socket:
        await ask(socket, sub=[f"campaign:{made.id}"])
        await hear(socket)
        async with served.stage.database.transaction() as tx:
            await campaigns.pause(tx, made)
        assert (await hear(socket))["delta"] == {"state": "paused"}


async def test_the_company_counts_people_and_campaigns(served: Served, client: httpx.AsyncClient) -> None:
    made = await campaign(served, "anna", "ben")
    assert made.source is not None
    async with live(served) as socket:
        await ask(socket, sub=["company"])
        snapshot = (await hear(socket))["snapshot"]
        assert snapshot["n"] == {"/notified": 2}
        assert snapshot["campaigns"] == {str(made.id): {"state": "running", "notified": 2}}
        url = (await served.stage.links(made.source, served.stage.people["ben"])).open_url()
        await client.get(url, headers=READER)
        heard: dict[str, Any] = {}
        while "n" not in heard:
            heard = (await hear(socket))["delta"]
        assert heard["n"] == {"email/opened": 1, "email/delivered": 1}


async def test_what_is_not_there_is_said_and_the_rest_goes_on(served: Served) -> None:
    await campaign(served, "anna")
    async with live(served) as socket:
        await ask(socket, sub=["weather", "campaign:77"])
        errors = [await hear(socket), await hear(socket)]
        assert {error["topic"]: error["error"][:8] for error in errors} == {
            "weather": "There is",
            "campaign:77": "There is",
        }
        await socket.send("not JSON")
        assert "error" in await hear(socket)
        await ask(socket, sub=["campaign:spring"])
        assert "snapshot" in await hear(socket)
        await ask(socket, unsub=["campaign:spring"], sub=[])
        await ask(socket, sub=["campaign:spring"])
        assert "snapshot" in await hear(socket)


async def test_who_asked_for_what_there_is_not_leaves_nothing_behind(served: Served) -> None:
    hub, client = Hub(served.runtime), Client()
    hub.obey(client, Order(sub=["campaign:77", "segment:none"]))
    for _ in range(2):
        assert "There is no" in json.loads(await client.outbox.get())["error"]
    hub.leave(client)
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert gone() is None


async def test_a_topic_that_cannot_be_told_says_so(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_tx: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(campaigns, "overview_now", broken)
    async with live(served) as socket:
        await ask(socket, sub=["overview"])
        assert (await hear(socket))["error"].startswith("This cannot be told")
        monkeypatch.undo()
        await ask(socket, sub=["overview"])
        assert "snapshot" in await hear(socket)


async def test_topics_and_orders_are_bounded(served: Served) -> None:
    async with live(served) as socket:
        await ask(socket, sub=[f"campaign:x{n}" for n in range(TOPICS_MAX + 1)])
        heard = [await hear(socket) for _ in range(TOPICS_MAX + 1)]
        assert sum("at most" in one["error"] for one in heard) == 1
        await socket.send('{"sub": ["' + "x" * ORDER_CHARS_MAX + '"]}')
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


async def test_who_does_not_listen_is_let_go() -> None:
    client = Client()
    for n in range(1_000):
        client.say(str(n))
    assert client.overrun.is_set()
    assert client.outbox.full()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Authorization": "Bearer ak_read_nonsense"},
        {"Cookie": "antiphon=nonsense"},
    ],
)
async def test_strangers_hear_nothing(served: Served, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with live(served, additional_headers=headers):
            pass
    assert refused.value.response.status_code == 403


async def test_a_stop_of_the_server_ends_the_socket(served: Served) -> None:
    async with live(served) as socket:
        await ask(socket, sub=["company"])
        await hear(socket)
        served.server.should_exit = True
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(_hear_on(socket), 5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012


async def _hear_on(socket: ClientConnection) -> None:
    async for _ in socket:
        pass
    await socket.recv()


def test_a_difference_says_what_changed_and_what_is_gone() -> None:
    before = {"state": "running", "n": {"a": 1, "b": 2}, "people": 3}
    after = {"state": "paused", "n": {"a": 1, "c": 5}, "people": 3}
    assert difference(before, after) == {"state": "paused", "n": {"b": None, "c": 5}}
    assert difference(after, after) == {}
