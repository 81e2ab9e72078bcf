"""Many requests, one transaction: what comes while one runs goes into the next.

A lonely request is worked at once; a thousand a second are worked some hundreds at a time. The queue is bounded:
beyond it the answer is Busy. Work that fails is split until what fails stands alone, so that nobody is answered with
another's failure; a lost database fails all of it. Event: `gathering.failed` (error).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import structlog

from antiphon.kernel.db import is_lost
from antiphon.kernel.errors import Busy

log = structlog.get_logger()
T = TypeVar("T")
R = TypeVar("R")

WAITING_MAX = 20_000
BATCH = 500


class Gatherer(Generic[T, R]):
    """`work` takes items and answers one result for each, in order. Its worker starts with the first item."""

    def __init__(
        self, work: Callable[[Sequence[T]], Awaitable[Sequence[R]]], *, waiting_max: int = WAITING_MAX
    ) -> None:
        self._work = work
        self._waiting_max = waiting_max
        self._queue: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._worker: asyncio.Task[None] | None = None

    def submit(self, item: T) -> asyncio.Future[R]:
        """Raises Busy when the queue is full. Whoever stops waiting for the result does not stop the work."""
        if len(self._queue) >= self._waiting_max:
            raise Busy
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_look)
        self._queue.append((item, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._drain())
        return future

    async def drained(self) -> None:
        """Returns when all that was submitted has been worked."""
        while self._worker is not None and not self._worker.done():
            await asyncio.wait([self._worker])

    async def _drain(self) -> None:
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            await self._answer(batch)

    async def _answer(self, batch: Sequence[tuple[T, asyncio.Future[R]]]) -> None:
        try:
            results = await self._work([item for item, _ in batch])
        except Exception as error:
            if len(batch) > 1 and not is_lost(error):
                middle = len(batch) // 2
                await self._answer(batch[:middle])
                await self._answer(batch[middle:])
                return
            log.error("gathering.failed", error=type(error).__name__, n=len(batch))
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)


def _look(future: asyncio.Future[R]) -> None:
    """Nobody may wait for a result any more: its error is logged already."""
    if not future.cancelled():
        future.exception()
