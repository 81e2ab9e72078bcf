"""Product time as the platform's sandbox tells it; wall time where it does not answer."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Any

import msgspec

from antiphon_world.visitor import Visitor

POLL_S = 0.2
POLL_UNANSWERED_S = 0.5


class ProductClock:
    """`now()` in seconds since the epoch. `moved` is set whenever what `now()` says changed by more than running."""

    def __init__(self, visitor: Visitor, key: str) -> None:
        self._visitor = visitor
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._base: float | None = None
        self._read = 0.0
        self._asked = 0.0
        self.held = False
        self.moved = asyncio.Event()

    @property
    def answered(self) -> bool:
        return self._base is not None

    def now(self) -> float:
        if self._base is None:
            return time.time()
        return self._base if self.held else self._base + time.monotonic() - self._read

    async def poll(self) -> None:
        """Ask once. An answer that is none leaves the last one standing, or wall time if there never was one.

        So does an answer that was overtaken: to a question asked before the one that the standing answer answers.
        """
        asked = time.monotonic()
        try:
            status, body = await self._visitor.ask("GET", "/api/v1/sandbox/clock", self._headers, timeout_s=2.0)
            answer: dict[str, Any] = msgspec.json.decode(body) if status == 200 else {}  # Any: foreign JSON
            now = datetime.fromisoformat(answer["now"]).timestamp()
        except (OSError, TimeoutError, ValueError, KeyError, TypeError):
            return
        if asked < self._asked:
            return
        self._asked = asked
        before, was_held = self.now(), self.held
        self._base, self._read, self.held = now, time.monotonic(), bool(answer.get("held"))
        if abs(now - before) > 0.05 or was_held != self.held:
            self.moved.set()

    async def run(self) -> None:
        while True:
            await self.poll()
            await asyncio.sleep(POLL_S if self.answered else POLL_UNANSWERED_S)
