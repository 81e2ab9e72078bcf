"""Routes from the outside: what they cost on the hot path, and changing an account over HTTP."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from statistics import median
from typing import Any

import httpx
import pytest_asyncio
from litestar import Litestar, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException

from antiphon import channels
from antiphon.channels.http import routes
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Problem
from antiphon.kernel.http import on_http, on_problem
from antiphon.kernel.principal import Principal
from antiphon.kernel.records import Accepted, ProviderId, Refused
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import read_secrets
from channels.accounts import make, run, standing
from slowness import slowness

DOMAINS = [f"shop{n}.example" for n in range(150)] + ["gmail.com"] * 60 + ["outlook.com"] * 40


async def as_developer(connection: Any, _handler: Any) -> None:
    """As the guard of the web process does."""
    connection.scope["auth"] = Principal("key", 1, "test", frozenset({"providers.read", "providers.write"}))


async def cost(database: Database, provider: ProviderId, *, rounds: int = 30) -> dict[str, float]:
    """Microseconds for a batch of 250, the median, each part in a transaction of its own."""
    batch = [(f"user{n}@{domain}", Accepted(f"q{n}")) for n, domain in enumerate(DOMAINS)]
    spent: dict[str, list[float]] = {"room": [], "slots": [], "note_results": []}
    for _ in range(rounds):
        async with database.transaction() as tx:
            begun = time.perf_counter()
            n = await channels.room(tx, provider, wanted=250)
            await channels.spend(tx, provider, n)
            spent["room"].append(time.perf_counter() - begun)
            begun = time.perf_counter()
            await channels.slots(tx, provider, [address for address, _ in batch])
            spent["slots"].append(time.perf_counter() - begun)
            begun = time.perf_counter()
            await channels.note_results(tx, provider, batch)
            spent["note_results"].append(time.perf_counter() - begun)
    return {name: median(times) * 1e6 for name, times in spent.items()}


async def test_a_batch_costs_a_few_microseconds_a_message(database: Database) -> None:
    """5 µs a message are meant, 20 are too many."""
    free = await make(database, "free")
    cold = await cost(database, free)
    slow = await make(database, "limited", per_second=1e6)
    async with database.transaction() as tx:
        refused = Refused("temporary", "421 4.7.0", "", 60.0)
        taken = [("a@gmail.com", Accepted())] * 200 + [("a@outlook.com", Accepted())] * 200
        await channels.note_results(tx, slow, [*taken, ("a@gmail.com", refused), ("a@outlook.com", refused)])
    limited = await cost(database, slow)
    for name, found in (("no limits", cold), ("a pace, two receivers limited", limited)):
        parts = ", ".join(f"{part} {us:.0f}" for part, us in found.items())
        print(f"\n{name}: {parts}; together {sum(found.values()):.0f} µs for 250")
    assert sum(cold.values()) < 250 * 20 * slowness()
    assert sum(limited.values()) < 250 * 40 * slowness()


async def test_health_is_looked_at_at_a_cost_that_does_not_grow_with_messages(database: Database) -> None:
    provider = await make(database, "relay")
    await run(
        database,
        "INSERT INTO provider_tally (provider_id, at, noted_at, kind, n)"
        " SELECT $1, $2::timestamptz - n % 120 * interval '10 s', clock_timestamp() - interval '2 min', 'accepted', 250"
        " FROM generate_series(1, 40000) AS n",
        provider,
        database.clock.now(),
    )
    times = []
    for _ in range(4):
        begun = time.perf_counter()
        async with database.transaction() as tx:
            await channels.keep_health(tx, every_s=0)
        times.append(time.perf_counter() - begun)
    print(f"\n10 million messages: the first look {times[0] * 1e3:.0f} ms, the next {min(times[1:]) * 1e3:.1f} ms")
    assert min(times[1:]) < 0.1 * slowness()


@pytest_asyncio.fixture
async def api(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    runtime = Runtime(database, await read_secrets(database), "http://antiphon.example")
    app = Litestar(
        [Router("/api/v1", route_handlers=routes)],
        guards=[as_developer],
        dependencies={"runtime": Provide(lambda: runtime, sync_to_thread=False)},
        exception_handlers={Problem: on_problem, HTTPException: on_http},
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://antiphon.example") as client:
        yield client


async def test_an_account_is_changed_and_seen_over_http(database: Database, api: httpx.AsyncClient) -> None:
    provider = await make(database, "relay", rank=2)
    changes = {"weight": 30, "costs": {"GR": 0.05}, "warm_up": {"from": "2026-12-01", "per_day": [50, 100]}}
    answer = await api.put("/api/v1/providers/relay", json=changes)
    assert answer.status_code == 200, answer.text
    (seen,) = (await api.get("/api/v1/providers")).json()
    assert {**seen, "standing": None} == answer.json()  # how it stands is asked for apart
    assert {name: seen[name] for name in changes} == changes
    assert (seen["rank"], seen["health"], seen["up"], seen["silence_s"]) == (2, 1.0, True, None)
    assert "settings" not in seen
    answer = await api.put(f"/api/v1/providers/{provider}", json={"warm_up": None, "settings": {"port": 2525}})
    assert answer.json()["warm_up"] is None
    assert (await standing(database, provider)).weight == 30


async def test_a_wrong_change_is_named_and_changes_nothing(database: Database, api: httpx.AsyncClient) -> None:
    provider = await make(database, "relay")
    before = await standing(database, provider)
    for body, at in (
        ({"weight": -1}, "weight"),
        ({"costs": {"GR": "x"}}, "costs[...]"),
        ({"adapter": "smpp"}, ""),
        ({"settings": {"prot": 1}}, "settings"),
        ({"warm_up": {"from": "tomorrow", "per_day": [1]}}, "warm_up.from"),
        ({"warm_up": {"from": "2026-12-01", "per_day": []}}, "warm_up.per_day"),
    ):
        answer = await api.put("/api/v1/providers/relay", json=body)
        assert answer.status_code == 400, body
        assert [error["at"] for error in answer.json()["errors"]] == [at], answer.text
    assert await standing(database, provider) == before
    assert (await api.put("/api/v1/providers/nobody", json={})).status_code == 404


async def test_receivers_that_asked_for_less_are_shown(database: Database, api: httpx.AsyncClient) -> None:
    provider = await make(database, "relay")
    async with database.transaction() as tx:
        refused = Refused("temporary", "421 4.7.0", "", 60.0)
        await channels.note_results(tx, provider, [("a@gmail.com", refused)] * 3)
    (seen,) = (await api.get("/api/v1/providers/relay/receivers")).json()
    assert (seen["receiver"], seen["deferred"], seen["code"]) == ("google", 3, "421 4.7.0")
