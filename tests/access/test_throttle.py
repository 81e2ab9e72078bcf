"""The throttle: how often one may guess, and that nobody who is right pays for it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.access import throttle
from antiphon.access.store_throttle import Tally
from antiphon.kernel.db import Database
from antiphon.kernel.errors import TooOften

AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_after_five_every_wait_is_longer_up_to_a_quarter_of_an_hour() -> None:
    tally, at, waits = Tally(0, AT, AT), AT, []
    for _ in range(14):
        tally = throttle.one_more_at_account(tally, at=at)
        waits.append((tally.until - at).total_seconds())
        at = tally.until
    assert waits == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900, 900, 900]


def test_a_day_without_a_guess_begins_anew() -> None:
    tally = Tally(12, AT, AT)
    assert throttle.one_more_at_account(tally, at=AT + timedelta(hours=23)).failures == 13
    assert throttle.one_more_at_account(tally, at=AT + timedelta(hours=24)).failures == 1


@given(st.lists(st.floats(0, 3 * 3600), max_size=200))
def test_no_address_guesses_more_than_fifty_times_in_its_hour(gaps: list[float]) -> None:
    """Whatever the pace: each window has at most fifty, and begins an hour after the one before."""
    tally, at, taken = Tally(0, AT, AT), AT, dict[datetime, int]()
    for gap in gaps:
        at += timedelta(seconds=gap)
        if tally.until > at:
            continue
        tally = throttle.one_more_from_address(tally, at=at)
        taken[tally.since] = taken.get(tally.since, 0) + 1
    assert all(count <= 50 for count in taken.values())
    windows = sorted(taken)
    assert all(later - earlier >= timedelta(hours=1) for earlier, later in pairwise(windows))


async def test_a_thousand_guesses_at_once_are_five(database: Database) -> None:
    async def guess(n: int) -> None:
        await throttle.take_guess(database, about="account jo", address=f"192.0.2.{n}")

    done = await asyncio.gather(*map(guess, range(100)), return_exceptions=True)
    assert sum(one is None for one in done) == throttle.FREE
    refused = [one for one in done if isinstance(one, TooOften)]
    assert len(refused) == 95
    assert all(0 < one.retry_after_s <= 30 for one in refused)


async def test_an_address_is_counted_over_all_accounts_and_an_ipv6_customer_is_one(database: Database) -> None:
    for n in range(throttle.BY_ADDRESS):
        await throttle.take_guess(database, about=f"account {n}", address=f"2001:db8:1:2::{n:x}")
    with pytest.raises(TooOften) as refused:
        await throttle.take_guess(database, about="account new", address="2001:db8:1:2:ffff::1")
    assert 3500 < refused.value.retry_after_s <= 3600
    await throttle.take_guess(database, about="account new", address="2001:db8:1:3::1")


async def test_who_is_right_costs_neither_the_account_nor_the_office_behind_one_address(database: Database) -> None:
    for n in range(throttle.BY_ADDRESS * 2):
        guess = await throttle.take_guess(database, about=f"account {n % 7}", address="192.0.2.1")
        async with database.transaction() as tx:
            await throttle.was_right(tx, guess)


async def test_what_was_refused_does_not_make_the_wait_longer(database: Database) -> None:
    for _ in range(throttle.FREE):
        await throttle.take_guess(database, about="account jo", address=None)
    for _ in range(20):
        with pytest.raises(TooOften) as refused:
            await throttle.take_guess(database, about="account jo", address=None)
        assert refused.value.retry_after_s <= 30


async def test_the_table_names_nobody(database: Database) -> None:
    await throttle.take_guess(database, about="account jo@shop.example", address="192.0.2.77")
    async with database.transaction() as tx:
        kept = [bytes(row["key"]) for row in await tx.rows("SELECT key FROM sign_in_throttle")]
    assert len(kept) == 2
    assert all(len(key) == 32 and b"jo@" not in key and b"192" not in key for key in kept)
