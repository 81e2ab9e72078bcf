"""What is known of everybody: learned when it is worth it, from what had its time to be answered, read seldom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from antiphon import metrics
from antiphon.kernel import clock
from antiphon.kernel.db import Database
from antiphon.kernel.records import ProfileId
from antiphon.metrics import learning
from metrics.test_responses import CAMPAIGN, DAY, Move, answered, fold, sent

PEOPLE = [ProfileId(n << 8 | n % 7) for n in range(1, 201)]


@pytest.fixture(autouse=True)
def _unkept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "KEPT_S", 0.0)


async def learned(database: Database) -> metrics.Prior:
    await fold(database)
    await database.repeat(metrics.fit_priors)
    async with database.transaction() as tx:
        return (await metrics.population(tx)).priors["sms:campaign"]


async def test_defaults_hold_until_a_message_had_its_day(database: Database, move: Move) -> None:
    """While a campaign is on its way nobody has answered yet, and only those who did have been heard of."""
    assert (await learned(database)).mean == pytest.approx(0.045)
    await sent(database, *PEOPLE)
    await answered(database, *PEOPLE[:40])
    await move(timedelta(hours=23))
    assert (await learned(database)).mean == pytest.approx(0.045)
    await move(timedelta(hours=3))
    prior = await learned(database)
    assert prior.mean == pytest.approx(0.2, abs=0.03)
    assert prior.people == 200


async def test_what_is_learned_moves_everybody_of_whom_little_is_known(database: Database, move: Move) -> None:
    async def likely(who: ProfileId) -> float:
        async with database.transaction() as tx:
            mine = (await metrics.predict(tx, [who]))[who]
            return metrics.response(mine, await metrics.population(tx), "sms", CAMPAIGN).mean

    stranger = ProfileId(5)
    before = await likely(stranger)
    await sent(database, *PEOPLE)
    await answered(database, *PEOPLE[:100])
    await move(2 * DAY)
    await learned(database)
    assert await likely(stranger) > 5 * before


async def test_it_is_learned_anew_only_when_enough_has_changed(database: Database, move: Move) -> None:
    async def fitted() -> int:
        await fold(database)
        return await database.repeat(metrics.fit_priors)

    assert await fitted() == 0, "nobody was written to"
    await sent(database, *PEOPLE)
    assert await fitted() == 0, "it has not settled"
    await move(timedelta(hours=26))
    assert await fitted() == 1
    assert await fitted() == 0
    await sent(database, PEOPLE[0])
    await answered(database, PEOPLE[1])
    await move(timedelta(hours=10))
    assert await fitted() == 0, "one answer"
    await answered(database, *PEOPLE[2:30])
    await move(timedelta(hours=2))
    assert await fitted() == 1
    await move(timedelta(hours=25))
    assert await fitted() == 1, "once a day"


async def test_cells_are_learned_apart(database: Database, move: Move) -> None:
    await sent(database, *PEOPLE)
    await sent(database, *PEOPLE, channel="email")
    await answered(database, *PEOPLE[:100], channel="email")
    await move(2 * DAY)
    await fold(database)
    assert await database.repeat(metrics.fit_priors) == 2
    async with database.transaction() as tx:
        found = (await metrics.population(tx)).priors
    assert found["email:campaign"].mean > 0.4
    assert found["sms:campaign"].mean < 0.02
    assert found["push:campaign"].mean == pytest.approx(0.05), "nothing is known, so nothing changed"


async def test_a_process_asks_twice_a_minute(database: Database, move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "KEPT_S", 30.0)
    at = clock.wall()
    monkeypatch.setattr(learning, "wall", lambda: at)
    first = await learned(database)
    await sent(database, *PEOPLE)
    await move(2 * DAY)
    assert await learned(database) == first
    at += 31
    assert (await learned(database)).people == 200


async def test_others_may_name_their_own_defaults(database: Database) -> None:
    own = {**metrics.DEFAULTS, "sms:campaign": 0.3}
    async with database.transaction() as tx:
        assert (await metrics.population(tx, own)).priors["sms:campaign"].mean == pytest.approx(0.3)
