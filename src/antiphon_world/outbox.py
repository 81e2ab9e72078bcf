"""What an operator has for its clients: receipts and messages from phones, kept until somebody can take them."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable

from msgspec import Struct

from antiphon_world.smsc import SmppSession

KEPT_MAX = 100_000
TRIES_MAX = 10
AGAIN_S = 1.0


class Parcel(Struct):
    """`on_end` hears True when it was acknowledged, False when it was given up."""

    system_id: str
    body: bytes
    on_end: Callable[[bool], None]
    tries: int = 0


class Outbox:
    def __init__(self, sessions: set[SmppSession]) -> None:
        self._sessions = sessions
        self._ready: defaultdict[str, deque[Parcel]] = defaultdict(deque)
        self._tasks: set[asyncio.Task[None]] = set()
        self.kept = 0

    def put(self, parcel: Parcel, *, after_s: float) -> None:
        if self.kept >= KEPT_MAX:
            parcel.on_end(False)
            return
        self.kept += 1
        asyncio.get_running_loop().call_later(after_s, self._queue, parcel)

    def session_of(self, system_id: str | None) -> SmppSession | None:
        """The least busy one that can receive; any client's when `system_id` is None."""
        able = [s for s in self._sessions if s.has_room and system_id in (None, s.system_id)]
        return min(able, key=lambda session: session.busy, default=None)

    def pump(self, system_id: str) -> None:
        ready = self._ready[system_id]
        while ready and (session := self.session_of(system_id)):
            task = asyncio.get_running_loop().create_task(self._deliver(ready.popleft(), session))
            session.busy += 1
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _queue(self, parcel: Parcel) -> None:
        self._ready[parcel.system_id].append(parcel)
        self.pump(parcel.system_id)

    async def _deliver(self, parcel: Parcel, session: SmppSession) -> None:
        try:
            taken = await session.deliver(parcel.body)
        finally:
            session.busy -= 1
        parcel.tries += 1
        if taken or parcel.tries >= TRIES_MAX:
            self.kept -= 1
            parcel.on_end(taken)
        else:
            asyncio.get_running_loop().call_later(AGAIN_S * parcel.tries, self._queue, parcel)
        self.pump(parcel.system_id)
