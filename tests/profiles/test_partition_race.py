"""Events on their way while a partition is attached."""

from __future__ import annotations

import asyncio

from antiphon import profiles
from antiphon.kernel.db import Database
from antiphon.kernel.records import Identifier
from profiles.facts import events


async def test_an_event_that_was_on_its_way_into_the_default_partition_finds_the_new_one(database: Database) -> None:
    """PostgreSQL refuses the row then: it was routed before the partition was there. The work is done again."""
    fact = profiles.Fact(
        source="test",
        message_id="1",
        at=database.clock.now(),
        who=(Identifier("external_id", "1"),),
        event="Order Completed",
    )
    async with database.transaction() as keeper:
        await profiles.ensure_partitions(keeper)
        recording = asyncio.create_task(database.repeat(lambda tx: profiles.record(tx, [fact])))
        await asyncio.sleep(0.3)
        assert not recording.done(), "it waits for the lock that attaching takes"
    assert (await recording).new == 1
    async with database.transaction() as tx:
        (profile,) = (await profiles.find(tx, fact.who)).values()
        assert len(await events(tx, profile)) == 1
