"""Double opt-in: only the answer of the address is a consent."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from antiphon import profiles
from antiphon.kernel import settings
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Conflict, Invalid, NotFound
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles import Confirmed, Proof, Topic
from profiles.facts import ANNA, MAIL, fact, record, sql
from profiles.test_replay import settled

SIGNED_UP = Proof("form", source="https://shop.example/signup", wording="Send me news.", language="en", ip="192.0.2.1")
ANSWERED = Proof("double_opt_in", ip="192.0.2.2", user_agent="Mozilla/5.0")


@pytest_asyncio.fixture
async def anna(database: Database) -> ProfileId:
    await database.repeat(lambda tx: profiles.write_topic(tx, Topic("news", needs="double_opt_in")))
    (id,) = (await record(database, fact("1", ANNA, MAIL))).profiles
    assert id is not None
    return id


async def ask(database: Database, id: ProfileId) -> int:
    return await database.repeat(lambda tx: profiles.optin.ask(tx, id, "news", "email", MAIL.value, SIGNED_UP))


async def confirm(database: Database, number: int) -> Confirmed:
    return await database.repeat(lambda tx: profiles.optin.confirm(tx, number, ANSWERED))


async def allowed(database: Database, id: ProfileId) -> bool:
    async with database.transaction(read_only=True) as tx:
        topic = await profiles.find_topic(tx, "news")
        rows = (await profiles.preferences(tx, [id]))[id]
    return profiles.effective(rows, topic, "email", now=tx.now, address=MAIL.value).allowed


async def test_asking_allows_nothing_and_the_answer_allows_it(database: Database, anna: ProfileId, move: Any) -> None:
    number = await ask(database, anna)
    assert not await allowed(database, anna)
    asked_at = database.clock.now()
    await move(timedelta(days=2))
    assert await confirm(database, number) == Confirmed(anna, "news", "email", MAIL.value)
    assert await allowed(database, anna)
    async with database.transaction(read_only=True) as tx:
        answer, question = await profiles.ledger(tx, anna)
    assert (question.state, question.asked_at, question.ip) == ("pending", asked_at, "192.0.2.1")
    assert (answer.state, answer.basis, answer.asked_at, answer.confirmed_at) == (
        "wanted",
        "consent",
        asked_at,
        database.clock.now(),
    )
    assert (answer.wording, answer.source, answer.method, answer.ip) == (
        SIGNED_UP.wording,
        SIGNED_UP.source,
        "double_opt_in",
        "192.0.2.2",
    )
    assert answer.asked_id == number


async def test_a_link_that_is_followed_many_times_answers_once(database: Database, anna: ProfileId) -> None:
    number = await ask(database, anna)
    await asyncio.gather(*(confirm(database, number) for _ in range(5)))
    assert await sql(database, "SELECT count(*) FROM consent WHERE state = 'wanted'") == [(1,)]


async def test_an_old_answer_does_not_undo_a_withdrawal(database: Database, anna: ProfileId, move: Any) -> None:
    number = await ask(database, anna)
    await confirm(database, number)
    await move(timedelta(hours=1))
    await database.repeat(lambda tx: profiles.set_preferences(tx, anna, [("news", "email", "unwanted")]))
    await confirm(database, number)
    assert not await allowed(database, anna)


async def test_after_its_days_a_question_cannot_be_answered(database: Database, anna: ProfileId, move: Any) -> None:
    await database.repeat(lambda tx: settings.write(tx, {"double_opt_in_days": 3}))
    number = await ask(database, anna)
    await move(timedelta(days=3, seconds=1))
    with pytest.raises(Conflict, match="sign up again"):
        await confirm(database, number)
    assert not await allowed(database, anna)


async def test_a_question_finds_whom_it_was_asked_after_a_merge(database: Database, anna: ProfileId) -> None:
    number = await ask(database, anna)
    (bob,) = (await record(database, fact("2", Identifier("external_id", "bob")))).profiles
    assert bob is not None
    await sql(database, "UPDATE consent SET profile_id = $1, bucket = ($1::bigint & 255)", bob)
    assert (await confirm(database, number)).profile == bob
    assert await allowed(database, bob)


async def test_what_was_never_asked_cannot_be_answered(database: Database, anna: ProfileId) -> None:
    with pytest.raises(NotFound):
        await confirm(database, 1)
    async with database.transaction() as tx:
        with pytest.raises(Invalid) as refused:
            await profiles.optin.ask(tx, anna, "news", "pigeon", "", SIGNED_UP)
    assert {flaw.at for flaw in refused.value.flaws} == {"channel", "address"}


async def test_an_address_that_answered_is_verified_and_no_longer_only_claimed(
    database: Database, anna: ProfileId
) -> None:
    """A rule of identity may believe verified addresses alone."""
    crm = Identifier("external_id@crm", "7")
    async with database.transaction() as tx:
        await settings.write(tx, {"identity": {"email": {"verified_only": True}}})
    await record(database, fact("2", crm, MAIL))
    await settled(database)
    async with database.transaction() as tx:
        assert (await profiles.find(tx, [crm]))[crm] != anna
    await confirm(database, await ask(database, anna))
    await settled(database)
    async with database.transaction() as tx:
        assert len(set((await profiles.find(tx, [ANNA, MAIL, crm])).values())) == 1
    assert await sql(database, "SELECT value FROM identifier WHERE verified_at IS NOT NULL") == [(MAIL.value,)]
