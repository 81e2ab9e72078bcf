"""Responses in the database: at once, by many at a time, and the grid is what counting everybody would say."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from antiphon import metrics
from antiphon.kernel.clock import ClockState
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.records import ProfileId, Purpose
from antiphon.metrics import learning
from antiphon.metrics.window import KEPT_MAX, Window
from antiphon_world.habits import Habits
from conftest import START
from metrics.trial import Known, history

Move = Callable[[timedelta], Awaitable[datetime]]
ANNA, BOB = ProfileId(42), ProfileId(2**40 + 7)
CAMPAIGN, CODE = Purpose.CAMPAIGN, Purpose.CODE
DAY = timedelta(days=1)


async def sent(database: Database, *who: ProfileId, channel: str = "sms", purpose: Purpose = CAMPAIGN) -> None:
    await database.repeat(lambda tx: metrics.note_sent(tx, [(one, channel, purpose) for one in who]))


async def answered(database: Database, *who: ProfileId, channel: str = "sms", hour: int | None = None) -> None:
    said = [(one, channel, CAMPAIGN, database.clock.now(), hour) for one in who]
    await database.repeat(lambda tx: metrics.note_answered(tx, said))


async def undelivered(database: Database, *who: ProfileId) -> None:
    await database.repeat(lambda tx: metrics.note_undelivered(tx, [(one, "sms", CAMPAIGN) for one in who]))


async def counts(database: Database, who: ProfileId, key: str = "sms:campaign") -> tuple[int, int] | None:
    async with database.transaction(read_only=True) as tx:
        found = (await metrics.predict(tx, [who]))[who].get(key)
    return found and (found.sent, found.answered)


async def fold(database: Database) -> None:
    while await database.repeat(metrics.fold_responses):
        pass


async def grid(database: Database) -> dict[tuple[int, int, int], int]:
    """What the keeper has of everybody, once all has settled."""
    await fold(database)
    rows = await database.pool.fetch(
        "SELECT cell, sent, answered, sum(people)::int AS n FROM response_grid GROUP BY 1, 2, 3 HAVING sum(people) <> 0"
    )
    return {(row["cell"], row["sent"], row["answered"]): row["n"] for row in rows}


async def counted(database: Database) -> dict[tuple[int, int, int], int]:
    """The same from everybody's windows."""
    rows = await database.pool.fetch("SELECT cell, sent, history FROM response WHERE sent > 0")
    return dict(Counter((row["cell"], *Window(row["sent"], row["history"]).counts) for row in rows))


async def test_what_happened_is_foretold_from_at_once(database: Database, move: Move) -> None:
    await sent(database, ANNA, BOB)
    await answered(database, ANNA)
    assert await counts(database, ANNA) == (1, 1)
    async with database.transaction() as tx:
        everybody = await metrics.population(tx)
        known = await metrics.predict(tx, [ANNA, BOB])
    likely = {one: metrics.response(known[one], everybody, "sms", CAMPAIGN).mean for one in known}
    assert likely[ANNA] > likely[BOB] == pytest.approx(0.045)
    await move(DAY)
    assert await counts(database, BOB) == (1, 0)


async def test_a_message_may_have_a_day_to_be_answered(database: Database, move: Move) -> None:
    await sent(database, ANNA)
    await move(DAY)
    await sent(database, ANNA)
    assert await counts(database, ANNA) == (1, 0), "the second may still be"
    await sent(database, ANNA)
    assert await counts(database, ANNA) == (2, 0), "only the newest is waited for"
    await move(DAY - timedelta(seconds=1))
    assert await counts(database, ANNA) == (2, 0)
    await move(timedelta(seconds=1))
    assert await counts(database, ANNA) == (3, 0)
    await answered(database, ANNA)
    assert await counts(database, ANNA) == (3, 1), "later than a day counts when it comes"


async def test_nothing_counts_when_the_fact_is_not_committed(database: Database) -> None:
    async def fail(tx: Transaction) -> None:
        await metrics.note_sent(tx, [(ANNA, "sms", CAMPAIGN)])
        await metrics.note_answered(tx, [(ANNA, "sms", CAMPAIGN, tx.now, 3)])
        raise LookupError

    with pytest.raises(LookupError):
        await database.repeat(fail)
    assert await counts(database, ANNA) is None
    assert await grid(database) == {}


async def test_an_answer_to_what_was_not_noted_counts_for_nothing(database: Database) -> None:
    """Else whoever answers messages from before would seem to answer everything."""
    await answered(database, ANNA, hour=9)
    assert await counts(database, ANNA) is None
    await sent(database, ANNA)
    await answered(database, ANNA, ANNA, ANNA)
    assert await counts(database, ANNA) == (1, 1)


async def test_what_did_not_arrive_was_no_message(database: Database, move: Move) -> None:
    await sent(database, ANNA, ANNA, BOB)
    await undelivered(database, ANNA, BOB, BOB)
    await move(2 * DAY)
    assert await counts(database, ANNA) == (1, 0)
    assert await counts(database, BOB) == (0, 0)
    assert await grid(database) == await counted(database) == {(4, 1, 0): 1}


async def test_two_messages_of_one_batch_are_two(database: Database, move: Move) -> None:
    await sent(database, ANNA, ANNA, ANNA, BOB)
    await answered(database, ANNA, ANNA)
    await move(2 * DAY)
    assert await counts(database, ANNA) == (3, 2)
    assert await grid(database) == await counted(database) == {(4, 3, 2): 1, (4, 1, 0): 1}


async def test_kinds_and_channels_are_apart(database: Database, move: Move) -> None:
    await sent(database, ANNA)
    await sent(database, ANNA, purpose=CODE)
    await sent(database, ANNA, channel="email")
    await move(2 * DAY)
    async with database.transaction() as tx:
        found = await metrics.predict(tx, [ANNA, BOB])
    assert found == {ANNA: dict.fromkeys(["sms:campaign", "sms:code", "email:campaign"], metrics.Counts(1, 0)), BOB: {}}


async def test_workers_who_tell_of_the_same_people_at_once_lose_nothing(database: Database, move: Move) -> None:
    people = [ProfileId(n << 8 | n % 3) for n in range(12)]
    chance = random.Random(4)

    async def work() -> None:
        for _ in range(20):
            await sent(database, *chance.sample(people, 8))
            await answered(database, *chance.sample(people, 2), hour=chance.randrange(24))
            await undelivered(database, chance.choice(people))

    async def keep() -> None:
        while True:
            await database.repeat(metrics.fold_responses)
            await asyncio.sleep(0.01)

    keepers = [asyncio.create_task(keep()) for _ in range(2)]
    await asyncio.gather(*(work() for _ in range(4)))
    for keeper in keepers:
        keeper.cancel()
    await asyncio.gather(*keepers, return_exceptions=True)
    await move(3 * DAY)
    total = sum(row["sent"] for row in await database.pool.fetch("SELECT sent FROM response"))
    assert 4 * 20 * 8 - 4 * 20 <= total <= 4 * 20 * 8
    assert await grid(database) == await counted(database)
    hours = await database.pool.fetch("SELECT hours FROM active_hour")
    assert sum(sum(row["hours"]) for row in hours) == 4 * 20 * 2


async def test_what_a_worker_adds_while_another_has_not_committed_is_added(database: Database, move: Move) -> None:
    held, go = asyncio.Event(), asyncio.Event()

    async def slow(tx: Transaction) -> None:
        await metrics.note_sent(tx, [(ANNA, "sms", CAMPAIGN)])
        held.set()
        await go.wait()

    one = asyncio.create_task(database.repeat(slow))
    await held.wait()
    other = asyncio.create_task(sent(database, ANNA))
    await asyncio.sleep(0.05)
    assert not other.done(), "it waits for the first"
    go.set()
    await asyncio.gather(one, other)
    await move(2 * DAY)
    assert await counts(database, ANNA) == (2, 0)
    assert await grid(database) == {(4, 2, 0): 1}


async def test_a_run_in_the_database_ends_as_the_same_run_by_hand(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody's numbers, the grid and what is learned of it, by world habits; more messages than are kept."""
    monkeypatch.setattr(learning, "KEPT_S", 0.0)
    known = Known()
    rounds: dict[int, list[tuple[ProfileId, str, bool]]] = {}
    for message in history(100, 220, Habits(click=0.5)):
        known.learn(message.person, message.channel, message.answered)
        said = (ProfileId(message.person << 8), message.channel, message.answered)
        rounds.setdefault(message.round, []).append(said)
    for number, said in rounds.items():
        await database.move_clock(lambda state, number=number: ClockState(held_at=START + number * DAY))
        await database.repeat(lambda tx, said=said: metrics.note_sent(tx, [(who, c, CAMPAIGN) for who, c, _ in said]))
        replies = [(who, c, CAMPAIGN, database.clock.now(), 20) for who, c, is_answered in said if is_answered]
        await database.repeat(lambda tx, replies=replies: metrics.note_answered(tx, replies))
        if number % 30 == 0:
            await fold(database)
            await database.repeat(metrics.fit_priors)
    await database.move_clock(lambda _: ClockState(held_at=START + 222 * DAY))
    people = [ProfileId(person << 8) for person in known.counts]
    async with database.transaction() as tx:
        assert await metrics.predict(tx, people) == {ProfileId(p << 8): found for p, found in known.counts.items()}
    assert await grid(database) == await counted(database)
    assert await database.pool.fetchval("SELECT max(sent) FROM response") == KEPT_MAX
    await database.repeat(metrics.fit_priors)
    known.fit()
    async with database.transaction() as tx:
        learned = await metrics.population(tx)
    for key in ("email:campaign", "sms:campaign", "push:campaign"):
        assert learned.priors[key].mean == pytest.approx(known.population.priors[key].mean)
        assert learned.priors[key].people == 100
    assert learned.hours[20] == sum(is_answered for said in rounds.values() for *_, is_answered in said)
    assert await database.pool.fetchval("SELECT count(*) FROM response_grid WHERE settles_at > '-infinity'") == 0
