"""What `record` promises, on a real database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from antiphon import profiles
from antiphon.kernel import outlet
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Event, Identifier, ProfileChange
from antiphon.profiles import Fact, Recorded

AT = datetime(2025, 12, 24, 18, tzinfo=UTC)
ANNA = Identifier("external_id", "42")
MAIL = Identifier("email", "anna@shop.example")
BROWSER = Identifier("anonymous_id", "b-1")


def fact(message_id: str, *who: Identifier, **more: Any) -> Fact:
    return Fact(source="test", message_id=message_id, at=more.pop("at", AT), who=who, **more)


async def record(database: Database, *facts: Fact, **more: Any) -> Recorded:
    return await database.repeat(lambda tx: profiles.record(tx, facts, **more))


async def sql(database: Database, text: str, *parameters: Any) -> list[Any]:
    return [tuple(row) for row in await database.pool.fetch(text, *parameters)]


async def test_a_track_of_somebody_unknown_makes_a_profile_an_event_and_a_sum(database: Database) -> None:
    done = await record(database, fact("1", ANNA, event="cart added", properties='{"a": 1}'))
    assert (done.new, done.repeated) == (1, 0)
    async with database.transaction() as tx:
        (profile,) = await profiles.read(tx, [done.profiles[0]])  # type: ignore[list-item]
        (event,) = await profiles.events(tx, profile.id, before=None, limit=5)
        numbers = await profiles.event_names(tx, ["cart added", "unheard of"], make=False)
    assert profile.identifiers == [ANNA]
    assert (event.name, event.at, event.properties) == ("cart added", AT, {"a": 1})
    sums = await sql(database, "SELECT bucket, profile_id, name_id, count, first_at, last_at FROM event_sum")
    assert sums == [(profile.id & 255, profile.id, numbers["cart added"], 1, AT, AT)]
    assert numbers.keys() == {"cart added"}


async def test_the_same_message_id_counts_once_in_one_batch_and_later(database: Database) -> None:
    done = await record(database, fact("1", ANNA, event="a"), fact("1", ANNA, event="a"), fact("2", ANNA, event="a"))
    again = await record(database, fact("2", ANNA, event="a"), fact("1", ANNA, event="a"))
    assert (done.new, done.repeated, again.new, again.repeated) == (2, 1, 0, 2)
    assert set(done.profiles) == set(again.profiles) == {done.profiles[0]}
    assert await sql(database, "SELECT count FROM event_sum") == [(2,)]


async def test_the_same_message_id_of_another_source_counts(database: Database) -> None:
    other = Fact(source="other", message_id="1", at=AT, who=(ANNA,), event="a")
    assert (await record(database, fact("1", ANNA, event="a"), other)).new == 2


async def test_the_same_messages_from_rivals_count_once(database: Database) -> None:
    facts = [fact(str(n), Identifier("external_id", str(n % 20)), event="a") for n in range(200)]
    done = await asyncio.gather(*(record(database, *facts[k * 10 :], *facts[: k * 10]) for k in range(6)))
    assert sum(one.new for one in done) == 200
    assert await sql(database, "SELECT sum(count)::int, count(*) FROM event_sum") == [(200, 20)]
    assert await sql(database, "SELECT count(*) FROM event") == [(200,)]
    assert await sql(database, "SELECT count(*) FROM profile") == [(20,)]
