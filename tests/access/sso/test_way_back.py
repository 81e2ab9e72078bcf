"""The way to the provider and back: of this browser, once, in time, and never out of the app."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import structlog

from access.sso.door import Door, problem
from antiphon.access import http_sso


async def test_a_state_counts_once_in_time_and_in_the_browser_that_began(door: Door) -> None:
    await door.house.colleague()
    asked = await door.begin()
    honest = door.provider.claims(asked)
    async with httpx.AsyncClient(base_url=door.house.runtime.base_url) as stranger:
        await door.begin(stranger)
        assert await door.back(door.provider.code(asked, honest), asked.state, stranger) == problem("other_browser")
    asked = await door.begin()
    code = door.provider.code(asked, door.provider.claims(asked))
    assert await door.back(code, asked.state) == "/app/"
    again = door.provider.code(asked, door.provider.claims(asked))
    assert await door.back(again, asked.state) == problem("expired")
    assert await door.back(again, "made-up") == problem("expired")
    assert await door.back(again, "") == problem("expired")
    late = await door.begin()
    await door.house.rows("UPDATE sign_in_begun SET ends_at = created_at")
    assert await door.back(door.provider.code(late, door.provider.claims(late)), late.state) == problem("expired")


async def test_two_tabs_of_one_browser_both_come_back(door: Door) -> None:
    await door.house.colleague()
    first, second = await door.begin(next="/app/people"), await door.begin()
    for asked, where in ((second, "/app/"), (first, "/app/people")):
        assert await door.back(door.provider.code(asked, door.provider.claims(asked)), asked.state) == where


async def test_what_came_back_for_another_provider_is_not_taken(door: Door) -> None:
    await door.house.colleague()
    await door.set_up("other", title="Other")
    asked = await door.begin()
    code = door.provider.code(asked, door.provider.claims(asked))
    answer = await door.client.get("/sso/other/callback", params={"code": code, "state": asked.state})
    assert answer.headers["location"] == problem("expired")
    asked = await door.begin()
    mixed_up = await door.back("code", asked.state, iss="https://evil.example")
    assert mixed_up == problem("provider")


async def test_a_provider_that_says_no_or_nothing_is_told_apart(door: Door) -> None:
    asked = await door.begin()
    assert await door.back("", asked.state, error="access_denied") == problem("denied")
    asked = await door.begin()
    assert await door.back("", asked.state, error="server_error") == problem("provider")
    asked = await door.begin()
    assert await door.back("no-such-code", asked.state) == problem("provider")
    await door.set_up(enabled=False)
    answer = await door.client.get("/api/v1/sso/main/start")
    assert answer.headers["location"] == problem("unknown_provider")
    await door.set_up(issuer="http://127.0.0.1:9")
    answer = await door.client.get("/api/v1/sso/main/start")
    assert answer.headers["location"] == problem("provider")


async def test_a_wrong_secret_is_the_providers_refusal_and_stands_in_no_log(door: Door) -> None:
    await door.set_up(secret="wr0ng-secret")
    with structlog.testing.capture_logs() as logs:
        assert await door.sign_in() == problem("provider")
    assert "invalid_client" in str(logs)
    assert "wr0ng-secret" not in str(logs)
    assert "ada@example.org" not in str(logs)


async def test_the_client_speaks_as_the_provider_asks(door: Door) -> None:
    await door.house.colleague()
    door.provider.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    await door.set_up()
    assert await door.sign_in() == "/app/"


async def test_somebody_who_comes_in_twice_at_once_is_one_colleague(door: Door) -> None:
    await door.set_up(role="analyst")
    ways = [await door.begin() for _ in range(4)]
    codes = [door.provider.code(asked, door.provider.claims(asked)) for asked in ways]
    back = await asyncio.gather(*(door.back(code, asked.state) for code, asked in zip(codes, ways, strict=True)))
    assert back == ["/app/"] * 4
    assert len(await door.house.rows("SELECT FROM staff WHERE email_key = 'ada@example.org'")) == 1


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/app/",
        "//evil.example/app/",
        "/\\evil.example",
        "/app",
        "/application/",
        "/app/../c/link",
        "/app/%2e%2e/c/link",
        "/app/..%2fc",
        "/app/%5c../x",
        "/app/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "",
    ],
)
def test_nobody_is_sent_out_of_the_app_with_our_help(wanted: str) -> None:
    assert http_sso.checked_next(wanted) == "/app/"


async def test_a_strange_place_to_come_back_to_is_the_app_itself(door: Door) -> None:
    await door.house.colleague()
    asked = await door.begin(next="//evil.example/app/")
    assert await door.back(door.provider.code(asked, door.provider.claims(asked)), asked.state) == "/app/"


@pytest.mark.parametrize("wanted", ["/app/", "/app/people?q=a%20b#top", "/app/campaigns/12"])
def test_a_path_in_the_app_is_kept(wanted: str) -> None:
    assert http_sso.checked_next(wanted) == wanted


async def test_who_opens_the_app_by_another_name_of_this_machine_starts_at_the_one_that_comes_back(door: Door) -> None:
    async with httpx.AsyncClient(base_url=door.house.url) as client:
        answer = await client.get("/api/v1/sso/main/start", params={"next": "/app/people"})
    base = door.house.runtime.base_url
    assert answer.headers["location"] == f"{base}/api/v1/sso/main/start?next=%2Fapp%2Fpeople"
