"""Calls to the platform's webhook: events of a moment in one call, tried again until they are taken."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec

from antiphon_world.visitor import Visitor

TOGETHER_MAX = 500
GATHER_S = 0.05
KEPT_MAX = 200_000
TRIES_MAX = 10
AGAIN_S = 0.5
AGAIN_MAX_S = 10.0
SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"

Event = dict[str, Any]  # Any: JSON


class Webhook:
    """`sign` gets the time stamp and the body. `on_end` hears which events were taken or given up.

    Events wait until somebody says where to; `kept` counts what is not taken yet.
    """

    def __init__(self, sign: Callable[[str, bytes], str], on_end: Callable[[list[Event], bool], None]) -> None:
        self._sign, self._on_end = sign, on_end
        self._ready: list[Event] = []
        self._worker: asyncio.Task[None] | None = None
        self._visitor: Visitor | None = None
        self._url = ""
        self.kept = 0

    def lead(self, visitor: Visitor, url: str) -> None:
        self._visitor, self._url = visitor, url
        self._wake()

    def put(self, event: Event, *, after_s: float) -> None:
        if not self._url or self.kept >= KEPT_MAX:
            self._on_end([event], False)
            return
        self.kept += 1
        asyncio.get_running_loop().call_later(after_s, self._queue, event)

    def _queue(self, event: Event) -> None:
        self._ready.append(event)
        self._wake()

    def _wake(self) -> None:
        if self._ready and (self._worker is None or self._worker.done()):
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while self._ready:
            await asyncio.sleep(GATHER_S)
            events, self._ready = self._ready[:TOGETHER_MAX], self._ready[TOGETHER_MAX:]
            taken = await self._call(events)
            self.kept -= len(events)
            self._on_end(events, taken)

    async def _call(self, events: list[Event]) -> bool:
        assert self._visitor is not None
        body = msgspec.json.encode(events)
        stamp = str(int(time.time()))
        headers = {"Content-Type": "application/json", TIMESTAMP: stamp, SIGNATURE: self._sign(stamp, body)}
        for n in range(TRIES_MAX):
            try:
                status, _ = await self._visitor.ask("POST", self._url, headers, body)
            except (OSError, TimeoutError, ValueError):
                status = 0
            if 200 <= status < 300:
                return True
            if 400 <= status < 500 and status != 429:
                return False
            await asyncio.sleep(min(AGAIN_S * 2**n, AGAIN_MAX_S))
        return False

    async def close(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
