"""What every answer tells a browser, whichever door it comes from, and what no door does."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import structlog

from access.gatehouse import OURS, asking, cookie, key, runtime
from access.serving import open_house
from antiphon import access
from antiphon.access import http_sso
from antiphon.access.records import Session, SessionId, StaffId
from antiphon.app.web import front
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Database

DOORS = [
    ("GET", "/api/v1/health"),
    ("GET", "/api/openapi.json"),
    ("GET", "/app/nothing.js"),
    ("GET", "/nothing"),
    ("GET", "/c/nothing"),
    ("GET", "/o/nothing.gif"),
    ("GET", "/d/nothing"),
    ("GET", "/u/nothing"),
    ("GET", "/p/nothing"),
    ("GET", "/y/nothing"),
    ("POST", "/hooks/nothing"),
    ("GET", "/sso/nothing/callback"),
    ("POST", "/sso/nothing/logout"),
    ("POST", "/v1/track"),
    ("GET", "/v1/nothing"),
    ("OPTIONS", "/v1/track"),
]


async def answered(database: Database, method: str, path: str, *, base_url: str = OURS) -> httpx.Response:
    async with front(runtime(database, base_url=base_url)) as app:
        asked: Any = app
        async with httpx.AsyncClient(transport=httpx.ASGITransport(asked), base_url=base_url) as client:
            return await client.request(method, path)


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_nothing_runs_nothing_frames_it_and_no_kind_is_guessed(
    database: Database, method: str, path: str
) -> None:
    headers = (await answered(database, method, path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in ("no-referrer", "same-origin")
    assert "strict-transport-security" not in headers, "over plain HTTP it would say nothing"


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_under_https_a_browser_stays_there_for_a_year(database: Database, method: str, path: str) -> None:
    headers = (await answered(database, method, path, base_url="https://antiphon.example")).headers
    assert "max-age=31536000" in headers["strict-transport-security"]


@pytest.mark.parametrize("path", ["/api/v1/health", "/app/", "/u/nothing", "/v1/track", "/nothing"])
async def test_nobody_is_told_back_what_they_asked(database: Database, path: str) -> None:
    answer = await answered(database, "TRACE", path)
    assert answer.status_code in (404, 405)
    assert "antiphon.example" not in answer.text


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_pages_of_others_read_only_what_programs_of_others_call(
    database: Database, method: str, path: str
) -> None:
    """Events from web shops, and what a shop's service worker says of a push: both without a cookie."""
    headers = (await answered(database, method, path)).headers
    assert ("access-control-allow-origin" in headers) <= path.startswith(("/v1/", "/d/"))
    assert "access-control-allow-credentials" not in headers


def test_under_https_each_cookie_is_bound_to_its_host(database: Database) -> None:
    ours = runtime(database, base_url="https://antiphon.example")
    at = wall_datetime()
    session = Session(SessionId(1), StaffId(1), (), False, "", "", at, at, at + timedelta(days=1), at)
    cookies = [access.session_cookie(access.Opened(session, "t"), ours), access.no_cookie(ours)]
    for one in (*cookies, http_sso._cookie("b", ours)):
        assert one.key.startswith("__Host-antiphon")
        assert (one.secure, one.httponly, one.path, one.domain) == (True, True, "/", None)
        assert one.samesite in ("lax", "strict")


SMUGGLED = [
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
    b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"Content-Length: 0\nX: y\r\n\r\n",
    b"Content-Length : 0\r\n\r\n",
]


@pytest.mark.parametrize("ending", SMUGGLED)
async def test_a_request_that_two_servers_would_end_at_different_places_is_refused(
    database: Database, ending: bytes
) -> None:
    async with open_house(database) as house:
        port = urlsplit(house.url).port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /api/v1/password/forgot HTTP/1.1\r\nHost: localhost\r\n" + ending)
        writer.write(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(10):
            said = await reader.read()
        writer.close()
    assert said.startswith(b"HTTP/1.1 400")
    assert said.count(b"HTTP/1.1 ") == 1, "what stands behind it was read as a request"


async def test_who_asks_for_what_they_may_not_is_in_the_log(database: Database) -> None:
    """With who, and for what; nothing of what they sent."""
    async with asking(database) as client:
        analyst, writer = await cookie(database, "analyst"), await key(database, "write")
        with structlog.testing.capture_logs() as logs:
            assert (await client.get("/api/v1/audit", headers=analyst)).status_code == 403
            assert (await client.get("/api/v1/segments", headers=writer)).status_code == 403
            strange = analyst | {"Origin": "https://evil.example"}
            assert (await client.delete("/api/v1/me/sessions", headers=strange)).status_code == 403
    told = [(log["event"], log.get("kind"), log.get("permission")) for log in logs]
    assert told == [
        ("guard.refused", "staff", "audit.read"),
        ("guard.refused", "key", "segments.read"),
        ("guard.strange_page", None, None),
    ]
    assert all(log["id"] for log in logs[:2])
    assert logs[2]["path"] == "/api/v1/me/sessions"
