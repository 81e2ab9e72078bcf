"""A person's numbers go where the person goes: into one when two are one, and away when they are forgotten."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from antiphon import metrics
from antiphon.kernel.db import Database
from antiphon.kernel.records import Erased, Merged, ProfileId, Purpose
from metrics.test_responses import ANNA, BOB, DAY, Move, answered, counted, counts, grid, sent, undelivered

CARL = ProfileId(99)


async def merge(database: Database, *pairs: tuple[ProfileId, ProfileId]) -> None:
    await database.repeat(lambda tx: metrics.on_merged(tx, [Merged(alias, person) for alias, person in pairs]))


async def erase(database: Database, *people: ProfileId, keep_counts: bool = False) -> None:
    await database.repeat(lambda tx: metrics.on_erased(tx, [Erased(tuple(people), (), (), keep_counts)]))


async def hours(database: Database, who: ProfileId) -> dict[int, int]:
    async with database.transaction() as tx:
        found = await metrics.hours(tx, [who])
    return {hour: n for hour, n in enumerate(found[who].counts) if n} if who in found else {}


async def test_two_who_are_one_have_answered_together(database: Database, move: Move) -> None:
    await sent(database, ANNA, ANNA, BOB, CARL)
    await sent(database, BOB, channel="email")
    await answered(database, ANNA, hour=9)
    await move(DAY)
    await answered(database, BOB, hour=9)
    await answered(database, BOB, channel="email", hour=21)
    await merge(database, (BOB, ANNA))
    await move(2 * DAY)
    assert await counts(database, ANNA) == (3, 2)
    assert await counts(database, ANNA, "email:campaign") == (1, 1)
    assert await counts(database, BOB) is None
    assert await hours(database, ANNA) == {9: 2, 21: 1}
    assert await hours(database, BOB) == {}
    assert await grid(database) == await counted(database) == {(4, 3, 2): 1, (4, 1, 0): 1, (0, 1, 1): 1}


async def test_who_is_merged_twice_ends_with_the_last(database: Database, move: Move) -> None:
    await sent(database, ANNA, BOB, CARL)
    await merge(database, (ANNA, BOB), (BOB, CARL))
    await move(2 * DAY)
    assert await counts(database, CARL) == (3, 0)
    assert await grid(database) == await counted(database) == {(4, 3, 0): 1}


async def test_of_two_long_lives_the_newer_counts(database: Database, move: Move) -> None:
    await sent(database, *[ANNA] * 30)
    await answered(database, *[ANNA] * 30)
    await move(DAY)
    await sent(database, *[BOB] * 30)
    await merge(database, (ANNA, BOB))
    await move(DAY)
    assert await counts(database, BOB) == (40, 10)
    assert await grid(database) == await counted(database) == {(4, 40, 10): 1}


async def test_what_is_told_of_a_number_that_was_merged_away_is_the_persons(database: Database, move: Move) -> None:
    """The ledger keeps the number that a message was sent to."""
    await sent(database, BOB)
    await merge(database, (BOB, ANNA))
    await database.pool.execute(
        "INSERT INTO alias (bucket, id, profile_id, anchor, created_at, merged_at, because)"
        " VALUES ($1, $2, $3, 1, $4, $4, '{}')",
        BOB & 255, BOB, ANNA, database.clock.now(),
    )  # fmt: skip
    await answered(database, BOB, hour=7)
    await sent(database, BOB, ANNA)
    await undelivered(database, BOB)
    await move(DAY)
    assert await counts(database, ANNA) == (2, 1)
    assert await hours(database, ANNA) == {7: 1}


async def test_whoever_is_forgotten_is_in_no_number(database: Database, move: Move) -> None:
    await sent(database, ANNA, BOB)
    await answered(database, ANNA, BOB, hour=9)
    await erase(database, ANNA)
    await move(2 * DAY)
    assert await counts(database, ANNA) is None
    assert await hours(database, ANNA) == {}
    assert await grid(database) == await counted(database) == {(4, 1, 1): 1}
    assert await database.pool.fetchval("SELECT n FROM hour_total WHERE hour = 9") == 1


async def test_numbers_of_everybody_are_kept_where_they_name_nobody(database: Database, move: Move) -> None:
    await sent(database, ANNA)
    await answered(database, ANNA, hour=9)
    await erase(database, ANNA, keep_counts=True)
    await move(2 * DAY)
    assert await counts(database, ANNA) is None
    assert await grid(database) == {(4, 1, 1): 1}
    assert await database.pool.fetchval("SELECT n FROM hour_total WHERE hour = 9") == 1


async def test_after_any_story_the_grid_is_what_counting_everybody_says(database: Database, move: Move) -> None:
    chance = random.Random(9)
    people = [ProfileId(n << 8 | n) for n in range(1, 15)]
    for _ in range(150):
        some = chance.sample(people, 3)
        what = chance.choice(["sent", "sent", "sent", "answered", "undelivered", "wait", "merge", "erase"])
        match what:
            case "sent":
                await sent(database, *some, channel=chance.choice(["sms", "email"]))
            case "answered":
                await answered(database, *some, channel=chance.choice(["sms", "email"]), hour=chance.randrange(24))
            case "undelivered":
                await undelivered(database, *some)
            case "wait":
                await move(timedelta(hours=chance.choice([1, 5, 30])))
            case "merge":
                await merge(database, (some[0], some[1]))
            case "erase" if chance.random() < 0.3:
                await erase(database, some[0])
        settled = await database.pool.fetch("SELECT people FROM response_grid WHERE settles_at = '-infinity'")
        assert all(row["people"] >= 0 for row in settled), "nobody is less than nobody"
        await database.repeat(metrics.fold_responses)
    assert await grid(database) == await counted(database)


async def test_they_are_shown_what_is_counted_of_them(database: Database) -> None:
    await sent(database, ANNA, ANNA)
    await sent(database, ANNA, channel="push", purpose=Purpose.ALERT)
    await answered(database, ANNA, hour=9)
    person = metrics.exporting.profiles.Person((ANNA, BOB), {}, ())
    shown = {}
    for section in metrics.EXPORTED:
        async with database.transaction(read_only=True) as tx:
            shown[section.name] = [dict(row) async for row in section.read(tx, person)]
    now = database.clock.now()
    assert shown["responses"] == [
        {"channel": "sms", "kind": "campaign", "sent": 2, "answered": 1, "sent_at": now},
        {"channel": "push", "kind": "urgent", "sent": 1, "answered": 0, "sent_at": now},
    ]
    assert shown["active_hours"] == [{"hours": [0] * 9 + [1] + [0] * 14, "last_at": now}]


@pytest.mark.parametrize("times", [255, 256, 700])
async def test_a_life_of_answers_fits_a_byte_an_hour(database: Database, times: int) -> None:
    await sent(database, ANNA)
    await answered(database, ANNA, ANNA, hour=3)
    await answered(database, *[ANNA] * times, hour=9)
    found = await hours(database, ANNA)
    assert 100 < found[9] <= 255
    assert found.get(3, 0) <= 2
