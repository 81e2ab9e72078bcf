"""News upward: in the transaction of the fact, in the order of the wiring, or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import pytest
from msgspec import Struct

from antiphon.kernel import outlet
from antiphon.kernel.db import Database, Transaction


class Born(Struct, frozen=True):
    name: str


class Moved(Struct, frozen=True):
    name: str


class Refused(Exception):
    pass


@pytest.fixture
def told(database: Database) -> list[str]:
    """What two takers of `Born` were told, in order."""
    told: list[str] = []

    def taker(who: str) -> outlet.Taker[Born]:
        async def take(tx: Transaction, records: Sequence[Born]) -> None:
            told.append(f"{who} hears of {' and '.join(record.name for record in records)}")
            for record in records:
                await tx.rows("INSERT INTO setting VALUES ($1, '1')", f"{who} {record.name}")

        return take

    outlet.take(database, Born, taker("first"))
    outlet.take(database, Born, taker("second"))
    return told


async def kept(database: Database) -> list[str]:
    return [row["name"] for row in await database.pool.fetch("SELECT name FROM setting ORDER BY name")]


async def test_takers_hear_in_order_once_for_all_records(database: Database, told: list[str]) -> None:
    async with database.transaction() as tx:
        await outlet.publish(tx, [Born("a"), Born("b")])
        assert told == ["first hears of a and b", "second hears of a and b"]
        assert await kept(database) == [], "nobody else sees it before the fact is committed"
    assert await kept(database) == ["first a", "first b", "second a", "second b"]


async def test_news_of_another_kind_or_none_reach_nobody(database: Database, told: list[str]) -> None:
    async with database.transaction() as tx:
        await outlet.publish(tx, [Moved("a")])
        await outlet.publish(tx, [])
    assert told == []


async def test_a_failing_taker_undoes_the_fact_and_what_others_took(database: Database, told: list[str]) -> None:
    async def refuse(tx: Transaction, records: Sequence[Born]) -> None:
        raise Refused

    outlet.take(database, Born, refuse)
    with contextlib.suppress(Refused):
        async with database.transaction() as tx:
            await tx.rows("INSERT INTO setting VALUES ('the fact', '1')")
            await outlet.publish(tx, [Born("a")])
            pytest.fail("the failure was swallowed")
    assert told == ["first hears of a", "second hears of a"]
    assert await kept(database) == []


async def test_a_fact_that_is_rolled_back_takes_its_news_along(database: Database, told: list[str]) -> None:
    with contextlib.suppress(Refused):
        async with database.transaction() as tx:
            await outlet.publish(tx, [Born("a")])
            raise Refused
    assert len(told) == 2
    assert await kept(database) == []
