"""Claim, touch and finish keep their promises in every interleaving, and the SQL does what the model does."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from antiphon.kernel.clock import FOREVER
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.due import Claimed, DueTable
from kernel.due_model import (
    LOST,
    STUCK,
    THROWN_AWAY,
    TWO_HOLDERS,
    TWO_NUMBERS,
    Move,
    State,
    apply,
    explore,
    moves,
    one_number,
    start,
)


@pytest.mark.parametrize(
    ("rows", "touches_max", "claims_max", "states"), [(1, 4, 5, 7_000), (2, 1, 3, 12_000), (2, 2, 2, 10_000)]
)
def test_every_promise_holds_in_every_interleaving_of_three_workers(
    rows: int, touches_max: int, claims_max: int, states: int
) -> None:
    walk = explore(TWO_NUMBERS, rows=rows, touches_max=touches_max, claims_max=claims_max)
    assert not walk.promise, walk.way
    assert walk.states > states, "the walk became shorter than it was"


BROKEN = {
    "one number raised by claim": (
        one_number(claim_raises=True, touch_raises=False, is_mine=lambda row, held: row.lease == held.lease),
        LOST,
    ),
    "one number raised by both": (
        one_number(claim_raises=True, touch_raises=True, is_mine=lambda row, held: row.lease == held.lease),
        THROWN_AWAY,
    ),
    "one number raised by both, which a finish compares only for the next due time": (
        one_number(claim_raises=True, touch_raises=True, is_mine=lambda row, held: True),
        TWO_HOLDERS,
    ),
    "one number raised by touch": (
        one_number(claim_raises=False, touch_raises=True, is_mine=lambda row, held: row.lease == held.lease),
        THROWN_AWAY,
    ),
    "a finish that asks only whether there is a lease": (
        replace(TWO_NUMBERS, is_mine=lambda row, held: row.leased or row.lease == held.lease),
        TWO_HOLDERS,
    ),
    "a finish that forgets to compare the version": (replace(TWO_NUMBERS, is_unchanged=lambda row, held: True), LOST),
    "leases without end": (replace(TWO_NUMBERS, leases_end=False), STUCK),
}


@pytest.mark.parametrize("name", BROKEN)
def test_another_protocol_breaks_a_promise_and_the_walk_finds_it(name: str) -> None:
    """Among them every use of one number for both: this is why there are two, and proves that the walk can fail."""
    protocol, promise = BROKEN[name]
    walk = explore(protocol, rows=1, touches_max=2, claims_max=3)
    assert walk.promise == promise
    assert 1 <= len(walk.way) <= 4


TABLE = """
CREATE TABLE scratch (
  id          integer PRIMARY KEY,
  due_at      timestamptz,
  lease_until timestamptz,
  lease       integer NOT NULL DEFAULT 0,
  version     integer NOT NULL DEFAULT 0
)"""
SCRATCH = DueTable("scratch", key={"id": "integer"}, where="id = $4")
TOUCH = "UPDATE scratch SET due_at = least(due_at, $1), version = version + 1 WHERE id = $2"
END_LEASE = "UPDATE scratch SET lease_until = clock_timestamp() - interval '1 second' WHERE id = $1"
LOOK = """
SELECT id, due_at <= $1 IS TRUE AS due, coalesce(lease_until >= clock_timestamp(), false) AS leased, lease, version
  FROM scratch
 ORDER BY id"""


class Real:
    """The same moves on a table."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self.held: dict[int, Claimed] = {}

    async def begin(self, rows: int) -> None:
        await self.tx.rows("TRUNCATE scratch")
        await self.tx.rows("INSERT INTO scratch (id, due_at) SELECT n, $2 FROM generate_series(0, $1 - 1) n",
                           rows, self.tx.now)  # fmt: skip

    async def move(self, move: Move) -> str:
        if move.act == "touch":
            await self.tx.rows(TOUCH, self.tx.now, move.row)
        elif move.act == "expire":
            await self.tx.rows(END_LEASE, move.row)
        elif move.act == "die":
            del self.held[move.who]
        elif move.act == "claim":
            (self.held[move.who],) = await SCRATCH.claim(self.tx, move.row, batch=10, lease_s=600)
        else:
            return await self._finish(self.held.pop(move.who))
        return ""

    async def _finish(self, mine: Claimed) -> str:
        answer = await SCRATCH.finish(self.tx, [mine], [FOREVER if mine.lease % 2 else None])
        return {None: "late", True: "done", False: "changed"}[answer.get(mine.key)]

    async def agrees(self, state: State) -> bool:
        rows: list[Any] = await self.tx.rows(LOOK, self.tx.now)
        found = [(row["due"], row["leased"], row["lease"], row["version"]) for row in rows]
        return found == [(row.due, row.leased, row.lease, row.version) for row in state.rows]

    async def refuses(self, state: State) -> bool:
        """What the model does not let anybody claim is not claimed."""
        closed = [n for n, row in enumerate(state.rows) if row.leased or not row.due]
        return not any([await SCRATCH.claim(self.tx, n, batch=10, lease_s=600) for n in closed])


@pytest.mark.parametrize("rows", [1, 2])
async def test_the_sql_does_what_the_model_does(database: Database, rows: int) -> None:
    """A sample of the interleavings, step by step; a failure names its seed."""
    acts: set[str] = set()
    async with database.transaction() as tx:
        await tx.rows(TABLE)
        for seed in range(60):
            draw, real, state = random.Random(seed), Real(tx), start(rows)
            await real.begin(rows)
            for n in range(25):
                move = draw.choice(list(moves(state, TWO_NUMBERS, touches_max=99, claims_max=99)))
                state, answer = apply(state, move, TWO_NUMBERS)
                assert await real.move(move) == answer, (seed, n, move)
                assert await real.agrees(state), (seed, n, move)
                assert await real.refuses(state), (seed, n, move)
                acts.add(answer or move.act)
    assert acts == {"touch", "expire", "die", "claim", "done", "changed", "late"}


async def test_product_time_ends_no_lease_and_wall_time_makes_nothing_due(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.rows(TABLE)
        real = Real(tx)
        await real.begin(2)
        await tx.rows("UPDATE scratch SET due_at = due_at + interval '1 hour' WHERE id = 1")
        assert await SCRATCH.claim(tx, 0, batch=1, lease_s=60)
        assert not await SCRATCH.claim(tx, 1, batch=1, lease_s=60)
        tx.now += timedelta(days=21)
        assert not await SCRATCH.claim(tx, 0, batch=1, lease_s=60)
        assert await SCRATCH.claim(tx, 1, batch=1, lease_s=60)
