"""Health by answers and receipts: above all, a provider that accepts and loses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import channels
from antiphon.channels import health
from antiphon.channels.records import Provider
from antiphon.kernel.db import Database
from antiphon.kernel.records import Accepted, InDoubt, ProviderId, Refused
from channels.accounts import make, run, standing, word_of

Move = Callable[[timedelta], Awaitable[datetime]]
OK = Accepted("1")
SLOT = timedelta(seconds=10)


@pytest.fixture
def play(database: Database, move: Move) -> Callable[..., Awaitable[Provider]]:
    """Ten seconds of product time at a time: `n` messages, the share of them that is reported, after how long."""

    async def played(
        provider: ProviderId, slots: int, *, n: int = 30, reported: float = 1.0, latency_s: float = 2.0, answer=OK
    ) -> Provider:
        for _ in range(slots):
            async with database.transaction() as tx:
                await channels.note_results(tx, provider, [("+4366412345", answer)] * n)
            await move(timedelta(seconds=latency_s))
            async with database.transaction() as tx:
                await channels.note_receipts(tx, [(provider, "delivered", latency_s)] * round(n * reported))
            await move(SLOT - timedelta(seconds=latency_s))
        return await look(database, provider)

    return played


async def look(database: Database, provider: ProviderId) -> Provider:
    async with database.transaction() as tx:
        await channels.keep_health(tx, every_s=0)
    return await standing(database, provider)


async def test_who_accepts_and_loses_is_unhealthy_within_a_minute(database: Database, play) -> None:
    provider = await make(database, "operator", adapter="smpp")
    well = await play(provider, 30, reported=0.9)
    assert well.healthy
    assert well.health > 0.9
    found = await play(provider, 6, reported=0.0)
    assert not found.healthy
    assert "were reported delivered" in found.health_why


async def test_it_is_well_again_when_what_was_lost_was_only_late(database: Database, play, move: Move) -> None:
    provider = await make(database, "operator", adapter="smpp")
    await play(provider, 30)
    assert not (await play(provider, 6, reported=0.0)).healthy
    await move(timedelta(minutes=3))
    async with database.transaction() as tx:
        for slot in range(6):
            await channels.note_receipts(tx, [(provider, "delivered", 180.0 + 10 * slot + 10)] * 30)
    assert (await look(database, provider)).healthy


async def test_it_stays_unhealthy_while_it_loses_for_long(database: Database, play) -> None:
    provider = await make(database, "operator", adapter="smpp")
    await play(provider, 30)
    for _ in range(6):
        found = await play(provider, 90, reported=0.0)
        assert not found.healthy, "what was lost for long does not become usual"
        await run(database, "UPDATE provider_tally SET noted_at = noted_at - interval '2 min'")


async def test_who_never_reports_is_not_expected_to(database: Database, play) -> None:
    provider = await make(database, "relay")
    assert (await play(provider, 60, reported=0.0)).health == 1.0


async def test_a_new_account_is_held_against_others_of_its_adapter(database: Database, play) -> None:
    known = await make(database, "known", adapter="smpp")
    await play(known, 30)
    new = await make(database, "new", adapter="smpp")
    assert not (await play(new, 6, reported=0.0)).healthy
    assert (await standing(database, known)).healthy


async def test_many_failed_receipts_are_no_deliveries(database: Database, play, move: Move) -> None:
    provider = await make(database, "operator", adapter="smpp")
    await play(provider, 30)
    for _ in range(6):
        async with database.transaction() as tx:
            await channels.note_results(tx, provider, [("+4366412345", OK)] * 30)
            await channels.note_receipts(tx, [(provider, "failed", 1.0)] * 30)
        await move(SLOT)
    assert not (await look(database, provider)).healthy


@pytest.mark.parametrize("answer", [Refused("temporary", "x", ""), Refused("policy", "y", ""), InDoubt("no answer")])
async def test_refusals_of_its_own_and_doubts_make_it_unhealthy(database: Database, play, answer) -> None:
    provider = await make(database, "operator", adapter="smpp")
    await play(provider, 20)
    found = await play(provider, 2, reported=0.0, answer=answer)
    assert not found.healthy
    assert "refusals or doubts" in found.health_why


async def test_dead_addresses_are_nobody_s_illness(database: Database, play) -> None:
    provider = await make(database, "relay")
    found = await play(provider, 12, reported=0.0, answer=Refused("address", "550 5.1.1", ""))
    assert found.health == 1.0


async def test_a_receiver_that_wants_it_slower_is_not_the_provider_s_illness(database: Database) -> None:
    provider = await make(database, "relay")
    async with database.transaction() as tx:
        await channels.note_results(tx, provider, [("a@gmail.com", Refused("temporary", "421 4.7.0", "", 60.0))] * 60)
    assert (await look(database, provider)).health == 1.0


async def test_who_takes_much_longer_than_usual_is_less_well(database: Database, play, move: Move) -> None:
    provider = await make(database, "operator", adapter="smpp")
    await play(provider, 30)
    await move(timedelta(minutes=11))
    async with database.transaction() as tx:
        await channels.note_receipts(tx, [(provider, "delivered", 300.0)] * 40)
    found = await look(database, provider)
    assert not found.healthy
    assert "take more than" in found.health_why


async def test_a_few_messages_prove_nothing(database: Database, play) -> None:
    provider = await make(database, "operator", adapter="smpp")
    await play(provider, 30)
    assert (await play(provider, 6, n=1, reported=0.0)).health > 0.4


async def test_unhealthy_accounts_come_after_healthy_ones(database: Database) -> None:
    first = await make(database, "first")
    await make(database, "second", rank=5)
    await run(database, "UPDATE provider_state SET health = 0.3 WHERE provider_id = $1", first)
    async with database.transaction() as tx:
        assert [each.name for each in await channels.providers(tx)] == ["second", "first"]


async def test_silence_is_learned_near_the_default_of_the_channel(database: Database, play) -> None:
    provider = await make(database, "operator", adapter="smpp")
    await play(provider, 6)
    assert (await standing(database, provider)).silence_s is None, "180 receipts are too few"
    await play(provider, 2)
    assert (await standing(database, provider)).silence_s == 180 / 4
    async with database.transaction() as tx:
        await channels.note_receipts(tx, [(provider, "delivered", 100.0)] * 300)
    found = await look(database, provider)
    assert found.silence_s == pytest.approx(1.5 * 128, rel=0.5)
    async with database.transaction() as tx:
        await channels.note_receipts(tx, [(provider, "delivered", 5000.0)] * 300)
    assert (await look(database, provider)).silence_s == 4 * 180


async def test_tallies_stay_few_and_lose_nothing(database: Database, play) -> None:
    provider = await make(database, "operator", adapter="smpp")
    await play(provider, 200)
    await run(database, "UPDATE provider_tally SET noted_at = noted_at - interval '2 min'")
    before = await standing(database, provider)
    found = await look(database, provider)
    assert (found.health, found.silence_s) == (before.health, before.silence_s)
    assert await word_of(database, "SELECT sum(n) FROM provider_tally WHERE kind = 'accepted'") == 200 * 30
    assert await word_of(database, "SELECT count(*) FROM provider_tally") <= 3 * (180 + 24 + 2)


async def test_a_look_a_moment_ago_is_not_taken_again(database: Database) -> None:
    provider = await make(database, "relay")
    await look(database, provider)
    first = await word_of(database, "SELECT measured_at FROM provider_state")
    async with database.transaction() as tx:
        await channels.keep_health(tx)
    assert await word_of(database, "SELECT measured_at FROM provider_state") == first


@given(st.floats(0, 1e9))
def test_a_latency_is_counted_where_its_bound_says(latency_s: float) -> None:
    upper = health.upper_s(health.latency_kind(latency_s))
    assert upper >= min(latency_s, health.upper_s(f"latency:{health.BOUNDS}")) * (1 - 1e-9)
    assert upper <= max(0.8, latency_s * 1.4143)


counts = st.dictionaries(st.floats(0, 8e5), st.integers(0, 10_000), max_size=20)
kinds = st.sampled_from(
    ["accepted", "refused", "temporary", "policy", "doubt", "delivered", "failed", "latency:3", "latency:20"]
)


@given(st.dictionaries(kinds, counts))
def test_health_is_between_nothing_and_all_and_says_why(slots) -> None:
    found = health.judge(slots, health.usual(slots))
    assert 0.0 <= found.health <= 1.0
    assert bool(found.why) == (found.health < 1.0)
