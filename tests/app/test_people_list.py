"""The list of people: scrolled both ways, jumped into, narrowed, found, and taken home as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from antiphon import profiles, segments
from antiphon.app import people
from antiphon.app.wiring import wire
from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import Secrets
from antiphon.profiles import listing
from app.alone import alone
from profiles.facts import fact, record

GOLD = {"version": 1, "rule": {"trait": "tier", "op": "eq", "value": "gold"}}


@pytest_asyncio.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    wire(database)
    async with alone(Runtime(database, Secrets(bytes(32)), "http://antiphon.example"), people.routes) as client:
        yield client


async def crowd(database: Database, count: int) -> list[str]:
    """Their numbers, the newest first."""
    told = [
        fact(
            f"m{n}",
            Identifier("external_id", f"c-{n:03}"),
            Identifier("email", f"p{n}@shop.example"),
            traits={"name": f"Person {n}", "tier": "gold" if n % 3 == 0 else "tin"},
        )
        for n in range(count)
    ]
    ids = [str(id) for one in told for id in (await record(database, one)).profiles]
    return sorted(ids, key=int, reverse=True)


async def asked(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await client.get("/people", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ids(page: dict[str, Any]) -> list[str]:
    return [row["id"] for row in page["people"]]


@pytest.mark.parametrize("sort", ["newest", "oldest"])
async def test_pages_forward_have_everybody_once_and_pages_back_are_the_same(
    database: Database, client: httpx.AsyncClient, sort: str
) -> None:
    everybody = await crowd(database, 23)
    if sort == "oldest":
        everybody.reverse()
    pages = [await asked(client, limit=5, sort=sort)]
    while pages[-1]["cursor"]:
        pages.append(await asked(client, limit=5, sort=sort, cursor=pages[-1]["cursor"]))
    assert [id for page in pages for id in ids(page)] == everybody
    assert pages[0]["previous"] is None
    back = await asked(client, limit=5, sort=sort, cursor=pages[3]["previous"])
    assert ids(back) == ids(pages[2])
    assert back["cursor"]
    positions = [page["position"] for page in pages]
    assert positions == sorted(positions)
    assert positions[0] == 0.0


async def test_a_jump_lands_where_the_bar_was_dropped(database: Database, client: httpx.AsyncClient) -> None:
    everybody = await crowd(database, 40)
    middle = await asked(client, at=0.5, limit=4)
    assert middle["position"] == pytest.approx(0.5, abs=0.05)
    assert ids(middle) == everybody[(place := everybody.index(ids(middle)[0])) : place + 4]
    assert ids(await asked(client, cursor=middle["previous"], limit=4)) == everybody[place - 4 : place]
    assert ids(await asked(client, at=0, limit=1)) == everybody[:1]
    assert everybody[-1] in ids(await asked(client, at=1, limit=4))


async def test_a_row_says_who_where_and_since_when(database: Database, client: httpx.AsyncClient) -> None:
    who = (Identifier("phone", "+447400123456"), Identifier("email", "ann@shop.example"))
    await record(database, fact("1", *who, traits={"first_name": "Ann", "last_name": "Lee"}))
    async with database.transaction() as tx:
        await profiles.opt_out(tx, "sms", ["+447400123456"], how="stop_keyword")
    (row,) = (await asked(client))["people"]
    assert (row["name"], row["identifier"]) == ("Ann Lee", {"kind": "email", "value": "ann@shop.example"})
    assert (row["channels"], row["country"]) == (["email"], "GB")
    assert row["created_at"] == "2026-01-01T12:00:00Z"
    assert row["last_seen"]


async def test_a_segment_and_a_search_narrow_the_list(database: Database, client: httpx.AsyncClient) -> None:
    everybody = await crowd(database, 20)
    await segments.create(database, "gold", GOLD)
    gold = await asked(client, segment="gold", limit=3)
    assert (gold["total"], gold["total_is_estimate"]) == (7, False)
    rest = await asked(client, segment="gold", cursor=gold["cursor"])
    assert len(ids(gold) + ids(rest)) == 7
    assert set(ids(gold) + ids(rest)) <= set(everybody)
    found = await asked(client, q="person 3", segment="gold")
    assert [row["name"] for row in found["people"]] == ["Person 3"]
    assert (await asked(client, q="person 4", segment="gold"))["people"] == []
    assert (await asked(client, q="person 4"))["total"] is None
    assert (await client.get("/people", params={"segment": "nowhere"})).status_code == 404


@pytest.mark.parametrize("sort", ["newest", "oldest"])
@pytest.mark.parametrize("window", [2, 3, 5_000])
async def test_whom_we_know_are_told_without_devices_however_many_lie_between(
    database: Database, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, window: int, sort: str
) -> None:
    """A page that looked through many devices may have nobody, and leads on."""
    monkeypatch.setattr(listing, "WINDOW", window)
    known = await crowd(database, 3)
    for n in range(25):
        await record(database, fact(f"d{n}", Identifier("anonymous_id", f"device-{n}"), traits={}))
    known = (
        [*await crowd_of(database, 4), *known]
        if sort == "newest"
        else [*reversed(known), *reversed(await crowd_of(database, 4))]
    )
    monkeypatch.setattr(listing, "LOOKS_MAX", 2)
    page = await asked(client, known=True, sort=sort, limit=2)
    assert page["total"] == 7
    seen = ids(page)
    for _ in range(60):
        if page["cursor"] is None:
            break
        page = await asked(client, known=True, sort=sort, limit=2, cursor=page["cursor"])
        seen += ids(page)
    assert seen == known
    back: list[str] = []
    while page["previous"] is not None:
        page = await asked(client, known=True, sort=sort, limit=2, cursor=page["previous"])
        back = ids(page) + back
    assert [one for one in seen if one in back] == back
    rows = csv.DictReader(io.StringIO((await client.get("/people/export", params={"known": True, "sort": sort})).text))
    assert [row["id"] for row in rows] == known


async def crowd_of(database: Database, count: int) -> list[str]:
    """Who came after the devices, each with a device of theirs too."""
    made = [
        fact(f"late{n}", Identifier("anonymous_id", f"own-{n}"), Identifier("external_id", f"late-{n}"), traits={})
        for n in range(count)
    ]
    return sorted([str(id) for one in made for id in (await record(database, one)).profiles], key=int, reverse=True)


async def test_nobody_is_an_empty_list(client: httpx.AsyncClient) -> None:
    page = await asked(client)
    assert (page["people"], page["total"], page["cursor"], page["position"]) == ([], 0, None, None)


@pytest.mark.parametrize("bad", [{"cursor": "x"}, {"cursor": "on.-1"}, {"at": 2}, {"limit": 501}, {"sort": "name"}])
async def test_what_cannot_be_asked_is_told_with_its_place(client: httpx.AsyncClient, bad: dict[str, Any]) -> None:
    answer = await client.get("/people", params=bad)
    assert (answer.status_code, answer.json()["errors"][0]["at"]) == (400, next(iter(bad)))


async def test_the_table_has_the_same_people_and_no_formulas(database: Database, client: httpx.AsyncClient) -> None:
    everybody = await crowd(database, 5)
    evil = Identifier("external_id", "=cmd|' /C calc'!A0")
    await record(database, fact("e", evil, Identifier("phone", "+447400123456"), traits={"name": "@SUM(1)"}))
    rows = list(csv.DictReader(io.StringIO((await client.get("/people/export")).text)))
    assert [row["id"] for row in rows[1:]] == everybody
    assert (rows[0]["external_id"], rows[0]["name"]) == ("'=cmd|' /C calc'!A0", "'@SUM(1)")
    assert rows[0]["phone"] == "+447400123456"  # a number is no formula, and somebody wants to call it
    found = (await client.get("/people/export", params={"q": "person 3"})).text
    assert [row["name"] for row in csv.DictReader(io.StringIO(found))] == ["Person 3"]
