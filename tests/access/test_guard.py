"""The guard of every route: each role and each scope reaches what its permissions say, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from access.gatehouse import FROM_OURS, OURS, asking, colleague, cookie, key, runtime, signed_in
from antiphon import access
from antiphon.access.records import SCOPES
from antiphon.access.roles import MAY, ROLES, SCOPES_OF_KEYS, Role
from antiphon.app import gate
from antiphon.app.web import application
from antiphon.kernel.db import Database
from antiphon.kernel.permissions import PERMISSIONS

STOPPED = 418


async def stop(*_: Any) -> None:
    """Stands behind the guard: whoever comes so far was let in, and no handler runs."""
    raise HTTPException(status_code=STOPPED, detail="let in")


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "GUARDS", [gate.permit, stop])


def operations() -> Iterator[tuple[str, str, str]]:
    """Method, a path that is routed there, permission."""
    for route in application(None).routes:
        for handler in getattr(route, "route_handlers", []):
            permission = handler.opt.get("permission")
            if isinstance(handler, HTTPRouteHandler) and permission is not None:
                for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                    yield str(method), re.sub(r"\{\w+:\w+\}", "1", route.path), permission


def test_every_route_names_a_permission_of_the_list() -> None:
    strange = []
    for route in application(None).routes:
        for handler in getattr(route, "route_handlers", [getattr(route, "route_handler", None)]):
            own = handler is not None and handler.fn.__module__.startswith("antiphon.")
            if own and handler.opt.get("permission") not in PERMISSIONS:
                strange.append(route.path)
    assert not strange


def test_there_is_something_to_guard() -> None:
    assert len({permission for _, _, permission in operations()}) > 15


async def statuses(client: httpx.AsyncClient, headers: dict[str, str]) -> dict[tuple[str, str, str], int]:
    found = {}
    for method, path, permission in operations():
        answer = await client.request(method, path, headers=headers)
        found[method, path, permission] = answer.status_code
    return found


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("role", ROLES)
async def test_a_role_opens_exactly_what_it_may(database: Database, role: Role) -> None:
    async with asking(database) as client:
        found = await statuses(client, await cookie(database, role) | FROM_OURS)
    expected = {one: STOPPED if one[2] in MAY[role] else 403 for one in found}
    assert {one: (found[one], expected[one]) for one in found if found[one] != expected[one]} == {}


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("scope", SCOPES)
async def test_a_key_opens_exactly_what_its_scope_may(database: Database, scope: access.Scope) -> None:
    async with asking(database) as client:
        found = await statuses(client, await key(database, scope))
    expected = {one: STOPPED if one[2] in SCOPES_OF_KEYS[scope] else 403 for one in found}
    assert {one: (found[one], expected[one]) for one in found if found[one] != expected[one]} == {}


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer ak_admin_nothing"}, {"Authorization": "Bearer "}, {"Authorization": "Basic x"},
     {"Cookie": "antiphon=nothing"}, {"Cookie": "antiphon="}],
    ids=str,
)  # fmt: skip
async def test_who_is_not_known_opens_what_is_public_and_nothing_else(
    database: Database, headers: dict[str, str]
) -> None:
    async with asking(database) as client:
        found = await statuses(client, headers | FROM_OURS)
    wrong = {one: status for one, status in found.items() if status != (STOPPED if one[2] == "public" else 401)}
    assert wrong == {}


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("state", ["waiting", "left", "ended"])
async def test_a_session_that_is_not_in_force_is_nobodys(database: Database, state: str) -> None:
    staff = await colleague(database, "owner", state="left" if state == "left" else "active")
    opened = await signed_in(database, staff, waiting=state == "waiting")
    if state == "ended":
        async with database.transaction() as tx:
            await access.end(tx, opened.session)
    headers = {"Cookie": f"antiphon={opened.token}"} | FROM_OURS
    async with asking(database) as client:
        assert (await client.get("/api/v1/segments", headers=headers)).status_code == 401
        assert (await client.get("/api/v1/health", headers=headers)).status_code == STOPPED


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": f"{OURS}.evil.example"}, 403),
        ({"Referer": f"{OURS}/app/"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": OURS}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": OURS}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, STOPPED),
        ({"Origin": OURS}, STOPPED),
    ],
    ids=str,
)
async def test_a_strange_page_changes_nothing_with_a_colleagues_cookie(
    database: Database, headers: dict[str, str], status: int
) -> None:
    async with asking(database) as client:
        owner = await cookie(database, "owner")
        for method, path in (("POST", "/campaigns/x/launch"), ("DELETE", "/profiles/x"), ("PUT", "/settings")):
            assert (await client.request(method, f"/api/v1{path}", headers=owner | headers)).status_code == status
        assert (await client.get("/api/v1/segments", headers=owner | headers)).status_code == STOPPED
        admin = await key(database, "admin")
        assert (await client.put("/api/v1/settings", headers=admin | headers)).status_code == STOPPED


@pytest.mark.usefixtures("stopped")
async def test_a_wrong_key_is_refused_whoever_is_signed_in(database: Database) -> None:
    async with asking(database) as client:
        headers = await cookie(database, "owner") | {"Authorization": "Bearer ak_admin_nothing"}
        assert (await client.get("/api/v1/segments", headers=headers)).status_code == 401


@pytest.mark.usefixtures("stopped")
async def test_a_role_that_was_taken_away_is_gone_with_the_next_request(database: Database) -> None:
    async with asking(database) as client:
        owner = await cookie(database, "owner") | FROM_OURS
        assert (await client.put("/api/v1/settings", headers=owner)).status_code == STOPPED
        await database.pool.execute("UPDATE staff SET role = 'analyst'")
        answer = await client.put("/api/v1/settings", headers=owner)
    assert answer.status_code == 403
    assert answer.json()["title"].startswith(
        "This needs the permission settings.write; the roles owner, manager and developer have it."
    )


@pytest.mark.usefixtures("stopped")
async def test_a_refused_key_is_told_which_one_would_do(database: Database) -> None:
    async with asking(database) as client:
        writer = await key(database, "write")
        told = (await client.get("/api/v1/segments", headers=writer)).json()["title"]
        assert "segments.read; send a key of the scope read." in told
        told = (await client.get("/api/v1/audit", headers=writer)).json()["title"]
        assert "no key has it: sign in to the app." in told


async def test_without_a_sandbox_there_is_none_for_anybody(database: Database) -> None:
    made: Any = application(runtime(database, sandbox=False))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url=OURS) as client:
        answer = await client.get("/api/v1/sandbox/clock", headers=await key(database, "admin"))
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/segments", "/api/v1/nothing", "/api/openapi.json"])
async def test_every_answer_of_the_api_says_what_a_browser_may_not_do_with_it(database: Database, path: str) -> None:
    async with asking(database) as client:
        headers = (await client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "strict-transport-security" not in headers
    async with asking(database, base_url="https://antiphon.example") as client:
        assert "max-age" in (await client.get(path)).headers["strict-transport-security"]
