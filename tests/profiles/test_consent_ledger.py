"""What people said: kept with its proof, and in force when the transaction is."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from antiphon import profiles
from antiphon.kernel import outlet
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Invalid, NotFound
from antiphon.kernel.records import Identifier, ProfileChange, ProfileId
from antiphon.profiles import Consent, Proof, Statement, Topic
from profiles.facts import ANNA, MAIL, fact, record, sql

BOB = Identifier("external_id", "bob")
FORM = Proof(
    "form",
    source="https://shop.example/signup",
    wording="Send me offers. I can stop at any time.",
    wording_version="3",
    language="en",
    ip="192.0.2.7",
    user_agent="Mozilla/5.0",
    who=ANNA,
)
REFUSED = asyncpg.exceptions.RestrictViolationError


async def person(database: Database, *who: Identifier) -> ProfileId:
    (id,) = (await record(database, fact("-".join(one.value for one in who), *who))).profiles
    assert id is not None
    return id


async def say(database: Database, id: ProfileId, *statements: Statement, proof: Proof = FORM) -> None:
    await database.repeat(lambda tx: profiles.state(tx, id, statements, proof))


async def ledger(database: Database, id: ProfileId) -> list[Consent]:
    async with database.transaction(read_only=True) as tx:
        return await profiles.ledger(tx, id)


async def wishes(database: Database, id: ProfileId) -> dict[tuple[str, str], str]:
    async with database.transaction(read_only=True) as tx:
        rows = (await profiles.preferences(tx, [id]))[id]
    return {(row.topic, row.channel): row.state for row in rows if row.state is not None}


async def number_of(database: Database, who: Identifier) -> int:
    ((number,),) = await sql(database, "SELECT id FROM identifier WHERE kind = $1 AND value = $2", who.kind, who.value)
    return int(number)


async def test_the_ledger_keeps_who_when_what_and_how_we_know(database: Database) -> None:
    anna = await person(database, ANNA, MAIL)
    earlier = database.clock.now() - timedelta(days=40)
    await say(database, anna, Statement("news", "email", "wanted", basis="consent", at=earlier))
    (row,) = await ledger(database, anna)
    assert (row.at, row.recorded_at) == (earlier, database.clock.now())
    assert (row.topic, row.channel, row.state, row.basis) == ("news", "email", "wanted", "consent")
    assert (row.method, row.source, row.wording, row.wording_version) == (
        FORM.method,
        FORM.source,
        FORM.wording,
        FORM.wording_version,
    )
    assert (row.language, row.ip, row.user_agent) == (FORM.language, FORM.ip, FORM.user_agent)
    assert row.who == await number_of(database, ANNA)


async def test_what_is_said_for_an_address_is_said_in_its_name(database: Database) -> None:
    """So that it goes with the address when people who were put together are parted again."""
    anna, _ = await person(database, ANNA, MAIL), await person(database, BOB)
    await say(database, anna, Statement("news", "email", "wanted", address="ANNA@shop.example "))
    await say(database, anna, Statement("news", "sms", "wanted"), proof=Proof("form", who=BOB))
    by_bob, by_mail = await ledger(database, anna)
    assert (by_mail.address, by_mail.who) == (MAIL.value, await number_of(database, MAIL))
    assert by_bob.who == 0, "another person's name is none of hers"


async def test_a_withdrawal_is_a_further_row_and_counts_at_once(database: Database) -> None:
    anna = await person(database, ANNA)
    await say(database, anna, Statement("news", "email", "wanted", basis="consent"))
    await say(database, anna, Statement("*", "*", "unwanted"))
    assert [row.state for row in await ledger(database, anna)] == ["unwanted", "wanted"]
    assert await wishes(database, anna) == {("*", "*"): "unwanted"}


async def test_an_older_statement_that_arrives_late_changes_nothing(database: Database) -> None:
    anna = await person(database, ANNA)
    await say(database, anna, Statement("news", "email", "unwanted"))
    await say(database, anna, Statement("news", "email", "wanted", at=database.clock.now() - timedelta(days=9)))
    assert await wishes(database, anna) == {("news", "email"): "unwanted"}


async def test_what_is_told_upwards_is_in_force_in_the_same_transaction(database: Database) -> None:
    anna = await person(database, ANNA)
    seen: list[Any] = []

    async def taker(tx: Transaction, changes: Any) -> None:
        rows = (await profiles.preferences(tx, [anna]))[anna]
        seen.append(([change.names for change in changes], [(row.topic, row.state) for row in rows]))

    outlet.take(database, ProfileChange, taker)
    await say(database, anna, Statement("news", "email", "unwanted"), Statement("*", "*", "unset"))
    assert seen == [([("*", "*"), ("news", "email")], [])]


async def test_two_who_speak_for_one_person_at_once_are_both_heard(database: Database) -> None:
    anna = await person(database, ANNA)
    topics = [f"topic-{n}" for n in range(12)]
    await asyncio.gather(*(say(database, anna, Statement(topic, "email", "unwanted")) for topic in topics))
    assert await wishes(database, anna) == {(topic, "email"): "unwanted" for topic in topics}


async def test_a_number_that_was_merged_leads_to_whom_it_belongs(database: Database) -> None:
    anna, bob = await person(database, ANNA), await person(database, BOB)
    await _merge(database, bob, anna)
    await say(database, bob, Statement("news", "email", "unwanted"))
    assert await wishes(database, anna) == {("news", "email"): "unwanted"}
    with pytest.raises(NotFound):
        await say(database, ProfileId(256), Statement("news", "email", "unwanted"))


async def test_people_who_turn_out_to_be_one_hold_what_either_said(database: Database, move: Any) -> None:
    anna, bob = await person(database, ANNA), await person(database, BOB)
    await say(database, anna, Statement("news", "email", "wanted"), Statement("coupons", "sms", "wanted"))
    await move(timedelta(days=1))
    await say(database, bob, Statement("*", "email", "unwanted"), proof=Proof("page"))
    await move(timedelta(days=1))
    await say(database, anna, Statement("news", "sms", "wanted"))
    await _merge(database, bob, anna)
    await database.repeat(lambda tx: profiles.refold(tx, [anna, bob]))
    assert await wishes(database, anna) == {
        ("*", "email"): "unwanted",
        ("coupons", "sms"): "wanted",
        ("news", "sms"): "wanted",
    }
    assert await wishes(database, bob) == {}


async def test_five_hundred_people_are_folded_in_as_many_statements_as_one(database: Database) -> None:
    people = (await record(database, *(fact(str(n), Identifier("external_id", str(n))) for n in range(500)))).profiles
    ids = [id for id in people if id is not None]
    for n in range(0, 500, 50):
        await say(database, ids[n], Statement("news", "email", "unwanted"), Statement("*", "sms", "wanted"))
    await sql(database, "UPDATE preference SET state = 'wanted', changed_at = '-infinity'")
    asked: dict[int, int] = {}
    for count in (1, 500):
        async with database.transaction() as tx:
            said: list[Any] = []
            with tx.connection.query_logger(said.append):
                await profiles.refold(tx, ids[:count])
        asked[count] = len(said)
    assert asked[500] == asked[1]
    for n in (0, 450):
        assert await wishes(database, ids[n]) == {("news", "email"): "unwanted", ("*", "sms"): "wanted"}


@pytest.mark.parametrize(
    "change",
    ["state = 'wanted'", "at = at - interval '1 day'", "wording = 'I agree'", "basis = 'consent'", "method = 'page'"],
)
async def test_the_database_itself_refuses_to_change_what_was_said(database: Database, change: str) -> None:
    anna = await person(database, ANNA)
    await say(database, anna, Statement("news", "email", "unwanted"))
    with pytest.raises(REFUSED, match="append-only"):
        await sql(database, f"UPDATE consent SET {change}")
    with pytest.raises(REFUSED, match="append-only"):
        await sql(database, "DELETE FROM consent")
    assert [row.state for row in await ledger(database, anna)] == ["unwanted"]


async def test_an_erasure_may_blank_and_delete_and_says_so(database: Database) -> None:
    anna = await person(database, ANNA)
    await say(database, anna, Statement("news", "email", "unwanted"))
    await sql(database, "UPDATE consent SET ip = '', user_agent = '', address = NULL, source = '', who = 0")
    async with database.transaction() as tx:
        await tx.rows("SELECT set_config('antiphon.erasing', 'on', true)")
        await tx.rows("DELETE FROM consent")
    assert await ledger(database, anna) == []


@pytest.mark.parametrize(
    ("statement", "places"),
    [
        (Statement("", "pigeon", "maybe"), ["topic", "channel", "state"]),  # type: ignore[arg-type]
        (Statement("x" * 101), ["topic"]),
        (Statement("news", "*", address="jo@shop.example"), ["address"]),
        (Statement("news", "email", address=" "), ["address"]),
        (Statement(basis="whim"), ["basis"]),
        (Statement(state="paused"), ["until"]),
        (Statement(state="limited", limit_count=3), ["limit"]),
        (Statement(state="limited", limit_count=-1, limit_s=60.0), ["limit.count"]),
        (Statement(state="limited", limit_count=1, limit_s=float("nan")), ["limit.within"]),
        (Statement(limit_count=1, limit_s=60.0), ["limit"]),
    ],
)
async def test_what_cannot_have_been_said_is_refused_with_its_place(
    database: Database, statement: Statement, places: list[str]
) -> None:
    async with database.transaction() as tx:
        with pytest.raises(Invalid) as refused:
            await profiles.state(tx, ProfileId(1), [statement], FORM)
    assert [flaw.at for flaw in refused.value.flaws] == places


async def test_times_that_cannot_be_are_refused(database: Database) -> None:
    now = database.clock.now()
    wrong = {
        "until": [
            Statement(state="paused", until=now - timedelta(seconds=1)),
            Statement(until=now + timedelta(days=1)),
            Statement(state="paused", until=now.replace(tzinfo=None)),
        ],
        "at": [Statement(at=now + timedelta(hours=1))],
        "expires_at": [Statement(expires_at=now), Statement(state="unwanted", expires_at=now + timedelta(days=1))],
    }
    async with database.transaction() as tx:
        for place, statements in wrong.items():
            for statement in statements:
                with pytest.raises(Invalid) as refused:
                    await profiles.state(tx, ProfileId(1), [statement], FORM)
                assert [flaw.at for flaw in refused.value.flaws] == [place]


async def test_a_proof_says_at_least_how_we_know(database: Database) -> None:
    async with database.transaction() as tx:
        with pytest.raises(Invalid) as refused:
            await profiles.state(tx, ProfileId(1), [Statement()], Proof("", wording="a\x00b", ip="1" * 3_000))
    assert [flaw.at for flaw in refused.value.flaws] == ["method", "wording", "ip"]


async def test_the_grid_says_what_holds_why_and_by_which_statement(database: Database) -> None:
    anna = await person(database, ANNA, MAIL)
    await database.repeat(lambda tx: profiles.write_topic(tx, Topic("news", needs="double_opt_in")))
    await say(
        database,
        anna,
        Statement("coupons", "sms", "wanted"),
        Statement("*", "push", "unwanted"),
        Statement("*", "*", "paused", until=database.clock.now() + timedelta(days=3)),
        Statement("coupons", "*", "limited", limit_count=2, limit_s=604_800.0),
    )
    proof = Proof("double_opt_in", confirmed_at=database.clock.now())
    await say(
        database, anna, Statement("news", "email", "wanted", address=MAIL.value, basis="consent"), proof=proof
    )  # fmt: skip
    async with database.transaction(read_only=True) as tx:
        cells = {(cell.topic, cell.channel): cell for cell in await profiles.grid(tx, anna)}
    assert {key[0] for key in cells} == {"coupons", "news"}
    sms = cells["coupons", "sms"]
    assert (sms.state, sms.allowed, sms.why, sms.method, sms.said_at) == (
        "wanted",
        True,
        "stated",
        "form",
        database.clock.now(),
    )
    assert (sms.limit_count, sms.limit_s) == (2, 604_800.0)
    assert sms.paused_until == database.clock.now() + timedelta(days=3)
    assert (cells["coupons", "email"].reason, cells["coupons", "email"].why) == ("unwanted", "other_channel")
    assert (cells["coupons", "push"].by_topic, cells["coupons", "push"].by_channel) == ("*", "push")
    mail, text = cells["news", "email"], cells["news", "sms"]
    assert (mail.allowed, mail.address, mail.method, mail.needs) == (True, MAIL.value, "double_opt_in", "double_opt_in")
    assert text.allowed is False


async def _merge(database: Database, alias: ProfileId, into: ProfileId) -> None:
    """What putting two people together does to the ledger."""
    await sql(
        database,
        "INSERT INTO alias SELECT bucket, id, $2, anchor, created_at, created_at, '{}' FROM profile WHERE id = $1",
        alias,
        into,
    )
    await sql(database, "DELETE FROM profile WHERE id = $1", alias)
    await sql(
        database, "UPDATE consent SET profile_id = $2, bucket = ($2::bigint & 255) WHERE profile_id = $1", alias, into
    )
