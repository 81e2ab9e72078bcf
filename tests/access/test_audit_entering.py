"""Coming in and going out stands in the audit log, without passwords, and strangers cannot fill it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from access.gatehouse import lines
from access.serving import House, open_house
from access.staffed import PASSWORD, ask, came_in, join, next_code, sign_in, with_codes
from antiphon.access import audit_entering
from antiphon.kernel.db import Database


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[House]:
    async with open_house(database) as opened:
        yield opened


async def acts(house: House) -> list[tuple[str, str, int]]:
    return [(line["act"], line["actor_kind"], line["status"]) for line in await lines(house.database)]


async def test_signing_in_and_out_are_told_with_who_it_was(house: House) -> None:
    browser = await came_in(house)
    await ask(browser, "GET", "/session")
    await ask(browser, "DELETE", "/session", status=204)
    came, went = await lines(house.database)
    assert (came["act"], came["actor_kind"], came["status"]) == ("session.create", "staff", 200)
    assert (went["act"], went["actor_id"], went["session_id"]) == (
        "session.delete",
        came["actor_id"],
        came["session_id"],
    )
    assert came["detail"] == {"email": "a…@example.org", "password": "…"}
    assert came["address"] == "127.0.0.1"


async def test_a_wrong_password_is_told_of_nobody_and_holds_no_password(house: House) -> None:
    await join(house)
    async with house.client() as browser:
        await sign_in(browser, "ada@example.org", "hunter2-hunter2", status=401)
        await sign_in(browser, "nobody@example.org", status=401)
    assert await acts(house) == [("session.create", "nobody", 401)] * 2
    text = str(await lines(house.database))
    assert all(secret not in text for secret in ("hunter2", PASSWORD, "ada@", "nobody@"))


async def test_the_second_step_is_a_line_of_its_own(house: House) -> None:
    browser = await came_in(house)
    app, _ = await with_codes(browser)
    await ask(browser, "DELETE", "/session", status=204)
    await sign_in(browser, "ada@example.org")
    await ask(browser, "POST", "/session/second-factor", {"code": "000000"}, status=401)
    await ask(browser, "POST", "/session/second-factor", {"code": next_code(app)})
    assert (await acts(house))[-3:] == [
        ("session.create", "staff", 200),
        ("session.second_factor", "staff", 401),
        ("session.second_factor", "staff", 200),
    ]


async def test_strangers_cannot_fill_the_log(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_entering, "REFUSED_PER_MINUTE", 3)
    monkeypatch.setattr(audit_entering, "_told", [])
    async with house.client() as browser:
        for n in range(6):
            answer = await browser.post("/api/v1/session", json={"email": f"n{n}@example.org", "password": PASSWORD})
            assert answer.status_code in (401, 429)
            await browser.post("/api/v1/session", content=b"x" * 1000)
            await browser.post("/api/v1/nothing", json={})
        await ask(browser, "POST", "/links/look", {"token": "x"}, status=429 if answer.status_code == 429 else 404)
    assert 0 < len(await lines(house.database)) <= 3
