"""The connections to one server and the queue that they draw from."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from antiphon.channels.adapters.email.job import LATE, OFFERS_MAX, Job, State, Step
from antiphon.channels.adapters.email.letter import obstacle
from antiphon.channels.adapters.email.pipeline import Connection
from antiphon.channels.adapters.email.reply import Extensions, Reply, SetupRefused
from antiphon.kernel.records import NotSent, Result

BARREN_MAX = 3
"""So many connections in a row that opened and died without one answer: the server is not well."""
CLOSE_TIMEOUT_S = 5.0


class Pool:
    """Opens connections as letters wait, up to `size`, and again when they were closed. `open_one` raises
    `SetupRefused` or `OSError`."""

    def __init__(
        self,
        open_one: Callable[[Pool], Awaitable[Connection]],
        *,
        size: int,
        refused: Callable[[Reply, Step], Result],
        wall: Callable[[], float],
    ) -> None:
        self._open_one = open_one
        self._size = size
        self._refused = refused
        self._wall = wall
        self._waiting: deque[Job] = deque()
        self._live: set[Connection] = set()
        self._idle: set[Connection] = set()
        self._leaving: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._barren = 0
        self._closed = False
        self._first: asyncio.Task[None] | None = None
        self.offered: Extensions | None = None

    async def first(self) -> Extensions:
        """What the server offers, by the first connection. Raises what opening raises."""
        if self.offered is None:
            if self._size < 1:
                raise ConnectionError("All connections of the account are leased to other processes.")
            if self._first is None or self._first.done():
                self._first = asyncio.create_task(self._open_first(), name="smtp-open")
            await asyncio.shield(self._first)  # shared: who gives up does not end it for the others
        assert self.offered
        return self.offered

    def submit(self, jobs: Iterable[Job]) -> None:
        self._waiting.extend(jobs)
        for connection in list(self._idle)[: len(self._waiting)]:
            self._idle.discard(connection)
            connection.pull()
        self._grow()

    def fail(self, jobs: Iterable[Job], error: Exception) -> None:
        """None of these can leave: there is no connection."""
        result = self._refused(error.reply, Step.COMMAND) if isinstance(error, SetupRefused) else NotSent(_why(error))
        for job in jobs:
            job.settle(result)

    def resize(self, size: int) -> int:
        """At most so many from now on. Idle ones go at once, others when their letter is answered. Returns how many
        are open or being opened."""
        self._size = size
        for connection in list(self._idle)[: max(0, len(self._live) - len(self._leaving) - size)]:
            self._idle.discard(connection)
            self._leave(connection)
        self._grow()
        first = self._first is not None and not self._first.done()
        return len(self._live) + len(self._opening) + first

    def _leave(self, connection: Connection) -> None:
        self._leaving.add(connection)
        connection.quit()

    @property
    def _is_over(self) -> bool:
        return len(self._live) - len(self._leaving) > self._size

    async def close(self) -> None:
        """What was handed over may still be answered, for `CLOSE_TIMEOUT_S`; what waits is not sent."""
        self._closed = True
        self._fail_waiting(ConnectionError("The adapter was closed."))
        for task in [*self._opening, *([self._first] if self._first else [])]:
            task.cancel()
        for connection in list(self._idle):
            connection.quit()
        endings = [connection.closed for connection in self._live]
        if endings:
            await asyncio.wait(endings, timeout=CLOSE_TIMEOUT_S)
        for connection in list(self._live):
            connection.fail("The adapter was closed.")

    # -- pipeline.Source

    def take(self, connection: Connection) -> Job | None:
        while self._waiting and not self._is_over:
            job = self._waiting.popleft()
            if job.state is not State.WAITING:
                continue
            if self.is_past(job.deadline_wall):
                job.settle(NotSent(LATE, late=True))
                continue
            if self._fits(job, connection.offered):
                return job
        return None

    def give_back(self, job: Job, why: str) -> None:
        """Nothing of its content was said: another connection may try, so many times."""
        if job.state is State.SETTLED:
            return
        job.offers += 1
        if job.offers >= OFFERS_MAX or self.is_past(job.deadline_wall):
            job.settle(NotSent(why))
            return
        job.state = State.WAITING
        self._waiting.appendleft(job)

    def answered(self) -> None:
        self._barren = 0

    def idle(self, connection: Connection) -> None:
        if self._closed or self._is_over:
            self._leave(connection)
        else:
            self._idle.add(connection)

    def lost(self, connection: Connection) -> None:
        self._idle.discard(connection)
        self._leaving.discard(connection)
        if connection not in self._live:
            return
        self._live.discard(connection)
        if self._waiting and not self._live:
            self._barren += 1
            if self._barren > BARREN_MAX:
                self._barren = 0
                self._fail_waiting(ConnectionError("The server closes each connection before it takes a message."))
        self._grow()

    def is_past(self, deadline_wall: float) -> bool:
        return deadline_wall <= self._wall()

    # -- connections

    def _fits(self, job: Job, offered: Extensions) -> bool:
        assert job.letter
        refused = obstacle(job.letter, offered)
        if refused:
            job.settle(refused)
        elif job.letter.eight_bit and not offered.eight_bit and not job.letter.utf8:
            self.offered = offered  # the next letters are written for this server
            job.settle(NotSent("The server offers 8BITMIME no more; the message must be written anew."))
        return job.state is State.WAITING

    def _grow(self) -> None:
        if self._closed:
            return
        wanted = min(self._size - len(self._live) - len(self._opening), len(self._waiting) - len(self._opening))
        for _ in range(wanted):
            task = asyncio.create_task(self._open(), name="smtp-open")
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open_first(self) -> None:
        connection = await self._open_one(self)
        self._adopt(connection)
        if connection in self._live:
            self._idle.add(connection)

    async def _open(self) -> None:
        task = asyncio.current_task()
        assert task
        try:
            connection = await self._open_one(self)
        except (OSError, SetupRefused) as error:
            self._opening.discard(task)
            # A server that bears fewer connections than we may open is served by those it bears.
            if not self._live and not self._opening:
                self._fail_waiting(error)
            return
        self._opening.discard(task)
        self._adopt(connection)
        if connection in self._live:
            connection.pull()

    def _adopt(self, connection: Connection) -> None:
        self.offered = connection.offered
        self._live.add(connection)
        if connection.closed.done():
            self.lost(connection)

    def _fail_waiting(self, error: Exception) -> None:
        jobs, self._waiting = self._waiting, deque()
        self.fail(jobs, error)


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
