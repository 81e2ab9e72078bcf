"""Opt-outs of addresses: their scope, and the proof that each holder's ledger has."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon import profiles
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Identifier
from antiphon.profiles import Proof
from profiles.facts import ANNA, MAIL, fact, record, sql

BOB = Identifier("external_id", "bob")


async def out(database: Database, scope: Any, how: str) -> None:
    await database.repeat(lambda tx: profiles.opt_out(tx, "email", [MAIL.value], how=how, scope=scope))


async def back(database: Database, scope: Any) -> None:
    await database.repeat(lambda tx: profiles.opt_in(tx, "email", [MAIL.value], scope=scope))


async def kept(database: Database) -> list[Any]:
    return await sql(database, "SELECT scope, how FROM opt_out")


async def test_a_wider_opt_out_replaces_a_narrower_and_never_the_other_way(database: Database) -> None:
    await out(database, "marketing", "one_click")
    await out(database, "marketing", "page")
    assert await kept(database) == [("marketing", "one_click")]
    await out(database, "everything", "stop_keyword")
    assert await kept(database) == [("everything", "stop_keyword")]
    await out(database, "marketing", "page")
    assert await kept(database) == [("everything", "stop_keyword")]


async def test_taking_back_the_narrower_opt_out_leaves_the_wider(database: Database) -> None:
    await out(database, "everything", "stop_keyword")
    await back(database, "marketing")
    assert await kept(database) == [("everything", "stop_keyword")]
    await back(database, "everything")
    assert await kept(database) == []
    await out(database, "marketing", "page")
    await back(database, "marketing")
    assert await kept(database) == []


async def test_the_ledger_of_each_holder_has_the_proof_and_their_preferences_stay(database: Database) -> None:
    anna, bob = (await record(database, fact("1", ANNA, MAIL), fact("2", BOB, MAIL))).profiles
    assert anna is not None
    assert bob is not None
    proof = Proof("-", source="campaign:7", ip="192.0.2.7", user_agent="Mozilla/5.0")
    await database.repeat(
        lambda tx: profiles.opt_out(tx, "email", [MAIL.value], how="one_click", scope="marketing", proof=proof)
    )
    await back(database, "everything")
    async with database.transaction(read_only=True) as tx:
        for person in (anna, bob):
            again, row = await profiles.ledger(tx, person)
            assert (row.topic, row.channel, row.state, row.scope) == ("*", "email", "unwanted", "marketing")
            assert (row.method, row.address, row.source, row.ip) == ("one_click", MAIL.value, "campaign:7", "192.0.2.7")
            assert (again.state, again.scope, again.method) == ("wanted", "everything", "api")
        standing = await profiles.preferences(tx, [anna, bob])
    assert standing == {anna: [], bob: []}, "an opt-out belongs to the address, whoever holds it"


async def test_the_proof_of_a_shared_address_is_in_its_name_for_its_owner_alone(database: Database) -> None:
    await record(database, fact("1", ANNA, MAIL), fact("2", BOB, MAIL))
    await out(database, "everything", "complaint")
    ((owner, number),) = await sql(database, "SELECT profile_id, id FROM identifier WHERE value = $1", MAIL.value)
    rows = await sql(database, "SELECT profile_id, who FROM consent ORDER BY profile_id")
    assert rows == [(id, number if id == owner else 0) for id, _ in rows]
    assert any(who == number for _, who in rows)


async def test_an_opt_out_without_saying_how_is_refused(database: Database) -> None:
    async with database.transaction() as tx:
        with pytest.raises(Invalid) as refused:
            await profiles.opt_out(tx, "email", [MAIL.value], how="")
    assert [flaw.at for flaw in refused.value.flaws] == ["method"]
