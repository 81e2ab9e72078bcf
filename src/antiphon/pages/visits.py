"""What visits do: read the delivery behind a link, and put on record that somebody was there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from antiphon import channels, content, orchestration
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import Channel, Receipt
from antiphon.orchestration import Linked
from antiphon.pages.gathering import Gatherer
from antiphon.pages.held import Visit, hold
from antiphon.pages.sweeps import Sweeps

RECORD_WITHIN_S = 2.0
"""A reader is sent on after this time even when the record is not written yet; it is still being written then."""

Target = tuple[int, int]
"""A delivery and the number of a link in it."""

Heard = Receipt | Visit
"""Known whose it was, or to be judged with its neighbours."""


class Visits:
    """Of one process: two queues, so that reading never waits for a write that waits for a lock."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.sweeps = Sweeps()
        self._reads: Gatherer[Target, tuple[Linked, str] | None] = Gatherer(self._read)
        self._writes: Gatherer[Heard, None] = Gatherer(self._write)

    async def lead(self, delivery: int, link: int) -> tuple[Linked, str] | None:
        """The delivery and the URL that its link leads to ("" when it leads nowhere); None without a delivery."""
        return await self._reads.submit((delivery, link))

    async def record(self, heard: Heard) -> None:
        """On disk when it returns."""
        await self._writes.submit(heard)

    async def record_soon(self, heard: Heard) -> None:
        """On disk when it returns, or later where that takes more than two seconds."""
        written = self._writes.submit(heard)
        done, _ = await asyncio.wait([written], timeout=RECORD_WITHIN_S)
        if done:
            written.result()

    async def close(self) -> None:
        await self._writes.drained()

    async def _read(self, wanted: Sequence[Target]) -> list[tuple[Linked, str] | None]:
        async with self._database.transaction(read_only=True) as tx:
            return await read_targets(tx, wanted)

    async def _write(self, heard: Sequence[Heard]) -> list[None]:
        await self._database.repeat(lambda tx: _take(tx, heard))
        return [None] * len(heard)


async def _take(tx: Transaction, heard: Sequence[Heard]) -> None:
    """What is held is locked before any delivery is: whoever judges does it in this order."""
    known = await hold(tx, [each for each in heard if isinstance(each, Visit)])
    await channels.take_receipts(tx, [*(each for each in heard if isinstance(each, Receipt)), *known])


async def read_targets(tx: Transaction, wanted: Sequence[Target]) -> list[tuple[Linked, str] | None]:
    linked = await orchestration.read_linked(tx, {delivery for delivery, _ in wanted})
    versions = await content.versions(tx, [(one.message, one.version) for one in linked.values()])
    answers: list[tuple[Linked, str] | None] = []
    for delivery, link in wanted:
        one = linked.get(delivery)
        message = versions.get((one.message, one.version)) if one else None
        answers.append((one, target(message, one, link)) if one and message else None)
    return answers


def target(message: content.Message, linked: Linked, link: int) -> str:
    """Where the link leads, rendered with the same variables as when it was sent; "" when nowhere any more."""
    try:
        return content.target(
            message,
            link,
            channel=Channel(linked.channel),
            locale=orchestration.locale_of(linked.traits),
            variant=linked.variant,
            variables=orchestration.variables_of(linked.traits, linked.accounts, linked.variables, at=linked.handed_at),
        )
    except (content.RenderError, NotFound):
        return ""


_visits: WeakKeyDictionary[Database, Visits] = WeakKeyDictionary()


def visits(database: Database) -> Visits:
    """The queues of this process for this database."""
    if database not in _visits:
        _visits[database] = Visits(database)
    return _visits[database]


async def close(database: Database) -> None:
    """Waits until what was taken is on disk."""
    if held := _visits.pop(database, None):
        await held.close()
