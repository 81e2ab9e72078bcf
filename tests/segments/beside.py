"""Processes of their own beside a test, to be killed.

worker      works memberships, merges and moves
writer      lets things happen to people, by chance
editor      publishes new rules of segments, by chance; given are, for each segment, rules to choose from
publisher   publishes the draft of a segment, and kills itself; given are the segment and where, such as `_apply_some:3`
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import multiprocessing
import os
import random
import signal
import sys
from datetime import timedelta
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

from antiphon import profiles, segments
from antiphon.app.wiring import wire
from antiphon.kernel.db import Database, open_database
from antiphon.kernel.due import work_loop
from antiphon.kernel.errors import Problem
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles.identity import move
from antiphon.profiles.identity import work as identity

PEOPLE, LISTS = 120, ("vip",)
EVENTS = ("bought", "looked", "added")
HOUR = timedelta(hours=1)


_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


def start(dsn: str, role: str, seed: int, given: Any = None) -> BaseProcess:
    """Forked from a process that has imported everything, so that it is there at once."""
    process = _context.Process(target=run, args=(dsn, role, seed, given), daemon=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # what is forked from looks there, when it starts
        process.start()
    return process


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _work(database: Database, _seed: int, _given: None) -> None:
    """Leases are short, so that what a killed worker had is soon taken over."""
    for name in ("antiphon.segments.work", "antiphon.segments.crowds", "antiphon.profiles.identity.move"):
        vars(importlib.import_module(name))["LEASE_S"] = 1.0
    async with asyncio.TaskGroup() as group:
        group.create_task(segments.run(database))
        group.create_task(work_loop(database, "moves", lambda: move.work(database)))
        group.create_task(work_loop(database, "identity", lambda: identity.work(database)))


async def _write(database: Database, seed: int, _given: None) -> None:
    writer = Writer(database, random.Random(seed), seed)
    while True:
        with contextlib.suppress(Problem):  # there was no such person, or they are being merged
            await writer.act()
        await asyncio.sleep(0.002)


class Writer:
    def __init__(self, database: Database, chance: random.Random, seed: int) -> None:
        self.database, self.chance, self.seed, self.number = database, chance, seed, 0

    async def act(self) -> None:
        acts = [self.track] * 12 + [self.tell] * 4 + [self.put] * 2 + [self.merge, self.part, self.join]
        await self.chance.choice(acts)()

    def who(self) -> str:
        return f"p{self.chance.randrange(PEOPLE)}"

    async def track(self) -> None:
        """Late, early, out of order."""
        hours = self.chance.choice([0, 0, -1, -20, -23.999, 0.01, 3, -50])
        event = self.chance.choice(EVENTS)
        facts = [self.fact(event=event, at=self.database.clock.now() + hours * HOUR) for _ in range(5)]
        await self.database.repeat(lambda tx: profiles.record(tx, facts))

    async def tell(self) -> None:
        fact = self.fact(traits={"tier": self.chance.choice(["gold", "old", None])})
        await self.database.repeat(lambda tx: profiles.record(tx, [fact]))

    async def join(self) -> None:
        told = profiles.AccountFact("acme", {"tier": self.chance.choice(["gold", "old"])})
        fact = self.fact(account=told)
        await self.database.repeat(lambda tx: profiles.record(tx, [fact]))

    def fact(self, **more: Any) -> profiles.Fact:
        self.number += 1
        at = more.pop("at", self.database.clock.now())
        who = (Identifier("external_id", self.who()),)
        return profiles.Fact("test", f"{self.seed}-{self.number}", at, who=who, **more)

    async def some(self, n: int) -> list[ProfileId]:
        wanted = [Identifier("external_id", self.who()) for _ in range(n)]
        async with self.database.transaction(read_only=True) as tx:
            return list(dict.fromkeys((await profiles.find(tx, wanted)).values()))

    async def put(self) -> None:
        people, change = await self.some(4), self.chance.choice([segments.add_to_list, segments.remove_from_list])
        await self.database.repeat(lambda tx: change(tx, LISTS[0], people))

    async def merge(self) -> None:
        people = await self.some(2)
        if len(people) == 2:
            await self.database.repeat(lambda tx: profiles.merge_people(tx, *people, by="test"))

    async def part(self) -> None:
        who = Identifier("external_id", self.who())
        async with self.database.transaction(read_only=True) as tx:
            found = await profiles.find(tx, [who])
        if who in found:
            await self.database.repeat(lambda tx: profiles.unmerge(tx, found[who], [who], by="test"))


async def _edit(database: Database, seed: int, choices: dict[str, list[Any]]) -> None:
    chance = random.Random(seed)
    while True:
        name = chance.choice(sorted(choices))
        rule = {"version": 1, "rule": chance.choice(choices[name])}
        try:
            await database.repeat(lambda tx: segments.save_draft(tx, name, rule))  # noqa: B023 - awaited at once
            await segments.publish(database, name)
        except Problem:
            pass  # another editor was first
        await asyncio.sleep(0.05)


async def _publish(database: Database, _seed: int, given: tuple[str, str]) -> None:
    """Killed when the statements of a step are done, and not committed."""
    builds = importlib.import_module("antiphon.segments.builds")
    segment, where = given
    name, _, number = where.partition(":")
    real, left = getattr(builds, name), [int(number or 0)]

    async def step(*some: Any, **named: Any) -> None:
        await real(*some, **named)
        left[0] -= 1
        if left[0] < 0:
            die()

    setattr(builds, name, step)
    await segments.publish(database, segment)


_ROLES: dict[str, Any] = {"worker": _work, "writer": _write, "editor": _edit, "publisher": _publish}


def run(dsn: str, role: str, seed: int, given: Any) -> None:
    asyncio.run(_run(dsn, role, seed, given))


async def _run(dsn: str, role: str, seed: int, given: Any) -> None:
    database = await open_database(dsn, connections_max=6)
    wire(database)
    await database.start()
    await _ROLES[role](database, seed, given)
    await database.close()
