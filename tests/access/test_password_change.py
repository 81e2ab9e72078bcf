"""A new password: wanted is the one before, whatever was proved meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from access.serving import House, open_house
from access.staffed import ANOTHER, PASSWORD, ask, came_in
from antiphon.access import throttle
from antiphon.kernel.db import Database


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[House]:
    async with open_house(database) as opened:
        yield opened


async def test_a_new_password_wants_the_one_before_however_fresh_the_proof(house: House) -> None:
    browser = await came_in(house)
    for given in ({}, {"current": ANOTHER}):
        refused = await ask(browser, "PUT", "/me/password", {"password": ANOTHER, **given}, status=400)
        assert [flaw["at"] for flaw in refused["errors"]] == ["current"]
    await ask(browser, "PUT", "/me/password", {"password": ANOTHER, "current": PASSWORD})
    await ask(browser, "PUT", "/me/password", {"password": PASSWORD, "current": PASSWORD}, status=400)


async def test_guesses_at_the_one_before_are_counted(house: House) -> None:
    browser = await came_in(house)
    wrong = {"password": ANOTHER, "current": "not it, not at all"}
    for _ in range(throttle.FREE):
        await ask(browser, "PUT", "/me/password", wrong, status=400)
    await ask(browser, "PUT", "/me/password", {"password": ANOTHER, "current": PASSWORD}, status=429)


async def test_who_has_none_sets_the_first_one_after_a_proof(house: House) -> None:
    browser = await came_in(house)
    await house.rows("UPDATE staff SET password = NULL")
    await ask(browser, "PUT", "/me/password", {"password": ANOTHER})
    await ask(browser, "PUT", "/me/password", {"password": PASSWORD}, status=400)
