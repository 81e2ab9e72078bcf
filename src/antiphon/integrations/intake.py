"""The queue between requests and the database: many requests share one transaction.

A request waits until its facts are on disk; only then is it answered with 200. One transaction takes what has
gathered while the last one ran, up to about 2,000 facts: so one lonely event is written at once, and a flood is
written in large pieces.

| situation | what happens |
|---|---|
| the queue is full | Busy: the sender is asked to try again |
| the database is gone or out of room | Busy for all of that transaction; the message id makes a repeat harmless |
| one fact cannot be stored | the transaction is split until it stands alone; it is refused, the others are kept |

Events: `intake.refused` (error), `intake.failed` (error, facts).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from typing import Literal

import structlog

from antiphon import profiles
from antiphon.integrations.alias import record_calls
from antiphon.kernel.db import Database, DatabaseError, Transaction, is_lost
from antiphon.kernel.errors import Busy, Flaw, Invalid
from antiphon.profiles import Fact, Refusal

log = structlog.get_logger()

FACTS_MAX = 20_000
BYTES_MAX = 64 * 1024 * 1024
BATCH = 2_000
WRITERS = 2
WAIT_S = 30.0
CLOSE_S = 10.0


class Waiting:
    """One request whose facts are not on disk yet."""

    __slots__ = ("done", "facts", "refusals", "size")

    def __init__(self, facts: Sequence[Fact], refusals: Sequence[Refusal], size: int) -> None:
        self.facts, self.refusals, self.size = facts, refusals, size
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def release(self, error: Exception | None = None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)

    @property
    def weight(self) -> int:
        return max(1, len(self.facts) + len(self.refusals))


class Intake:
    """Starts its writers with the first submission; `close` lets them finish."""

    def __init__(self, database: Database, *, facts_max: int = FACTS_MAX, writers: int = WRITERS) -> None:
        self._database = database
        self._facts_max, self._writers_max = facts_max, writers
        self._queue: deque[Waiting] = deque()
        self._facts = self._bytes = 0  # held: in the queue and in open transactions
        self._arrived, self._idle = asyncio.Event(), asyncio.Event()
        self._idle.set()
        self._writers: list[asyncio.Task[None]] = []
        self._closing = False

    async def submit(self, facts: Sequence[Fact], refusals: Sequence[Refusal] = (), *, size: int) -> None:
        """Returns when all of it is on disk. `size` is the bytes it came in. Raises Busy."""
        waiting = Waiting(facts, refusals, size)
        full = self._facts + waiting.weight > self._facts_max or self._bytes + size > BYTES_MAX
        if self._closing or (full and self._facts):
            raise Busy
        self._start()
        self._facts += waiting.weight
        self._bytes += size
        self._queue.append(waiting)
        self._arrived.set()
        self._idle.clear()
        try:
            async with asyncio.timeout(WAIT_S):
                await waiting.done
        except TimeoutError as error:
            raise Busy("The database did not answer in time; try again.") from error

    async def close(self) -> None:
        """Takes nothing more, and waits up to ten seconds until what was taken is on disk."""
        self._closing = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self._idle.wait()
        for writer in self._writers:
            writer.cancel()
        await asyncio.gather(*self._writers, return_exceptions=True)
        while self._queue:
            self._queue.popleft().release(Busy("The server is stopping; try again."))

    def _start(self) -> None:
        if not self._writers:
            self._writers = [asyncio.create_task(self._write_forever()) for _ in range(self._writers_max)]

    async def _write_forever(self) -> None:
        while True:
            batch = await self._gather()
            try:
                await self._write(batch)
            except asyncio.CancelledError:
                self._release(batch, Busy("The server is stopping; try again."))
                raise
            except Exception as error:
                log.error("intake.failed", error=type(error).__name__, detail=str(error)[:200], facts=len(batch))
                self._release(batch, Busy())
            finally:
                self._facts -= sum(waiting.weight for waiting in batch)
                self._bytes -= sum(waiting.size for waiting in batch)
                if not self._facts:
                    self._idle.set()

    async def _gather(self) -> list[Waiting]:
        while not self._queue:
            self._arrived.clear()
            await self._arrived.wait()
        batch: list[Waiting] = []
        weight = 0
        while self._queue and (not batch or weight + self._queue[0].weight <= BATCH):
            batch.append(self._queue.popleft())
            weight += batch[-1].weight
        return batch

    async def _write(self, batch: list[Waiting]) -> None:
        """Raises what is not the fault of a fact; whoever was not released by then is told to try again."""
        facts = [fact for waiting in batch for fact in waiting.facts]
        refusals = [refusal for waiting in batch for refusal in waiting.refusals]
        try:
            await self._store(facts, refusals)
        except Exception as error:
            if blame(error) == "server":
                raise
            await self._write_apart(batch, error)
        else:
            self._release(batch)

    async def _write_apart(self, batch: list[Waiting], error: Exception) -> None:
        if len(batch) > 1:
            for half in (batch[: len(batch) // 2], batch[len(batch) // 2 :]):
                await self._write(half)
            return
        [waiting] = batch
        poison: list[Refusal] = []
        for part in halves(waiting.facts):
            poison += await self._salvage(part, error)
        await self._store([], [*waiting.refusals, *poison])
        waiting.release()

    async def _salvage(self, facts: Sequence[Fact], error: Exception) -> list[Refusal]:
        """Stores what can be stored, and returns the rest as refusals. Raises what no fact is to blame for."""
        try:
            await self._store(facts, [])
        except Exception as own:
            if blame(own) == "server" or (len(facts) == 1 and blame(own) == "unknown"):
                raise
            if len(facts) == 1:
                log.info("intake.refused", error=type(own).__name__)
                return [refusal_of(facts[0], own)]
            return [refusal for part in halves(facts) for refusal in await self._salvage(part, own)]
        return []

    async def _store(self, facts: Sequence[Fact], refusals: Sequence[Refusal]) -> None:
        async def work(tx: Transaction) -> None:
            if facts:
                await record_calls(tx, facts)
            if refusals:
                await profiles.refuse(tx, refusals)

        if facts or refusals:
            await self._database.repeat(work)

    @staticmethod
    def _release(batch: Sequence[Waiting], error: Exception | None = None) -> None:
        for waiting in batch:
            waiting.release(error)


def halves(facts: Sequence[Fact]) -> list[Sequence[Fact]]:
    middle = len(facts) // 2
    return [part for part in (facts[:middle], facts[middle:]) if part]


def blame(error: Exception) -> Literal["fact", "server", "unknown"]:
    """Whose fault a failed transaction is.

    SQLSTATE classes 22 (data) and 23 (constraint), 54000 (a row too large for an index) and 54001 (too deep) are
    the data's; all others (full disk, too many connections, shutdown …) would be wrong to blame on an event.
    """
    if isinstance(error, DatabaseError):
        state = str(getattr(error, "sqlstate", "") or "")
        return "fact" if state[:2] in ("22", "23") or state in ("54000", "54001") else "server"
    # The driver's refusal to encode a value is a ValueError and an interface error at once: the first is meant.
    if isinstance(error, (ValueError, OverflowError, RecursionError, Invalid)):
        return "fact"
    return "server" if is_lost(error) or isinstance(error, Busy) else "unknown"


def refusal_of(fact: Fact, error: Exception) -> Refusal:
    excerpt = f"{fact.event or 'identify'} {fact.message_id} {fact.properties or fact.traits or ''}"
    return Refusal(source=fact.source, flaws=(Flaw("", str(error)[:300]),), excerpt=excerpt.replace("\0", "")[:2_000])
