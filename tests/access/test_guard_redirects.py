"""Nobody is sent elsewhere with our help: each place that redirects is known, and none asks the asker where to."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

import antiphon
from access.gatehouse import OURS, asking
from antiphon.access.http_sso import HOME, checked_next
from antiphon.kernel.db import Database

SOURCE = Path(antiphon.__file__).parent
PLACES = {
    "access/http_sso.py": "to the provider that an owner connected, and back to a path under /app/",
    "app/browser/app.py": "from the front to the app",
    "pages/http.py": "a click: to where the message says, and only with a token that we signed",
}
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "/app/../\\evil.example",
    "/app\\..\\evil.example",
    "/app/%2e%2e//evil.example",
    "/app/..//evil.example",
    "javascript:alert(1)",
    " /app/",
    "/app/\r\nSet-Cookie: a=b",
    "/apple",
    "",
]


def test_every_place_that_redirects_is_known() -> None:
    """A new one is named here, with why it leads nowhere else."""
    makers = {
        str(file.relative_to(SOURCE))
        for file in SOURCE.rglob("*.py")
        if re.search(r"[\"']location[\"']\s*:|\bRedirect\(|set_header\([\"']location", file.read_text("utf-8"), re.I)
    }
    assert makers == set(PLACES)


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_a_sign_in_ends_in_the_app(wanted: str) -> None:
    assert checked_next(wanted) == HOME


@pytest.mark.parametrize("wanted", ["/app/", "/app/people/12?tab=story", "/app/segments/summer"])
def test_a_sign_in_ends_where_it_began(wanted: str) -> None:
    assert checked_next(wanted) == wanted


@pytest.mark.parametrize("wanted", ELSEWHERE)
async def test_a_sign_in_that_fails_leads_to_the_app_whatever_was_asked(database: Database, wanted: str) -> None:
    async with asking(database) as client:
        answer = await client.get("/api/v1/sso/nobody/start", params={"next": wanted})
        back = await client.get("/sso/nobody/callback", params={"state": wanted, "code": "x", "next": wanted})
    for one in (answer, back):
        assert one.headers.get("location", "/app/").startswith(("/app/", f"{OURS}/app/"))


@pytest.mark.parametrize("token", ["x", "https:%2F%2Fevil.example", "%2F%2Fevil.example", "AAAA"])
async def test_a_click_without_our_signature_leads_nowhere(database: Database, token: str) -> None:
    async with asking(database) as client:
        answer = await client.get(f"/c/{token}", params={"url": "https://evil.example", "to": "//evil.example"})
    assert answer.status_code >= 400
    assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["//evil.example/", "/%2F%2Fevil.example", "/app//evil.example", "/\\evil.example"])
async def test_no_path_is_put_right_by_a_redirect(database: Database, path: str) -> None:
    """Servers that mend slashes have sent people to other hosts so."""
    async with asking(database) as client:
        answer = await client.send(httpx.Request("GET", OURS + path))
    assert answer.headers.get("location", "/app/") == "/app/"
