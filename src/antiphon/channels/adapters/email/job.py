"""One letter on its way, and the results of the batch that it belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from enum import Enum

from antiphon.channels.adapters.email.letter import Letter
from antiphon.channels.adapters.email.reply import Reply
from antiphon.kernel.records import NotSent, Outgoing, Result

OFFERS_MAX = 3
"""How many connections may die over one letter before it goes back to the caller."""


ANSWER_S = 1.0
"""So long after its deadline the answer to an envelope is still heard: that an address is none is worth knowing."""
LATE = "The deadline passed before the server was ready to take the message."


class State(Enum):
    WAITING = "waiting"
    OFFERED = "offered"  # MAIL, RCPT and DATA were written
    HANDED = "handed"  # the final dot was written: only an answer makes it certain
    SETTLED = "settled"


class Step(Enum):
    """What a reply answers."""

    COMMAND = "command"
    RSET = "rset"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"
    NOTHING = "nothing"  # the dot after a DATA that the server took without a valid recipient


class Job:
    """`letter` is there before it waits in a pool. `refusal` is the first no to its envelope."""

    __slots__ = ("batch", "deadline_wall", "index", "letter", "offers", "refusal", "state")

    def __init__(self, batch: Batch, *, index: int, deadline_wall: float) -> None:
        self.batch = batch
        self.index = index
        self.deadline_wall = deadline_wall
        self.letter: Letter | None = None
        self.offers = 0
        self.refusal: tuple[Reply, Step] | None = None
        self.state = State.WAITING

    @property
    def end_wall(self) -> float:
        """Until when it may stay as it is: waiting, or without an answer to its envelope."""
        return self.deadline_wall + (ANSWER_S if self.state is State.OFFERED else 0.0)

    def settle(self, result: Result) -> None:
        """The first result stands: a late answer to what was given up changes nothing."""
        if self.state is not State.SETTLED:
            self.state = State.SETTLED
            self.batch.settled(self.index, result)


class Batch:
    """The results of one `send_many`, in order. What is not handed over at its deadline is not sent, whatever the
    connections are doing."""

    def __init__(self, messages: Sequence[Outgoing], *, wall: Callable[[], float]) -> None:
        self._loop = asyncio.get_running_loop()
        self._wall = wall
        self.jobs = [Job(self, index=i, deadline_wall=each.deadline_wall) for i, each in enumerate(messages)]
        self._results: list[Result | None] = [None] * len(messages)
        self._left = len(messages)
        self._timer: asyncio.TimerHandle | None = None
        self.done: asyncio.Future[None] = self._loop.create_future()
        self._arm()

    def settled(self, index: int, result: Result) -> None:
        self._results[index] = result
        self._left -= 1
        if not self._left and not self.done.done():
            self.done.set_result(None)

    def results(self) -> list[Result]:
        return [result for result in self._results if result is not None]

    def withdraw(self, why: str) -> None:
        """Nobody waits for the results any more: what was not handed over will not be."""
        if self._timer:
            self._timer.cancel()
        for job in self._open():
            job.settle(NotSent(why))

    def _open(self) -> list[Job]:
        return [job for job in self.jobs if job.state in (State.WAITING, State.OFFERED)]

    def _arm(self) -> None:
        ends = [job.end_wall for job in self._open()]
        if ends:
            wait_s = max(0.001, min(ends) - self._wall())
            self._timer = self._loop.call_later(min(wait_s, 3600.0), self._expire)

    def _expire(self) -> None:
        now = self._wall()
        for job in self._open():
            if job.end_wall <= now:
                job.settle(NotSent(LATE, late=job.state is State.WAITING))
        self._arm()
