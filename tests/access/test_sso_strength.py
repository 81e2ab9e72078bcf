"""How strongly a provider asked: what its word counts for, and what is asked for here instead."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from access import gatehouse
from access.provider import Provider, open_provider
from access.serving import House, open_house
from antiphon import access
from antiphon.access import second_factor, sessions, strength
from antiphon.access.sso_records import Provider as Settings
from antiphon.access.sso_records import Told
from antiphon.kernel import clock
from antiphon.kernel.db import Database

SILVER = "urn:example:silver"


def provider(counted: Any, *acr: str) -> Settings:
    return Settings("main", "", "", "", "", (), None, True, False, counted, acr)


@pytest.mark.parametrize(
    ("told", "strong"),
    [
        (Told(), False),
        (Told(amr=("pwd",)), False),
        (Told(amr=("pwd", "kba")), False),
        (Told(amr=("otp", "sms")), False),
        (Told(amr=("pwd", "otp")), True),
        (Told(amr=("hwk", "fpt")), True),
        (Told(amr=("mfa",)), True),
        (Told(acr="urn:example:bronze"), False),
        (Told(acr=SILVER), True),
    ],
)
def test_two_factors_are_two_of_different_kinds_or_a_level_that_was_agreed_on(told: Told, strong: bool) -> None:
    assert strength.is_strong(provider("told", SILVER), told) is strong
    assert strength.is_strong(provider("assumed"), told)


@pytest.mark.parametrize(
    "said", [{}, {"acr": 1, "amr": "mfa", "auth_time": "now"}, {"amr": [1, None], "auth_time": True}]
)
def test_what_is_not_of_the_right_kind_was_not_said(said: dict[str, Any]) -> None:
    assert strength.told_of(said) == Told()
    assert strength.told_of({"auth_time": 1e300}).at is None
    assert strength.told_of({"auth_time": 1_000_000_000}).at == datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)


@asynccontextmanager
async def set_up(database: Database, **settings: Any) -> AsyncIterator[tuple[House, Provider]]:
    async with open_house(database) as house, open_provider() as made:
        owner = await house.opened(await house.colleague("boss@example.org", role="owner"))
        given = {
            "title": "Company",
            "issuer": made.issuer,
            "client_id": made.client[0],
            "secret": made.client[1],
            "domains": ["example.org"],
            **settings,
        }
        async with house.client(owner) as client:
            answer = await client.put("/api/v1/sso/main", json=given)
            assert answer.status_code == 200, answer.text
        await house.colleague("ada@example.org")
        yield house, made


async def came_back(house: House, made: Provider, query: str = "", **claims: Any) -> dict[str, Any]:
    """What the app is told afterwards."""
    async with httpx.AsyncClient(base_url=house.runtime.base_url) as client:
        there = await client.get(f"/api/v1/sso/main/start{query}")
        asked = made.read(there.headers["location"])
        code = made.code(asked, made.claims(asked, **claims))
        back = await client.get("/sso/main/callback", params={"code": code, "state": asked.state})
        assert back.headers["location"] == "/app/"
        said: dict[str, Any] = (await client.get("/api/v1/session")).json()
        return said


async def demand(house: House) -> None:
    async with house.database.transaction() as tx:
        await second_factor.write(tx, "everybody")


async def test_what_a_provider_is_assumed_to_ask_counts_as_two_factors(database: Database) -> None:
    async with set_up(database) as (house, made):
        await demand(house)
        assert (await came_back(house, made))["state"] == "signed_in"


async def test_whose_word_is_wanted_and_does_not_come_sets_one_up_here(database: Database) -> None:
    async with set_up(database, second_factor="told", acr=[SILVER]) as (house, made):
        assert (await came_back(house, made))["state"] == "signed_in", "nothing is demanded yet"
        await demand(house)
        assert (await came_back(house, made, amr=["pwd"]))["state"] == "enrol"
        assert (await came_back(house, made, amr=["pwd", "otp"]))["state"] == "signed_in"
        assert (await came_back(house, made, acr=SILVER))["state"] == "signed_in"


async def test_who_has_codes_here_gives_one_where_the_provider_says_nothing(database: Database) -> None:
    async with set_up(database, second_factor="told") as (house, made):
        await house.rows("UPDATE staff SET totp = 'x' WHERE email = 'ada@example.org'")
        assert (await came_back(house, made))["state"] == "second_factor"
        assert (await came_back(house, made, amr=["mfa"]))["state"] == "signed_in"


async def test_the_provider_is_asked_for_the_level_and_how_long_ago(database: Database) -> None:
    async with set_up(database, second_factor="told", acr=[SILVER, "gold"]) as (house, _), house.client() as client:
        client.base_url = house.runtime.base_url
        plain = await client.get("/api/v1/sso/main/start")
        again = await client.get("/api/v1/sso/main/start", params={"again": "true"})
    first, second = (parse_qs(urlsplit(answer.headers["location"]).query) for answer in (plain, again))
    assert first["acr_values"] == [f"{SILVER} gold"]
    assert "max_age" not in first
    assert second["max_age"] == [str(int(sessions.FRESH.total_seconds()))]


async def test_who_was_asked_there_long_ago_has_proved_nothing_lately(database: Database) -> None:
    async with set_up(database) as (house, made):
        await came_back(house, made, auth_time=timedelta(hours=-3))
        (kept,) = await house.rows("SELECT proved_at FROM staff_session WHERE 'sso' = ANY (factors)")
        assert clock.wall_datetime() - kept["proved_at"] > timedelta(hours=2)
        await house.rows("DELETE FROM staff_session WHERE 'sso' = ANY (factors)")
        await came_back(house, made, auth_time=timedelta(hours=3))
        (kept,) = await house.rows("SELECT proved_at FROM staff_session WHERE 'sso' = ANY (factors)")
        assert kept["proved_at"] <= clock.wall_datetime(), "nobody was asked in the future"


async def test_levels_without_asking_for_its_word_are_refused(database: Database) -> None:
    async with set_up(database) as (house, made):
        owner = await house.opened(await house.colleague("two@example.org", role="owner"))
        given = {"title": "C", "issuer": made.issuer, "client_id": "c", "secret": "s"}
        async with house.client(owner) as client:
            for acr, counted, at in (
                (["x"], "assumed", "acr"),
                (["a b"], "told", "acr[0]"),
                (["x"] * 11, "told", "acr"),
            ):
                answer = await client.put("/api/v1/sso/main", json={**given, "acr": acr, "second_factor": counted})
                assert answer.status_code == 400
                assert answer.json()["errors"][0]["at"] == at


@pytest.mark.parametrize(
    ("site", "leads"), [("cross-site", False), ("same-site", False), ("same-origin", True), ("none", True)]
)
async def test_a_link_of_another_site_leads_to_the_sign_in_page_and_no_further(
    database: Database, site: str, leads: bool
) -> None:
    async with open_provider() as made, gatehouse.asking(database) as client:
        boss = await gatehouse.cookie(database, "owner")
        given = {"title": "C", "issuer": made.issuer, "client_id": "antiphon", "secret": "s"}
        put = await client.put("/api/v1/sso/main", json=given, headers={**boss, **gatehouse.FROM_OURS})
        assert put.status_code == 200, put.text
        answer = await client.get(
            "/api/v1/sso/main/start", params={"next": "/app/people"}, headers={"Sec-Fetch-Site": site}
        )
        there = answer.headers["location"]
        assert there.startswith(made.issuer) if leads else there == "/app/sign-in?next=%2Fapp%2Fpeople"
        assert access.cookie_name(gatehouse.runtime(database)) not in answer.cookies
