"""What is under /app/: the page for every address, files by their name, and what a browser is told of them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from antiphon.app.web import application
from web import bundle

pytestmark = pytest.mark.skipif(not bundle.MANIFEST.exists(), reason="the app is not built: python web/build.py")


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app: Any = application(None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://antiphon.example") as client:
        yield client


@pytest.mark.parametrize("path", ["/app", "/app/", "/app/people/12", "/app/campaigns/3/plan"])
async def test_every_address_of_the_app_is_its_page(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert '<div id="root">' in answer.text


async def test_the_front_leads_to_the_app(client: httpx.AsyncClient) -> None:
    for path in ("/", "/?token=of-old"):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (307, "/app/")


async def test_who_asks_for_the_head_gets_all_but_the_body(client: httpx.AsyncClient) -> None:
    (script,) = re.findall(r'src="(/app/assets/[^"]+\.js)"', (await client.get("/app/")).text)
    for path in ("/", "/app", "/app/", "/app/people/12", "/app/licences.md", script):
        whole, head = await client.get(path), await client.head(path)
        assert (head.status_code, head.headers) == (whole.status_code, whole.headers), path
        assert head.content == b""
    assert (await client.head("/app/assets/gone.js")).status_code == 404
    assert (await client.post("/app/")).status_code == 405


async def test_the_page_runs_scripts_of_our_own_alone_and_nobody_frames_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/app/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)", answer.text)


async def test_what_is_named_by_its_content_is_kept_for_a_year(client: httpx.AsyncClient) -> None:
    for path in re.findall(r'"(/app/assets/[^"]+)"', (await client.get("/app/")).text):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_files_travel_compressed_to_whom_takes_that(client: httpx.AsyncClient) -> None:
    (script,) = re.findall(r'src="(/app/assets/[^"]+\.js)"', (await client.get("/app/")).text)
    plain = await client.get(script, headers={"accept-encoding": "identity"})
    packed = await client.get(script, headers={"accept-encoding": "gzip, br"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < len(plain.content) / 2


@pytest.mark.parametrize("path", ["/app/assets/gone.js", "/app/.vite/manifest.json", "/app/..%2f..%2fapp.py"])
async def test_what_is_not_of_the_app_is_not_there(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_the_licences_of_what_is_bundled_are_there(client: httpx.AsyncClient) -> None:
    answer = await client.get("/app/licences.md")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    for name in ("## react - ", "## @mantine/core - ", "## Inter, the typeface (OFL-1.1)"):
        assert name in answer.text
