"""Workers, writers and editors in processes of their own, killed again and again: in the end the members are right."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from multiprocessing.process import BaseProcess
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from antiphon import profiles, segments
from antiphon.app.wiring import wire
from antiphon.kernel import postgres
from antiphon.kernel.clock import ClockState
from antiphon.kernel.db import Database, open_database
from antiphon.kernel.migrate import migrate
from antiphon.kernel.records import Identifier
from antiphon.profiles.identity import move
from antiphon.profiles.identity import work as identity
from conftest import START
from fresh import named
from segments import beside

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TIMES = float(os.environ.get("ANTIPHON_EXAMPLES", "1"))
ROUNDS = int(10 * TIMES)

ACTIVE: Any = {"event": "bought", "within": "24h"}
RULES: dict[str, Any] = {
    "active": ACTIVE,
    "lapsed": {"all": [{"event": "looked"}, {"event": "bought", "within": "3d", "count": {"op": "eq", "value": 0}}]},
    "twice": {"event": "bought", "within": {"days": 2}, "count": {"op": "gte", "value": 2}},
    "gold": {"trait": "tier", "op": "eq", "value": "gold"},
    "house": {"account": {"trait": "tier", "op": "eq", "value": "gold"}},
    "not active": {"not": {"segment": "active"}},
    "sleepers": {"all": [{"segment": "not active"}, {"not": {"segment": "gold"}}]},
    "long gone": {"segment": "sleepers", "for": "2d"},
    "came": {"entered": "twice", "within": "5h"},
    "went": {"left": "active", "within": "1d"},
    "guests": {"any": [{"segment": "vip", "for": "3h"}, {"all": [{"segment": "vip"}, {"segment": "went"}]}]},
}
"""Those that others name come first."""
CAUSES = {"happened", "time", "rule", "list", "merge"}
CHOICES: dict[str, Any] = {
    "active": [ACTIVE, {"event": "bought", "within": "9h"}, {"event": "looked", "within": "24h"}],
    "sleepers": [RULES["sleepers"], {"segment": "not active"}, {"not": {"segment": "vip"}}],
    "twice": [RULES["twice"], {"event": "added", "count": {"op": "gte", "value": 3}}],
    "guests": [RULES["guests"], {"segment": "vip"}, {"not": {"segment": "long gone"}}],
}


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One that may crash."""
    with postgres.throwaway(tmp_path_factory.mktemp("pg")) as dsn:
        asyncio.run(_make_template(dsn))
        yield dsn


async def _make_template(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE DATABASE template_antiphon")
    await connection.close()
    await migrate(named(dsn, "template_antiphon"))
    connection = await asyncpg.connect(named(dsn, "template_antiphon"))
    # The order in which changes of one membership were written.
    await connection.execute("ALTER TABLE segment_change ADD COLUMN number bigserial")
    await connection.close()


@pytest_asyncio.fixture
async def city(own_server: str) -> AsyncIterator[City]:
    made = City(own_server, f"city_{time.monotonic_ns()}")
    await made.found()
    yield made
    await made.leave()


class City:
    """A database, and the processes that are at it."""

    def __init__(self, server: str, name: str) -> None:
        self.server, self.dsn, self.name = server, named(server, name), name
        self.processes: dict[str, BaseProcess] = {}
        self.database: Database

    async def found(self) -> None:
        await self.execute(f"CREATE DATABASE {self.name} TEMPLATE template_antiphon")
        await self.open()
        await self.database.move_clock(lambda _: ClockState().moved(START))

    async def open(self) -> None:
        self.database = await open_database(self.dsn, connections_max=6)
        wire(self.database)
        await self.database.start()

    async def execute(self, text: str) -> None:
        connection = await asyncpg.connect(self.server)
        await connection.execute(text)
        await connection.close()

    async def leave(self) -> None:
        self.kill(*self.processes)
        await self.database.close()
        await self.execute(f"DROP DATABASE {self.name} WITH (FORCE)")

    # ---- what happens ----

    async def settle_in(self, rules: dict[str, Any] = RULES) -> None:
        who = [Identifier("external_id", f"p{n}") for n in range(beside.PEOPLE)]
        facts = [
            profiles.Fact("test", f"first-{n}", self.now, who=(each,), traits={"n": n}) for n, each in enumerate(who)
        ]
        await self.database.repeat(lambda tx: profiles.record(tx, facts))
        await self.database.repeat(lambda tx: segments.make_list(tx, "vip"))
        for name, rule in rules.items():
            await segments.create(self.database, name, {"version": 1, "rule": rule})

    def run(self, name: str, role: str, seed: int = 0, given: Any = None) -> BaseProcess:
        self.processes[name] = beside.start(self.dsn, role, seed, given)
        return self.processes[name]

    def kill(self, *names: str) -> None:
        for name in names:
            self.processes[name].kill()
            self.processes[name].join()

    async def crash(self) -> None:
        """One process of the database dies: all are ended, the log is redone, tables that are not logged are empty."""
        connection = await asyncpg.connect(self.dsn)
        os.kill(connection.get_server_pid(), signal.SIGKILL)
        end = time.monotonic() + 60
        while True:
            try:
                probe = await asyncpg.connect(self.dsn, timeout=2)
                await probe.fetchval("SELECT 1")
                await probe.close()
                break
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                assert time.monotonic() < end
                await asyncio.sleep(0.05)
        self.database.pool.terminate()
        await self.open()

    @property
    def now(self) -> Any:
        return self.database.clock.now()

    async def move(self, by: timedelta) -> None:
        await self.database.move_clock(lambda state: state.moved(state.now() + by))

    async def hold(self) -> None:
        await self.database.move_clock(ClockState.held)

    async def drain(self, within_s: float = 120.0) -> None:
        end = time.monotonic() + within_s
        while await self._work() or await self.due():
            assert time.monotonic() < end, "there is always something due"

    async def _work(self) -> int:
        database = self.database
        return await identity.work(database) + await move.work(database) + await segments.work(database)

    async def due(self) -> int:
        async with self.database.transaction() as tx:
            return await segments.due(tx) + await profiles.count_due(tx)

    # ---- what is promised ----

    async def rows(self, text: str, *parameters: Any) -> Sequence[asyncpg.Record]:
        async with self.database.transaction() as tx:
            return await tx.rows(text, *parameters)

    async def check(self) -> None:
        names = [row["name"] for row in await self.rows("SELECT name FROM segment WHERE kind = 'rule' AND version > 0")]
        for name in names:
            async with self.database.transaction() as tx:
                found = await segments.verify(tx, name)
            assert (found.missing, found.surplus) == (0, 0), (name, found)
        await self.check_changes()
        await self.check_sizes()
        assert await self.rows("SELECT FROM membership_due WHERE timer_at <= $1 OR due_at <= $1", self.now) == []

    async def check_changes(self) -> None:
        """Entries and exits alternate, and the last of them says who is in."""
        inside: dict[tuple[int, int], list[bool]] = defaultdict(list)
        for row in await self.rows("SELECT segment_id, profile_id, entered FROM segment_change ORDER BY number"):
            moves = inside[row["segment_id"], row["profile_id"]]
            assert not moves or moves[-1] is not row["entered"], (row, moves)
            moves.append(row["entered"])
        members = {(row["segment_id"], row["profile_id"]) for row in await self.rows("SELECT * FROM member")}
        assert {key for key, moves in inside.items() if moves[-1]} <= members
        assert {key for key, moves in inside.items() if not moves[-1]} & members == set()

    async def causes(self) -> set[str]:
        return {row["cause"] for row in await self.rows("SELECT DISTINCT cause FROM segment_change")}

    async def check_sizes(self) -> None:
        sizes = await self.rows(
            "SELECT s.name, (SELECT count(*) FROM member m WHERE m.segment_id = s.id) AS members,"
            " (SELECT coalesce(sum(t.entered - t.left_count + t.came), 0) FROM segment_tally t"
            "   WHERE t.segment_id = s.id) AS tally FROM segment s"
        )
        assert [tuple(row) for row in sizes if row["members"] != row["tally"]] == []


@pytest.mark.timeout(240 + 30 * ROUNDS)
@pytest.mark.parametrize("crashing", [False, True] if TIMES > 1 else [True])
async def test_whoever_is_killed_in_the_middle_the_members_are_right_in_the_end(city: City, crashing: bool) -> None:
    await city.settle_in()
    chance = random.Random(os.environ.get("KILL_SEED", "7"))
    roles = {"one": "worker", "two": "worker", "shop": "writer", "office": "editor"}
    seeds = iter(range(10**6))

    def begin(name: str) -> None:
        city.run(name, roles[name], next(seeds), CHOICES if roles[name] == "editor" else None)

    for name in roles:
        begin(name)
    await asyncio.sleep(1.5)
    number = 0
    while number < ROUNDS or (number < 6 * ROUNDS and not await city.causes() >= CAUSES):  # they may be slow today
        number += 1
        await asyncio.sleep(chance.uniform(0.2, 0.9))
        await city.move(chance.choice([HOUR, 5 * HOUR, 26 * HOUR]))
        if crashing and number % 3 == 0:
            await city.crash()
        victim = chance.choice(sorted(roles))
        city.kill(victim)
        begin(victim)
    city.kill(*roles)
    await city.hold()
    await city.drain()
    assert await city.causes() >= CAUSES
    await city.check()
    for by in (2 * HOUR, 30 * DAY):
        await city.move(by)
        await city.drain()
        await city.check()


STEPS = ["_look", "_merge_timers:0", "_merge_timers:9", "_go_live", "_apply_some:0", "_apply_some:9", "_end"]
_ALL = [
    (where, first, crashing)
    for where in STEPS
    for first in (False, True)
    for crashing in (False, True)
    if not (first and where.startswith("_apply"))
]
_SOME = [
    ("_look", True, True),
    ("_merge_timers:9", True, False),
    ("_merge_timers:9", False, True),
    ("_go_live", False, False),
    ("_apply_some:0", False, True),
    ("_apply_some:9", False, False),
]


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("where", "first", "crashing"), _ALL if TIMES > 1 else _SOME)
async def test_whoever_publishes_is_killed_at_any_step_and_somebody_else_ends_it(
    city: City, where: str, first: bool, crashing: bool
) -> None:
    await city.settle_in({} if first else {"s": {"trait": "n", "op": "lt", "value": 60}})
    writer = beside.Writer(city.database, random.Random(3), 3)
    for _ in range(20):
        await writer.track()
    rule = {
        "version": 1,
        "rule": {"any": [{"event": "bought", "within": "24h"}, {"trait": "n", "op": "lt", "value": 30}]},
    }
    if first:
        await city.database.repeat(lambda tx: segments.create_draft(tx, "s", rule))
    else:
        await city.database.repeat(lambda tx: segments.save_draft(tx, "s", rule))
    office = city.run("office", "publisher", given=("s", where))
    office.join(120)
    assert office.exitcode == -signal.SIGKILL
    for _ in range(10):
        await writer.track()
    if crashing:
        await city.crash()
    await city.hold()
    await city.drain()
    await city.check()
    moved = await city.rows(
        "SELECT FROM segment_change c JOIN known_profile p ON p.id = c.profile_id"
        " WHERE (p.traits ->> 'n')::integer < 30"
    )
    assert moved == [], "whom both rules name was thrown out"
    await city.move(2 * DAY)
    await city.drain()
    await city.check()
    assert len(await city.rows("SELECT FROM member")) == 30
