"""What people wrote last, however much there is and whatever numbers are missing."""

from __future__ import annotations

import pytest

from antiphon import channels
from antiphon.kernel.db import Database

WRITE = (
    "INSERT INTO inbound (bucket, id, provider_id, channel, sender, recipient, text, at) OVERRIDING SYSTEM VALUE"
    " SELECT n % 256, n, 1, 'sms', '+447900000001', '12345', 'hello', now() FROM unnest($1::bigint[]) AS n"
)
TOUCHED = "SELECT pg_stat_get_xact_tuples_returned('inbound_pkey'::regclass)"


@pytest.mark.parametrize(
    "numbers",
    [
        [],
        [*range(1, 30)],
        [*range(1, 500)],
        [*range(1, 40), *range(1_000_000, 1_000_040)],
        [3, 2**40, 2**62],
    ],
)
async def test_the_newest_stand_there_in_their_order(database: Database, numbers: list[int]) -> None:
    await database.pool.execute(WRITE, numbers)
    async with database.transaction(read_only=True) as tx:
        found = await channels.newest_inbound(tx, most=50)
    assert [one.id for one in found] == sorted(numbers, reverse=True)[:50]


async def test_what_came_before_is_not_touched(database: Database) -> None:
    await database.pool.execute(WRITE, [*range(1, 60_001)])
    await database.pool.execute("ANALYZE inbound")
    async with database.transaction(read_only=True) as tx:
        await channels.newest_inbound(tx, most=200)
        (row,) = await tx.rows(TOUCHED)
    touched = next(iter(row.values()))
    assert 200 <= touched < 2_000
