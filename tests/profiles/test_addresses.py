"""What deliveries teach about addresses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from antiphon import profiles
from antiphon.kernel import settings
from antiphon.kernel.db import Database
from antiphon.kernel.outlet import take
from antiphon.kernel.records import Identifier, ProfileChange, ProfileId
from conftest import START

Move = Callable[[timedelta], Awaitable[datetime]]
ANNA = "anna@shop.example"
TODAY = START.replace(hour=0)


async def person(database: Database, *, event: str | None = None) -> ProfileId:
    who = (Identifier("external_id", "anna"), Identifier("email", ANNA))
    fact = profiles.Fact("test", "1", database.clock.now(), who=who, event=event)
    found = (await database.repeat(lambda tx: profiles.record(tx, [fact]))).profiles[0]
    assert found is not None
    return found


async def address(database: Database, id: ProfileId) -> profiles.Address:
    async with database.transaction(read_only=True) as tx:
        (profile,) = await profiles.read(tx, [id])
    return profile.addresses[0]


async def note(database: Database, **said: Any) -> None:
    await database.repeat(lambda tx: profiles.note_outcomes(tx, **said))


async def test_an_address_that_was_only_mentioned_is_proven_by_what_arrives(database: Database) -> None:
    anna = await person(database, event="Viewed")
    assert (await address(database, anna)).state == "unknown"
    await note(database, delivered=[(anna, "email", ANNA)])
    found = await address(database, anna)
    assert (found.state, found.succeeded_at) == ("active", TODAY)


async def test_a_day_of_deliveries_writes_an_address_once(database: Database, move: Move) -> None:
    anna = await person(database)
    versions = []
    for hours in (0, 1, 1, 24):
        await move(timedelta(hours=hours))
        await note(database, delivered=[(anna, "email", ANNA)])
        versions.append(await database.pool.fetchval("SELECT xmin FROM address"))
    assert versions[0] == versions[1] == versions[2] != versions[3]
    assert (await address(database, anna)).succeeded_at == TODAY + timedelta(days=1)


async def test_one_failure_for_now_makes_it_soft_and_a_success_heals_it(database: Database, move: Move) -> None:
    anna = await person(database)
    await note(database, failed=[(anna, "email", ANNA, False)])
    soft = await address(database, anna)
    assert (soft.state, soft.failed_at) == ("soft", START)
    await move(timedelta(hours=1))
    await note(database, delivered=[(anna, "email", ANNA)])
    assert (await address(database, anna)).state == "active"
    assert await database.pool.fetchval("SELECT failures FROM address") == 0


@pytest.mark.parametrize(
    ("days", "state"), [([0] * 9, "soft"), ([0, 1, 1, 1], "soft"), ([0, 1, 1, 1, 1], "dead"), ([0, 9], "soft")]
)
async def test_only_many_failures_over_days_make_it_dead(
    database: Database, move: Move, days: list[int], state: str
) -> None:
    """Five failures of one bad hour do not, nor do two a week apart."""
    anna = await person(database)
    for wait in days:
        await move(timedelta(days=wait))
        await note(database, failed=[(anna, "email", ANNA, False)])
    assert (await address(database, anna)).state == state


async def test_the_number_of_failures_is_a_setting(database: Database, move: Move) -> None:
    anna = await person(database)
    async with database.transaction() as tx:
        await settings.write(tx, {"soft_failures_max": 2})
    await note(database, failed=[(anna, "email", ANNA, False)])
    await move(timedelta(days=3))
    await note(database, failed=[(anna, "email", ANNA, False)])
    assert (await address(database, anna)).state == "dead"


async def test_the_dead_are_not_revived_by_a_late_receipt_but_by_registering(database: Database, move: Move) -> None:
    anna = await person(database)
    told: list[ProfileChange] = []

    async def hear(_tx: object, changes: Any) -> None:
        told.extend(changes)

    take(database, ProfileChange, hear)
    await note(database, failed=[(anna, "email", ANNA, True)])
    await note(database, delivered=[(anna, "email", ANNA)])
    assert (await address(database, anna)).state == "dead"
    assert [(change.profile, change.what, change.names) for change in told] == [(anna, "address", ("email",))]
    who = (Identifier("external_id", "anna"), Identifier("email", ANNA))
    fact = profiles.Fact("test", "2", database.clock.now(), who=who, traits={})
    await database.repeat(lambda tx: profiles.record(tx, [fact]))
    assert (await address(database, anna)).state == "active"


async def test_where_people_read_is_counted_and_where_machines_do_is_not(database: Database) -> None:
    anna = await person(database)
    devices = ("mobile", "mobile", "tablet", "desktop", "proxy", "bot", "")
    seen = [(anna, "email", ANNA, device) for device in devices]
    await database.repeat(lambda tx: profiles.saw_device(tx, seen))
    found = await address(database, anna)
    assert (found.on_mobile, found.on_other, found.succeeded_at) == (3, 1, TODAY)


async def test_where_people_read_is_told_when_the_share_changes(database: Database) -> None:
    """One who always reads on a phone is told of once; beside an address that is read elsewhere every time counts."""
    anna = await person(database)
    told: list[ProfileChange] = []

    async def hear(_tx: object, changes: Any) -> None:
        told.extend(changes)

    async def seen(channel: str, value: str, *devices: str) -> list[tuple[str, ...]]:
        told.clear()
        await note(database, seen=[(anna, channel, value, device) for device in devices])
        return [(change.what, *change.names) for change in told if change.profile == anna]

    who = (Identifier("external_id", "anna"), Identifier("phone", "+447911012345"))
    fact = profiles.Fact("test", "2", database.clock.now(), who=who)
    await database.repeat(lambda tx: profiles.record(tx, [fact]))
    await note(database, delivered=[(anna, "email", ANNA), (anna, "sms", "+447911012345")])
    take(database, ProfileChange, hear)
    assert await seen("email", ANNA, "mobile") == [("address", "email")]
    assert await seen("email", ANNA, "mobile", "tablet") == []
    assert await seen("email", ANNA, "bot") == []
    assert await seen("email", ANNA, "desktop") == [("address", "email")]
    assert await seen("email", ANNA, "mobile", "mobile", "mobile", "desktop") == []
    assert await seen("sms", "+447911012345", "mobile") == [("address", "sms")]
    assert await seen("sms", "+447911012345", "mobile") == [("address", "sms")]


async def test_a_number_that_leads_elsewhere_is_followed(database: Database) -> None:
    """A delivery keeps the number that it was sent to; the address went with the person."""
    anna = await person(database)
    gone = ProfileId(anna + 256 * 99)
    await database.pool.execute(
        "INSERT INTO alias (bucket, id, profile_id, anchor, created_at, merged_at, because)"
        " VALUES ($1, $2, $3, 0, $4, $4, '{}')",
        gone & 255,
        gone,
        anna,
        START,
    )
    await note(database, seen=[(gone, "email", ANNA, "mobile"), (anna, "email", ANNA, "desktop")])
    found = await address(database, anna)
    assert (found.on_mobile, found.on_other) == (1, 1)
    async with database.transaction(read_only=True) as tx:
        led = await profiles.led_to(tx, gone)
    assert led is not None
    assert led.id == anna


async def test_an_address_of_nobody_is_passed_over(database: Database) -> None:
    await note(database, delivered=[(ProfileId(77), "email", "x@y.example")], failed=[(ProfileId(77), "sms", "", True)])
