"""Erasing somebody about whom facts keep coming in: in the end nothing is half there."""

from __future__ import annotations

import asyncio
import contextlib
import random
from datetime import timedelta

import pytest

from antiphon import profiles
from antiphon.app.wiring import wire
from antiphon.kernel.db import Database
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import Identifier
from antiphon.profiles import erasure
from antiphon.profiles.identity import move, work
from profiles.catalog import columns, tables
from profiles.facts import AT, fact, record

NAMES = [
    Identifier("external_id", "zoe"),
    Identifier("email", "zoe@shop.example"),
    Identifier("phone", "+34600111222"),
    Identifier("anonymous_id", "zoe-laptop"),
    Identifier("anonymous_id", "zoe-phone"),
]
ROUNDS = 25


async def talk(database: Database, seed: int) -> None:
    """Facts that name the person in one way or several, with addresses, traits and events."""
    chance = random.Random(seed)
    for n in range(ROUNDS):
        who = chance.sample(NAMES, chance.choice((1, 1, 2, 3)))
        told = {"event": "Looked"} if chance.random() < 0.5 else {"traits": {"tier": chance.choice("abc")}}
        await record(database, fact(f"{seed}.{n}", *who, at=AT + timedelta(minutes=n), **told))
        await asyncio.sleep(chance.random() * 0.005)


async def resolve(database: Database) -> None:
    while True:
        await work.work(database)
        await move.work(database)
        await asyncio.sleep(0.005)


async def forget(database: Database) -> int:
    erased = 0
    for n in range(6):
        with contextlib.suppress(NotFound):
            erased += len((await erasure.erase(database, NAMES[n % len(NAMES)])).profiles)
        await asyncio.sleep(0.02)
    return erased


async def orphans(database: Database) -> dict[str, list[int]]:
    """Numbers that a table still says and that are nobody's, by table."""
    found = {}
    for table in await tables(database):
        if table != "erasure" and "profile_id" in await columns(database, table):
            rows = await database.pool.fetch(
                f"SELECT DISTINCT profile_id FROM {table} t"
                " WHERE NOT EXISTS (SELECT FROM profile p WHERE p.id = t.profile_id)"
                "   AND NOT EXISTS (SELECT FROM alias a WHERE a.id = t.profile_id)"
            )
            if rows:
                found[table] = [row["profile_id"] for row in rows]
    return found


async def test_in_the_end_nothing_is_half_there(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    wire(database)
    resolving = asyncio.create_task(resolve(database))
    _, _, _, erased = await asyncio.gather(talk(database, 1), talk(database, 2), talk(database, 3), forget(database))
    assert erased > 0
    for _ in range(100):
        if not await work.work(database) + await move.work(database):
            break
    resolving.cancel()
    monkeypatch.setattr(erasure, "LAST_LOOK", timedelta())
    for _ in range(100):
        if not await erasure.look_again(database):
            break
    assert await orphans(database) == {}
    again = (await record(database, fact("after", *NAMES, event="Looked"))).profiles[0]
    assert again is not None
    for _ in range(100):
        if not await work.work(database) + await move.work(database):
            break
    async with database.transaction() as tx:
        known = await profiles.find(tx, NAMES)
    assert len(known) == len(NAMES)
    assert len(set(known.values())) == 1
