"""Every operation that the description promises, with data that fits it and data that does not, against the real web
process: nothing fails on our side, and every answer is one that the description names, in its form.

`FUZZ_EXAMPLES=300` makes it deeper; a failure prints the request as a curl command.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any
from zlib import crc32

import asyncpg
import httpx
import msgspec
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from antiphon import access
from antiphon.app.web import front, openapi
from antiphon.app.wiring import wire
from antiphon.kernel.db import open_database
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets
from fresh import TEMPLATE, named
from pages.stage import ADAPTERS, MESSAGE

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
DATABASE = "fuzzed"
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
KNOWN = {
    "who": ["external_id:a", "email:b%40mail.example", "phone:%2B447400000003", "anonymous_id:d", "external_id@crm:e"],
    "campaign": ["spring", "1"], "segment": ["everybody", "1"], "message": ["coupon", "1"], "provider": ["1", "2"],
    "name": ["coupons"], "key": ["household"], "notification": ["256"], "act": ["launch", "disable", "pause", "enable"],
}  # fmt: skip
KEYLESS = {
    "/api/v1/health", "/api/v1/session", "/api/v1/setup", "/api/v1/sandbox/enter", "/api/v1/session/second-factor",
    "/api/v1/session/passkey", "/api/v1/session/passkey/options", "/api/v1/invitations/accept", "/api/v1/links/look",
    "/api/v1/password/reset", "/api/v1/password/forgot",
}  # fmt: skip
"""The way in, whose answers tests/access holds. A new one is added here, knowingly."""
DESCRIBED = msgspec.json.decode(msgspec.json.encode(openapi()))  # as it is served
schema = schemathesis.openapi.from_dict(DESCRIBED)


def name_what_is_there(found: Any) -> None:
    """Two of three names become those of something that exists, else hardly anything would go beyond a 404."""
    for name, value in found.items() if isinstance(found, dict) else ():
        chance = crc32(repr(value).encode(errors="replace"))
        if name in KNOWN and isinstance(value, str) and chance % 3:
            found[name] = KNOWN[name][chance % len(KNOWN[name])]


@contextlib.asynccontextmanager
async def _serving(server: str) -> AsyncIterator[tuple[str, str, uvicorn.Server]]:
    connection = await asyncpg.connect(server)
    await connection.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
    await connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {TEMPLATE}")
    await connection.close()
    database = await open_database(named(server, DATABASE))
    await database.start()
    wire(database)
    async with database.transaction() as tx:
        _, key = await access.create_key(tx, "fuzz", "admin")
    listening = socket.create_server(("127.0.0.1", 0))
    at = f"http://127.0.0.1:{listening.getsockname()[1]}"
    async with front(Runtime(database, Secrets(bytes(32)), at, sandbox=True)) as app:
        application: Any = app
        server_ = uvicorn.Server(uvicorn.Config(application, log_level="error", timeout_graceful_shutdown=2))
        server_.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(server_.serve([listening]))
        yield at, key, server_
        await task
    await database.close()


async def _serve(server: str, started: threading.Event, told: dict[str, Any]) -> None:
    async with _serving(server) as (at, key, running):
        while not running.started:  # noqa: ASYNC110  # uvicorn offers no event
            await asyncio.sleep(0.01)
        told.update(at=at, key=key, server=running)
        started.set()


@pytest.fixture(scope="module")
def served(server: str) -> Iterator[dict[str, Any]]:
    """A web process in a thread of its own, with a little company; `at` and `headers`."""
    started, told = threading.Event(), dict[str, Any]()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(server, started, told)), daemon=True)
    thread.start()
    assert started.wait(20), "the server does not start"
    told["headers"] = {"Authorization": f"Bearer {told['key']}"}
    with httpx.Client(base_url=f"{told['at']}/api/v1", headers=told["headers"], timeout=30) as client:
        _people(told)
        _company(client)
    yield told
    told["server"].should_exit = True
    thread.join(10)


def _people(served: dict[str, Any]) -> None:
    """They are erased by some of what is asked; before each operation they are there again."""
    people = [
        {"userId": "a", "traits": {"first_name": "A", "email": "a@mail.example", "phone": "+447400000001"}},
        {"userId": "b", "traits": {"first_name": "B", "email": "b@mail.example"}},
        {"userId": "c", "anonymousId": "d", "traits": {"first_name": "C", "phone": "+447400000003"}},
        {"userId": "e", "context": {"externalIds": [{"type": "crm", "id": "e"}]}, "traits": {"first_name": "E"}},
    ]
    batch = [{"type": "identify", **person} for person in people]
    answer = httpx.post(f"{served['at']}/v1/batch", json={"batch": batch, "writeKey": served["key"]}, timeout=20)
    assert answer.status_code == 200, answer.text


@pytest.fixture
def company(served: dict[str, Any]) -> dict[str, Any]:
    _people(served)
    return served


def _company(client: httpx.Client) -> None:
    calls: list[tuple[str, str, Any]] = [
        *(("POST", "/providers", {"name": n, "adapter": a, "settings": s}) for n, (a, s) in ADAPTERS.items()),
        ("PUT", "/topics", {"name": "coupons", "needs": "consent"}),
        ("PUT", "/accounts/household", {"traits": {"size": 2}}),
        ("POST", "/segments", {"name": "everybody", "rule": {"trait": "first_name", "op": "exists"}}),
        ("POST", "/messages", MESSAGE),
        ("POST", "/campaigns", {"name": "spring", "message": "coupon", "segment": "everybody", "channels": ["email"]}),
    ]
    for method, path, body in calls:
        answer = client.request(method, path, json=body)
        assert answer.is_success, (path, answer.text)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_that_was_promised(case: schemathesis.Case[Any], company: dict[str, Any]) -> None:
    name_what_is_there(case.path_parameters)
    name_what_is_there(case.body)
    is_page = (
        isinstance(case.query, dict) and case.query.get("format") == "html"
    )  # the description has one type a status
    wanted = [not_a_server_error, checks.status_code_conformance] if is_page else CHECKS
    case.call_and_validate(base_url=company["at"], headers=company["headers"], checks=wanted, timeout=20)


def test_without_a_key_nothing_answers_but_health_and_the_way_in(served: dict[str, Any]) -> None:
    asked = 0
    for path, operations in DESCRIBED["paths"].items():
        for method in operations:
            filled = path.replace("{who}", "external_id:a")
            for name, values in KNOWN.items():
                filled = filled.replace(f"{{{name}}}", values[0])
            filled = re.sub(r"{\w+}", "1", filled)
            answer = httpx.request(method, f"{served['at']}{filled}", timeout=10)
            refused = answer.status_code == 401
            assert refused or path in KEYLESS, (method, path, answer.text)
            asked += refused
    assert asked > 50
