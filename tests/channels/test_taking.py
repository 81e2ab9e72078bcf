"""What comes back: receipts find their delivery whenever they come, opt-outs are in force before anything else."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from antiphon import channels, profiles
from antiphon.kernel.db import Database
from antiphon.kernel.outlet import take
from antiphon.kernel.records import Channel, DeliveryId, Identifier, Inbound, ProfileChange, ProviderId, Receipt
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import read_secrets

ONE = ProviderId(1)
PHONE = "+447900900123"


@pytest.fixture
def told(database: Database) -> list:
    """Everything that channels and profiles told upwards."""
    heard: list = []

    async def taker(_tx, records):
        heard.extend(records)

    for kind in (Receipt, Inbound, ProfileChange):
        take(database, kind, taker)
    return heard


def receipt(database: Database, message_id: str, kind="delivered", provider=ONE) -> Receipt:
    return Receipt(kind, database.clock.now(), provider=provider, provider_message_id=message_id)


async def test_a_receipt_finds_its_delivery_before_and_after_the_id_is_known(database: Database, told: list) -> None:
    early, late = receipt(database, "a", "sent"), receipt(database, "a")
    await database.repeat(lambda tx: channels.take_receipts(tx, [early, early]))
    assert told == []
    await database.repeat(lambda tx: channels.remember(tx, ONE, [(DeliveryId(7), "a")]))
    await database.repeat(lambda tx: channels.take_receipts(tx, [late]))
    assert [(each.kind, each.delivery) for each in told] == [("sent", 7), ("sent", 7), ("delivered", 7)]
    async with database.transaction() as tx:
        assert not await tx.rows("SELECT FROM unmatched_receipt")


async def test_the_same_id_of_another_provider_is_another_message(database: Database, told: list) -> None:
    await database.repeat(lambda tx: channels.remember(tx, ONE, [(DeliveryId(7), "a")]))
    other = receipt(database, "a", provider=ProviderId(2))
    await database.repeat(lambda tx: channels.take_receipts(tx, [other]))
    assert told == []


async def test_receipts_that_cross_with_their_id_are_folded_once(database: Database, told: list) -> None:
    runtime = Runtime(database, await read_secrets(database), "http://127.0.0.1:1")
    for n in range(20):
        mine = receipt(database, f"x{n}")
        await asyncio.gather(
            database.repeat(lambda tx, mine=mine: channels.take_receipts(tx, [mine])),
            database.repeat(lambda tx, n=n: channels.remember(tx, ONE, [(DeliveryId(n + 1), f"x{n}")])),
        )
        await asyncio.gather(channels.work_unmatched(runtime), channels.work_unmatched(runtime))
    assert sorted(each.delivery for each in told) == list(range(1, 21))


async def test_nobodys_receipts_are_let_go_after_a_week(database: Database, told: list, move) -> None:
    await database.repeat(lambda tx: channels.take_receipts(tx, [receipt(database, "nobody")]))
    await move(timedelta(days=6))
    assert await database.repeat(channels.trim) == 0
    await move(timedelta(days=2))
    assert await database.repeat(channels.trim) == 1


def inbound(database: Database, text: str) -> Inbound:
    return Inbound(ONE, Channel.SMS, PHONE, "12345", text, database.clock.now())


async def test_stop_is_in_force_before_anybody_above_hears_of_it(database: Database, told: list) -> None:
    who = (Identifier("external_id", "1"), Identifier("phone", PHONE))
    fact = profiles.Fact("test", "1", database.clock.now(), who)
    await database.repeat(lambda tx: profiles.record(tx, [fact]))
    told.clear()
    await database.repeat(lambda tx: channels.take_inbound(tx, [inbound(database, "Stop!")]))
    assert [type(each) for each in told] == [ProfileChange, Inbound]
    async with database.transaction() as tx:
        (found,) = await tx.rows("SELECT channel, value, how FROM opt_out")
        (kept,) = await tx.rows("SELECT text, reading FROM inbound")
    assert tuple(found) == ("sms", PHONE, "stop_keyword")
    assert tuple(kept) == ("Stop!", "opt_out")


async def test_start_takes_it_back_and_talk_changes_nothing(database: Database, told: list) -> None:
    for text, opted_out in [("STOP", True), ("I can't stop smiling", True), ("START", False), ("thanks", False)]:
        await database.repeat(lambda tx, text=text: channels.take_inbound(tx, [inbound(database, text)]))
        async with database.transaction() as tx:
            assert bool(await tx.rows("SELECT FROM opt_out")) is opted_out


def written(database: Database, sender: str, message_id: str) -> Inbound:
    return Inbound(ONE, Channel.EMAIL, sender, "help@shop.example", "Hi", database.clock.now(), message_id=message_id)


async def test_two_senders_may_give_their_mails_the_same_id(database: Database, told: list) -> None:
    """Nobody can keep somebody else's mail from being heard by sending another under its id."""
    mails = [written(database, f"p{n}@example.org", "1@localhost") for n in range(100)]
    await database.repeat(lambda tx: channels.take_inbound(tx, mails[:50]))
    for each in mails[50:]:
        await database.repeat(lambda tx, each=each: channels.take_inbound(tx, [each]))
    assert len(told) == 100


async def test_the_same_mail_by_two_ways_at_one_moment_is_one(database: Database, told: list) -> None:
    for n in range(20):
        mine = written(database, "jo@example.org", f"m{n}@example.org")
        await asyncio.gather(*(database.repeat(lambda tx, it=mine: channels.take_inbound(tx, [it])) for _ in range(4)))
    assert len(told) == 20
