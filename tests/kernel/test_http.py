"""Every answer that is no success is problem details (RFC 9457) that say where and what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from litestar.di import Provide
from litestar.exceptions import HTTPException
from msgspec import Struct

from antiphon.kernel import errors
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Flaw, Problem
from antiphon.kernel.http import delete, flaw_of, get, on_anything, on_http, on_problem, post, put
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets

KINDS: list[type[Problem]] = [Problem, *Problem.__subclasses__()]
PROBLEMS = {kind.code: kind for kind in KINDS if kind.__module__ == errors.__name__}


class Condition(Struct, forbid_unknown_fields=True):
    event: str
    count: int = 1


class Rule(Struct, forbid_unknown_fields=True):
    all: list[Condition]


class Named(Struct, forbid_unknown_fields=True):
    name: str
    rule: Rule


@get("/problems/{code:str}", permission="public")
async def raise_problem(code: str) -> None:
    raise PROBLEMS[code](flaws=[Flaw("rule.all[0].within", "A duration is needed.")])


@get("/bug", permission="public")
async def bug() -> None:
    raise KeyError("a secret of ours")


@get("/numbers/{n:int}", permission="public")
async def number(n: int, limit: int = 5) -> int:
    return n * limit


@post("/things", permission="public")
async def make(data: Named) -> Named:
    return data


@put("/things", permission="settings.write")
async def change(data: Named) -> Named:
    return data


@delete("/things", permission="settings.write")
async def drop() -> None: ...


@get("/database", permission="public")
async def database_answers(runtime: Runtime) -> int:
    async with runtime.database.transaction() as tx:
        return int((await tx.rows("SELECT 1 AS n"))[0]["n"])


@get("/lost/{kind:str}", permission="public")
async def lost(kind: str) -> None:
    raise {
        "shutdown": asyncpg.AdminShutdownError("terminating connection due to administrator command"),
        "crash": asyncpg.CrashShutdownError(),
        "starting": asyncpg.CannotConnectNowError("the database system is starting up"),
        "refused": ConnectionRefusedError(),
        "closed": asyncpg.InterfaceError("connection is closed"),
    }[kind]


@get("/wrong", permission="public")
async def wrong_type(runtime: Runtime) -> None:
    async with runtime.database.transaction() as tx:
        await tx.rows("SELECT $1::integer", 2**40)


ROUTES = [wrong_type, raise_problem, bug, number, make, change, drop, database_answers, lost]


def application(runtime: Runtime) -> Any:
    return Litestar(
        ROUTES,
        dependencies={"runtime": Provide(lambda: runtime, sync_to_thread=False)},
        exception_handlers={Problem: on_problem, HTTPException: on_http, Exception: on_anything},
        signature_types=[Runtime],
        request_max_body_size=1000,
        openapi_config=None,
    )


@pytest_asyncio.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = application(Runtime(database, Secrets(bytes(32)), "http://antiphon.example"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The details, after what is the same in all."""
    assert answer.headers["content-type"].startswith("application/problem+json")
    said: dict[str, Any] = answer.json()
    assert answer.status_code == said["status"] == status
    assert said["code"] == code
    assert said["type"] == f"urn:antiphon:problem:{code}"
    assert said["title"]
    assert "Traceback" not in answer.text
    return said


def test_the_tree_of_problems_is_known() -> None:
    assert {(kind.code, kind.status) for kind in PROBLEMS.values()} == {
        ("internal", 500),
        ("invalid", 400),
        ("not_found", 404),
        ("conflict", 409),
        ("unauthorised", 401),
        ("forbidden", 403),
        ("too_large", 413),
        ("busy", 503),
        ("no_room", 507),
        ("too_often", 429),
    }


@pytest.mark.parametrize("code", PROBLEMS)
async def test_every_problem_becomes_details_with_its_status_and_places(client: httpx.AsyncClient, code: str) -> None:
    kind = PROBLEMS[code]
    answer = await client.get(f"/problems/{code}")
    said = problem(answer, kind.status, code)
    assert said["title"] == (kind.__doc__ or "").split("\n", 1)[0]
    assert said["errors"] == [{"at": "rule.all[0].within", "message": "A duration is needed."}]
    assert ("retry-after" in answer.headers) == (code in ("busy", "too_often"))


@pytest.mark.parametrize(
    ("body", "at", "message"),
    [
        ({"name": "a", "rule": {"all": [{"event": 5}]}}, "rule.all[0].event", "Expected `str`, got `int`"),
        ({"name": "a", "rule": {"all": [{"event": "e"}, {"event": "e", "count": "x"}]}}, "rule.all[1].count", "int"),
        ({"name": "a", "rule": {"all": [{"event": "e", "cuont": 1}]}}, "rule.all[0]", "cuont"),
        ({"name": "a", "rule": {"all": [{}]}}, "rule.all[0]", "event"),
        ({"name": "a", "rule": []}, "rule", "object"),
        ({"name": "a"}, "", "rule"),
        ({"name": "a", "rule": {"all": []}, "more": 1}, "", "more"),
        ([], "", "object"),
    ],
)
async def test_a_wrong_body_is_told_where(client: httpx.AsyncClient, body: object, at: str, message: str) -> None:
    said = problem(await client.post("/things", json=body), 400, "invalid")
    (flaw,) = said["errors"]
    assert flaw.get("at", "") == at
    assert message in flaw["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b'"\xff"', b'{"name": "\\ud800"}'])
async def test_a_body_that_is_no_json_is_the_callers_fault(client: httpx.AsyncClient, body: bytes) -> None:
    problem(await client.post("/things", content=body, headers={"Content-Type": "application/json"}), 400, "invalid")


async def test_a_body_beyond_the_limit_is_refused(client: httpx.AsyncClient) -> None:
    problem(await client.post("/things", json={"name": "a" * 2000}), 413, "too_large")


async def test_a_wrong_query_parameter_is_named(client: httpx.AsyncClient) -> None:
    said = problem(await client.get("/numbers/5", params={"limit": "many"}), 400, "invalid")
    assert said["errors"][0]["at"] == "limit"


@pytest.mark.parametrize("path", ["/nothing", "/numbers/five", "/numbers", "/problems/invalid/more"])
async def test_an_unknown_route_is_a_problem_too(client: httpx.AsyncClient, path: str) -> None:
    problem(await client.get(path), 404, "not_found")


async def test_another_method_is_refused_and_the_right_ones_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/numbers/5", json={})
    problem(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["allow"]


async def test_a_fault_of_ours_tells_nothing_of_itself(client: httpx.AsyncClient) -> None:
    answer = await client.get("/bug")
    assert problem(answer, 500, "internal")["title"] == Problem.__doc__
    assert "secret" not in answer.text


async def test_a_value_that_the_driver_refuses_is_our_fault_not_a_lost_database(client: httpx.AsyncClient) -> None:
    """Both are the driver's InterfaceError."""
    problem(await client.get("/wrong"), 500, "internal")


@pytest.mark.parametrize("kind", ["shutdown", "crash", "starting", "refused", "closed"])
async def test_a_restarting_database_asks_to_try_again(client: httpx.AsyncClient, kind: str) -> None:
    answer = await client.get(f"/lost/{kind}")
    problem(answer, 503, "busy")
    assert answer.headers["retry-after"] == "1"


async def test_a_database_that_is_gone_is_busy_and_one_that_is_back_answers(
    client: httpx.AsyncClient, database: Database
) -> None:
    assert (await client.get("/database")).json() == 1
    await database.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert (await client.get("/database")).json() == 1
    await database.pool.close()
    problem(await client.get("/database"), 503, "busy")


def test_every_route_carries_its_permission() -> None:
    assert [route.opt["permission"] for route in (make, change, drop)] == ["public", "settings.write", "settings.write"]


@pytest.mark.parametrize(
    ("message", "at", "text"),
    [
        ("Expected `int`, got `str` - at `$.a[0].b`", "a[0].b", "Expected `int`, got `str`"),
        ("Object contains unknown field `x` - at `$`", "", "Object contains unknown field `x`"),
        ("Expected `str` - at `key` in `$.a`", "a", "Expected `str`"),
        ("JSON is malformed: invalid character (byte 0)", "", "JSON is malformed: invalid character (byte 0)"),
        ("Expected `array` - at `$[...]`", "[...]", "Expected `array`"),
    ],
)
def test_a_message_of_the_decoder_is_split_into_place_and_sentence(message: str, at: str, text: str) -> None:
    assert flaw_of(message) == Flaw(at, text)
