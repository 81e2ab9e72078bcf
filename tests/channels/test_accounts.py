"""Provider accounts: made, checked, preferred, paced."""

from __future__ import annotations

import asyncio
import time
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from antiphon import channels
from antiphon.channels import pacing, registry
from antiphon.channels.records import Provider, WarmUp
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Conflict, Invalid, NotFound
from antiphon.kernel.records import ProviderId
from antiphon.kernel.secrets import read_secrets
from channels.accounts import make, run, standing


async def order(database: Database) -> list[str]:
    async with database.transaction() as tx:
        return [each.name for each in await channels.providers(tx)]


async def test_settings_are_sealed_and_never_in_the_clear(database: Database) -> None:
    await make(database, "relay", settings={"host": "localhost", "username": "u", "password": "correct horse"})
    async with database.transaction() as tx:
        (row,) = await tx.rows("SELECT settings FROM provider")
        (view,) = await channels.providers(tx)
    assert b"horse" not in row["settings"]
    assert "horse" not in repr(view)


@pytest.mark.parametrize(
    ("options", "at"),
    [
        ({"per_second": 0}, "per_second"),
        ({"per_second": float("nan")}, "per_second"),
        ({"unit_cost": -1}, "unit_cost"),
        ({"rank": 2**40}, "rank"),
        ({"weight": -1}, "weight"),
        ({"costs": {"GR": -1}}, "costs.GR"),
        ({"costs": {"Greece": 1}}, "costs"),
        ({"name": " "}, "name"),
        ({"settings": {"port": "x"}}, "settings.port"),
    ],
)
async def test_what_cannot_be_is_named(database: Database, options: dict, at: str) -> None:
    with pytest.raises(Invalid) as told:
        await make(database, **{"name": "relay", **options})
    assert [flaw.at for flaw in told.value.flaws] == [at]


async def test_a_name_is_taken_once_and_who_is_not_there_is_not_switched(database: Database) -> None:
    await make(database, "relay")
    with pytest.raises(Conflict, match="relay"):
        await make(database, "relay")
    with pytest.raises(NotFound):
        async with database.transaction() as tx:
            await channels.switch(tx, ProviderId(99), enabled=False)


async def test_who_is_up_comes_first_then_who_did_not_just_fail_then_the_rank(database: Database) -> None:
    first = await make(database, "first")
    second = await make(database, "second", rank=1)
    await make(database, "third", rank=2)
    assert await order(database) == ["first", "second", "third"]
    away = (
        "UPDATE provider_state SET failures = 3, paused_until = clock_timestamp() + $2::interval WHERE provider_id = $1"
    )
    await run(database, away.replace("$2::interval", "interval '1 hour'"), first)
    assert await order(database) == ["second", "third", "first"]
    async with database.transaction() as tx:
        assert await channels.alternative(tx, first) == second
    await run(database, "UPDATE provider_state SET paused_until = NULL")
    assert await order(database) == ["second", "third", "first"]
    async with database.transaction() as tx:
        await channels.switch(tx, second, enabled=False)
        assert await channels.room(tx, second, wanted=10) == 0
    assert (await order(database))[0] == "third"


async def test_a_pace_holds_over_takers_at_once_and_loses_nothing(database: Database) -> None:
    provider = await make(database, "paced", per_second=100)

    async def taker() -> int:
        taken = 0
        while time.monotonic() < end:
            async with database.transaction() as tx:
                n = await channels.room(tx, provider, wanted=7)
                await channels.spend(tx, provider, n)
            taken += n
            await asyncio.sleep(0.01)
        return taken

    begun = time.monotonic()
    end = begun + 2.0
    taken = sum(await asyncio.gather(*(taker() for _ in range(4))))
    spent = time.monotonic() - begun
    assert 100 * 1.8 <= taken <= 100 * (spent + pacing.BURST_S) + 7


async def test_without_a_pace_there_is_room_for_all(database: Database) -> None:
    provider = await make(database, "fast")
    async with database.transaction() as tx:
        assert await channels.room(tx, provider, wanted=250) == 250


@given(st.floats(0.001, 1e4), st.lists(st.floats(0, 30), max_size=40))
def test_a_bucket_never_gives_more_than_the_pace_and_always_gives_something(per_second, waits):
    tokens, given_out = 0.0, 0
    for wait in waits:
        tokens = pacing.refill(tokens, per_second=per_second, elapsed_s=wait)
        given_out += int(tokens)
        tokens -= int(tokens)
    assert given_out <= per_second * sum(waits) + 1e-6
    assert pacing.refill(0.0, per_second=per_second, elapsed_s=1 / per_second) >= 1 - 1e-9


async def change(database: Database, name: str, **changes) -> None:
    async with database.transaction() as tx:
        found = await channels.find(tx, name)
        await channels.update_provider(tx, await read_secrets(database), found, changes)


async def sealed(database: Database, provider: ProviderId) -> dict:
    found = await standing(database, provider)
    return msgspec.json.decode((await read_secrets(database)).decrypt(found.sealed, use="provider settings"))


async def test_what_is_changed_changes_and_the_rest_stays(database: Database) -> None:
    plan = WarmUp(date(2026, 12, 1), (50, 100))
    provider = await make(database, "relay", rank=3, per_second=5, costs={"GR": 0.05}, warm_up=plan)
    await change(database, "relay", weight=7, per_second=None)
    found = await standing(database, provider)
    assert (found.rank, found.weight, found.per_second, found.costs, found.warm_up) == (3, 7, None, {"GR": 0.05}, plan)
    await change(database, "relay", costs={}, warm_up=None)
    found = await standing(database, provider)
    assert (found.weight, found.costs, found.warm_up) == (7, {}, None)


async def test_one_setting_is_changed_without_giving_the_others(database: Database) -> None:
    provider = await make(database, "relay", settings={"host": "localhost", "username": "u", "password": "old"})
    await change(database, "relay", settings={"password": "new", "username": "v"})
    found = await sealed(database, provider)
    assert (found["password"], found["username"], found["host"]) == ("new", "v", "localhost")
    await change(database, "relay", settings={"password": None})
    assert (await sealed(database, provider))["password"] == ""
    before = await standing(database, provider)
    with pytest.raises(Invalid) as told:
        await change(database, "relay", settings={"port": "x"}, rank=9)
    assert [flaw.at for flaw in told.value.flaws] == ["settings.port"]
    assert await standing(database, provider) == before


async def test_a_changed_pace_counts_at_once(database: Database) -> None:
    provider = await make(database, "relay", per_second=1)
    await change(database, "relay", per_second=50)
    await run(database, "UPDATE provider_state SET tokens_at = clock_timestamp() - interval '1 s'")
    async with database.transaction() as tx:
        assert await channels.room(tx, provider, wanted=100) == 50


async def test_what_was_reserved_and_not_used_is_given_back(database: Database) -> None:
    provider = await make(database, "relay", per_second=10)
    async with database.transaction() as tx:
        n = await channels.room(tx, provider, wanted=10)
        await channels.spend(tx, provider, n)
    async with database.transaction() as tx:
        await channels.spend(tx, provider, -n)
        assert await channels.room(tx, provider, wanted=10) >= n


def test_a_region_costs_what_it_costs_or_its_country_or_what_all_do() -> None:
    each = Provider(ProviderId(1), "p", "sms", "smpp", True, 0, None, 0.04, b"", costs={"US": 0.01, "US-FL": 0.02})
    assert [each.cost(region) for region in ("US-FL", "US-NY", "GR", None)] == [0.02, 0.01, 0.04, 0.04]


async def test_who_only_receives_is_nobody_s_alternative(database: Database, monkeypatch) -> None:
    first = await make(database, "first")
    second = await make(database, "second")
    async with database.transaction() as tx:
        assert await channels.alternative(tx, first) == second
        monkeypatch.setitem(registry.ADAPTERS, "smtp", structs.replace(registry.ADAPTERS["smtp"], sends=False))
        assert await channels.alternative(tx, first) is None
