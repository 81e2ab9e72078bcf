"""Preferences, opt-outs and dead addresses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from antiphon import profiles
from antiphon.kernel import outlet
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Identifier, ProfileChange, ProfileId
from antiphon.profiles import Profile, Subscription
from profiles.facts import ANNA, MAIL, fact, record, sql

BOB = Identifier("external_id", "bob")
BROWSER = Subscription("webpush", "https://push.example/1", "p256dh", "auth")


@pytest.fixture
def told(database: Database) -> list[ProfileChange]:
    changes: list[ProfileChange] = []

    async def taker(_tx: Transaction, records: Any) -> None:
        changes.extend(records)

    outlet.take(database, ProfileChange, taker)
    return changes


async def show(database: Database, id: ProfileId | None) -> Profile:
    async with database.transaction() as tx:
        (profile,) = await profiles.read(tx, [id] if id else [])
    return profile


async def opted_out(database: Database, *ids: ProfileId | None) -> list[bool]:
    return [address.opted_out for id in ids for address in (await show(database, id)).addresses]


async def test_an_opt_out_holds_for_everybody_at_the_address_and_tells_of_each(
    database: Database, told: list[ProfileChange]
) -> None:
    anna, bob = (await record(database, fact("1", ANNA, MAIL), fact("2", BOB, MAIL))).profiles
    told.clear()
    await database.repeat(lambda tx: profiles.opt_out(tx, "email", ["ANNA@shop.example"], how="one_click"))
    assert await opted_out(database, anna, bob) == [True, True]
    assert {(one.profile, one.what, one.names) for one in told} == {
        (anna, "opt_out", ("email",)),
        (bob, "opt_out", ("email",)),
    }
    await database.repeat(lambda tx: profiles.opt_in(tx, "email", [MAIL.value]))
    assert await opted_out(database, anna, bob) == [False, False]


async def test_an_opt_out_holds_for_whoever_comes_to_the_address_later(database: Database) -> None:
    await database.repeat(lambda tx: profiles.opt_out(tx, "email", [MAIL.value], how="stop_keyword"))
    (anna,) = (await record(database, fact("1", ANNA, MAIL))).profiles
    assert await opted_out(database, anna) == [True]


async def test_the_first_proof_of_an_opt_out_is_kept(database: Database, move: Any) -> None:
    first = database.clock.now()
    for how in ("complaint", "page"):
        await database.repeat(lambda tx, how=how: profiles.opt_out(tx, "sms", ["72345"], how=how))  # type: ignore[misc]
        await move(timedelta(days=1))
    assert await sql(database, "SELECT value, at, how FROM opt_out") == [("72345", first, "complaint")]


async def test_an_opt_out_of_one_channel_leaves_the_others(database: Database) -> None:
    (anna,) = (await record(database, fact("1", ANNA, MAIL, Identifier("phone", "+436641234567")))).profiles
    await database.repeat(lambda tx: profiles.opt_out(tx, "sms", ["+43 664 1234567"], how="stop_keyword"))
    found = {address.channel: address.opted_out for address in (await show(database, anna)).addresses}
    assert found == {"email": False, "sms": True}


async def test_a_preference_replaces_the_one_before_and_is_told(database: Database, told: list[ProfileChange]) -> None:
    (anna,) = (await record(database, fact("1", ANNA))).profiles
    assert anna is not None
    told.clear()

    async def prefer(*choices: Any) -> list[tuple[str, str, str]]:
        await database.repeat(lambda tx: profiles.set_preferences(tx, anna, choices))
        return [(one.topic, one.channel, one.state) for one in (await show(database, anna)).preferences]

    both = await prefer(("coupons", "sms", "wanted"), ("news", "email", "unwanted"))
    assert both == [("coupons", "sms", "wanted"), ("news", "email", "unwanted")]
    assert {(one.profile, one.what, one.names) for one in told} == {
        (anna, "preference", ("coupons", "sms")),
        (anna, "preference", ("news", "email")),
    }
    changed = await prefer(("coupons", "sms", "wanted"), ("coupons", "sms", "unwanted"), ("news", "email", "unset"))
    assert changed == [("coupons", "sms", "unwanted")], "the last word counts"


async def test_a_preference_that_cannot_be_is_refused_with_its_places(database: Database) -> None:
    async with database.transaction() as tx:
        with pytest.raises(Invalid) as refused:
            await profiles.set_preferences(tx, ProfileId(1), [("", "pigeon", "maybe")])  # type: ignore[list-item]
    assert [flaw.at for flaw in refused.value.flaws] == ["topic", "channel", "state"]


async def test_a_dead_address_lives_again_when_it_is_registered_again(
    database: Database, told: list[ProfileChange]
) -> None:
    (anna,) = (await record(database, fact("1", ANNA, MAIL, BROWSER))).profiles
    assert anna is not None

    async def states() -> dict[str, str]:
        return {address.channel: address.state for address in (await show(database, anna)).addresses}

    gone = [(anna, "push", BROWSER.value), (anna, "email", MAIL.value), (anna, "sms", "+1")]
    await database.repeat(lambda tx: profiles.mark_dead(tx, gone))
    assert await states() == {"email": "dead", "push": "dead"}
    told.clear()
    await record(database, fact("2", ANNA, MAIL, event="order completed"))
    assert told == [], "a track merely names the address"
    await record(database, fact("3", ANNA, BROWSER))
    assert await states() == {"email": "dead", "push": "active"}
    assert [(one.what, one.names) for one in told] == [("address", ("push",))]


async def test_a_push_address_keeps_the_newest_keys(database: Database) -> None:
    (anna,) = (await record(database, fact("1", ANNA, BROWSER))).profiles
    await record(database, fact("2", ANNA, Subscription("webpush", BROWSER.value, "new", "keys")))
    (address,) = (await show(database, anna)).addresses
    assert (address.value, address.details) == (BROWSER.value, {"p256dh": "new", "auth": "keys"})


async def test_an_endpoint_without_keys_is_no_address(database: Database) -> None:
    (anna,) = (await record(database, fact("1", ANNA, Identifier("webpush", BROWSER.value)))).profiles
    assert (await show(database, anna)).addresses == []
