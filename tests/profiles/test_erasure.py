"""Forgetting a person: what goes, what stays, and what happens meanwhile."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from antiphon import profiles
from antiphon.kernel import outlet
from antiphon.kernel.db import Database
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import Erased, Identifier
from antiphon.profiles import erasure, store
from profiles.catalog import columns, found, tables
from profiles.facts import ANNA, AT, BROWSER, MAIL, events, fact, record, sql

PHONE = Identifier("phone", "+34600111222")


async def anna(database: Database, *more: Any) -> int:
    facts = [fact("1", ANNA, MAIL, PHONE, BROWSER, traits={"first_name": "Anna-tok"})]
    facts += [fact(f"e{n}", ANNA, event="Looked", properties='{"at":"shelf-tok"}') for n in range(5)]
    recorded = await record(database, *facts, *more)
    assert recorded.profiles[0] is not None
    return recorded.profiles[0]


async def rows_of(database: Database, profile: int) -> dict[str, int]:
    """Rows by table that still say this number, wherever a table has one."""
    left = {}
    for table in await tables(database):
        if "profile_id" in await columns(database, table):
            n = await database.pool.fetchval(f"SELECT count(*) FROM {table} WHERE profile_id = $1", profile)
            if n:
                left[table] = n
    return left


async def test_nothing_is_left_of_a_person_but_the_proof(database: Database) -> None:
    profile = await anna(database)
    done = await erasure.erase(database, MAIL)
    assert done.profiles == [str(profile)]
    assert done.deleted["event"] == 5
    assert done.deleted["identifier"] == 4
    assert done.finished
    assert await rows_of(database, profile) == {"erasure": 1}
    assert await found(database, ["anna", "600111222", "-tok"]) == []


async def test_a_dry_run_says_the_same_and_takes_it_back(database: Database) -> None:
    profile = await anna(database)
    before = await rows_of(database, profile)
    tried = await erasure.erase(database, MAIL, dry_run=True)
    assert tried.dry_run
    assert await rows_of(database, profile) == before
    done = await erasure.erase(database, MAIL)
    assert done.deleted == tried.deleted


async def test_others_stay_as_they_are(database: Database) -> None:
    await anna(database)
    bob = (await record(database, fact("b", Identifier("external_id", "bob"), event="Looked"))).profiles[0]
    before = await rows_of(database, bob or 0)
    await erasure.erase(database, ANNA)
    assert await rows_of(database, bob or 0) == before


async def test_whoever_was_erased_is_unknown(database: Database) -> None:
    await anna(database)
    await erasure.erase(database, ANNA)
    with pytest.raises(NotFound):
        await erasure.erase(database, ANNA)


async def test_who_comes_back_is_a_newcomer(database: Database) -> None:
    profile = await anna(database)
    await erasure.erase(database, ANNA)
    again = (await record(database, fact("2", ANNA, MAIL))).profiles[0]
    assert again != profile
    async with database.transaction() as tx:
        (found_again,) = await profiles.read(tx, [again or 0])
        assert found_again.traits == {}
        assert await events(tx, found_again.id) == []


async def test_what_is_sent_again_does_not_bring_them_back(database: Database) -> None:
    """Message ids are remembered, as hashes: a client that repeats old events makes nobody."""
    await anna(database)
    await erasure.erase(database, ANNA)
    await record(database, fact("1", ANNA, MAIL, traits={"first_name": "Anna"}))
    assert await sql(database, "SELECT count(*) FROM profile") == [(0,)]


async def test_an_opt_out_survives_as_a_hash(database: Database) -> None:
    await anna(database)
    await database.repeat(lambda tx: profiles.opt_out(tx, "email", [MAIL.value], how="page"))
    done = await erasure.erase(database, ANNA)
    assert done.suppressed == 1
    assert await found(database, ["anna@"]) == []
    await record(database, fact("2", MAIL, traits={"a": 1}))
    assert await sql(database, "SELECT value, how FROM opt_out") == [(MAIL.value, "suppression")]
    assert await sql(database, "SELECT count(*) FROM suppression") == [(0,)]


async def test_an_opt_in_before_the_address_comes_back_lifts_the_suppression(database: Database) -> None:
    await anna(database)
    await database.repeat(lambda tx: profiles.opt_out(tx, "sms", [PHONE.value], how="stop_keyword"))
    await erasure.erase(database, ANNA)
    await database.repeat(lambda tx: profiles.opt_in(tx, "sms", [PHONE.value]))
    await record(database, fact("2", PHONE, traits={"a": 1}))
    assert await sql(database, "SELECT count(*) FROM opt_out") == [(0,)]


async def test_an_opt_out_of_an_address_that_somebody_else_has_stays_theirs(database: Database) -> None:
    await anna(database)
    await record(database, fact("b", Identifier("external_id", "bob"), traits={"a": 1}))
    (bob,) = (await sql(database, "SELECT profile_id FROM identifier WHERE value = 'bob'"))[0]
    await database.pool.execute(
        "INSERT INTO address (bucket, profile_id, channel, value, changed_at) VALUES ($1, $2, 'email', $3, $4)",
        bob & 255, bob, MAIL.value, AT,
    )  # fmt: skip
    await database.repeat(lambda tx: profiles.opt_out(tx, "email", [MAIL.value], how="page"))
    done = await erasure.erase(database, ANNA)
    assert done.suppressed == 0
    assert await sql(database, "SELECT how FROM opt_out") == [("page",)]


async def test_what_was_refused_and_names_them_goes(database: Database) -> None:
    await anna(database)
    said = {
        "mail": '{"traits":{"email":"Anna@Shop.example"}}',
        "encoded": "/u?mail=anna%40shop.example",
        "phone": '{"phone":"600 111 222"}',
        "short id": '{"userId": 42}',
        "another": '{"userId": 421, "price": "42.5"}',
    }
    refusals = [profiles.Refusal("test", (), text) for text in said.values()]
    await database.repeat(lambda tx: profiles.refuse(tx, refusals))
    await erasure.erase(database, ANNA)
    assert await sql(database, "SELECT excerpt FROM refused_event") == [(said["another"],)]


async def test_a_person_with_many_events_goes_in_pieces(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "EVENTS_AT_ONCE", 2)
    more = [fact(f"m{n}", ANNA, event="Looked", at=AT + timedelta(minutes=n)) for n in range(9)]
    profile = await anna(database, *more)
    done = await erasure.erase(database, ANNA)
    assert not done.finished
    assert (await rows_of(database, profile)).keys() == {"event", "erasure"}
    for _ in range(20):
        await erasure.look_again(database)
    assert await rows_of(database, profile) == {"erasure": 1}


async def test_what_a_rival_writes_meanwhile_goes_with_the_next_look(database: Database) -> None:
    profile = await anna(database)
    writing, erased = asyncio.Event(), asyncio.Event()

    async def rival() -> None:
        async with database.transaction() as tx:
            await store.base.queries.rows(tx, "erasure_names", ids=[profile])
            await tx.rows("SELECT pg_current_xact_id()")
            writing.set()
            await erased.wait()
            await tx.rows(
                "INSERT INTO event (bucket, profile_id, at, name_id, received_at) VALUES ($1, $2, $3, 1, $3)",
                profile & 255, profile, AT,
            )  # fmt: skip

    task = asyncio.create_task(rival())
    await writing.wait()
    await erasure.erase(database, ANNA)
    erased.set()
    await task
    assert await rows_of(database, profile) == {"event": 1, "erasure": 1}
    assert await erasure.look_again(database) == 1
    assert await rows_of(database, profile) == {"erasure": 1}


async def test_the_last_look_comes_when_all_leases_are_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await anna(database)
    await erasure.erase(database, ANNA)
    assert await sql(database, "SELECT looks, due_at IS NULL FROM erasure") == [(1, False)]
    assert await erasure.look_again(database) == 0
    monkeypatch.setattr(erasure, "LAST_LOOK", timedelta())
    assert await erasure.look_again(database) == 1
    assert await sql(database, "SELECT looks, due_at IS NULL FROM erasure") == [(2, True)]


async def test_everybody_above_is_told_every_number_and_address(database: Database) -> None:
    told: list[Erased] = []

    async def taker(_tx: Any, records: Any) -> None:
        told.extend(records)

    outlet.take(database, Erased, taker)
    profile = await anna(database)
    await erasure.erase(database, ANNA, keep_counts=True)
    first = told[0]
    assert first.profiles == (profile,)
    assert first.keep_counts
    assert set(first.identifiers) == {ANNA, MAIL, PHONE, BROWSER}
    assert {("email", MAIL.value), ("sms", PHONE.value), ("voice", PHONE.value)} <= set(first.addresses)
