"""Live numbers: `WS /api/live`, one socket with many topics.

    → {"sub": ["campaign:12", "company"], "unsub": []}
    ← {"topic": "campaign:12", "seq": 7, "mark": "…", "snapshot": {…}}   at once, and after every new subscription
    ← {"topic": "campaign:12", "seq": 8, "mark": "…", "delta": {…}}      what changed, at most four times a second
    ← {"topic": "campaign:99", "error": "…"}                             there is no such topic
    ← {"error": "…"}                                                     not understood

    → {"sub": ["campaign:12"], "known": {"campaign:12": "…"}}            the newest mark, when it comes back
    ← {"topic": "campaign:12", "seq": 3, "mark": "…"}                    it is still so; else a snapshot

A mark names what a document says, over sockets, processes and starts. Each topic asks its own permission. Whoever is
signed out, or may something else than before, loses the socket (1008) within `ATTEND_EVERY_S`, and comes again.

One watcher per topic, for all in this process who may know as much, reads and encodes once. It is woken by the commit
that changes a number, and looks by itself every second. The more a look costs, the rarer it is. Who listens more slowly
than is spoken is let go (1013) and comes again for a snapshot.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
import structlog
from litestar import WebSocket, websocket
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect
from msgspec import Struct

from antiphon import access
from antiphon.app.topics import Document, Fetching, Topic, difference, topic_of
from antiphon.kernel.db import LOST_CONNECTION, Database, DatabaseError
from antiphon.kernel.errors import Forbidden, NotFound, Unauthorised
from antiphon.kernel.permissions import READING, Permission
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.said import plain

log = structlog.get_logger()
Socket = WebSocket[Any, Any, Any]  # Litestar's three type parameters say nothing here

PACE_S = 0.25
LOOK_EVERY_S = 1.0
COST_FACTOR = 4.0
"""A watcher rests this many times as long as its last look took: it is never busy for more than a fifth."""

TOPICS_MAX = 50
CLIENTS_MAX = 500
OUTBOX_MAX = 200
ORDER_CHARS_MAX = 20_000
ATTEND_EVERY_S = 3.0
POLICY, TOO_BIG, AGAIN_LATER = 1008, 1009, 1013


class Order(Struct):
    """What a client asks for."""

    sub: list[str] = []
    unsub: list[str] = []
    known: dict[str, str] = {}


class Client:
    """One socket: what waits for it is bounded, and it is let go when that is full."""

    def __init__(self, may: frozenset[Permission] = READING) -> None:
        self.may = may
        self.sees_people = "people.read" in may
        self.outbox: asyncio.Queue[str] = asyncio.Queue(OUTBOX_MAX)
        self.topics: set[str] = set()
        self.overrun = asyncio.Event()

    def say(self, text: str) -> None:
        try:
            self.outbox.put_nowait(text)
        except asyncio.QueueFull:
            self.overrun.set()


class Watcher:
    """Looks at one topic while somebody listens."""

    def __init__(self, database: Database, name: str, topic: Topic, *, over: Callable[[], None]) -> None:
        """`over` is called where there is no such thing, or no more."""
        self._database, self._name, self._topic, self._over = database, name, topic, over
        self._seq = 0
        self._document: Document | None = None
        self._snapshot = self._same = self._mark = ""
        self._known: dict[Client, str] = {}
        self.clients: set[Client] = set()
        self.task = asyncio.create_task(self._watch())

    def add(self, client: Client, known: str) -> None:
        self.clients.add(client)
        if self._document is not None:
            client.say(self._same if known == self._mark else self._snapshot)
        elif known:
            self._known[client] = known

    async def _watch(self) -> None:
        while self.clients or self._document is None:
            started = time.monotonic()
            try:
                await self._look()
            except NotFound as error:
                self._tell(_encode({"topic": self._name, "error": str(error)}))
                self._over()
                return
            except (*LOST_CONNECTION, DatabaseError) as error:
                log.info("live.lost", error=type(error).__name__)
            except Exception:  # whoever listens is not left waiting for ever
                log.exception("live.failed", topic=self._name)
                self._tell(_encode({"topic": self._name, "error": "This cannot be told: the log says why."}))
                self._over()
                return
            await asyncio.sleep(max(PACE_S, COST_FACTOR * (time.monotonic() - started)))
            await self._database.sleep(self._topic.wake, LOOK_EVERY_S)

    async def _look(self) -> None:
        if isinstance(self._topic, Fetching):
            await self._topic.fetch()
        async with self._database.transaction(read_only=True) as tx:
            document = await self._topic.read(tx)
        before, self._document = self._document, document
        if before == document:
            return
        self._seq += 1
        self._mark = _mark(document)
        head = {"topic": self._name, "seq": self._seq, "mark": self._mark}
        self._same, self._snapshot = _encode(head), _encode({**head, "snapshot": document})
        if before is not None:
            self._tell(_encode({**head, "delta": difference(before, document)}))
            return
        for client in self.clients:
            client.say(self._same if self._known.get(client) == self._mark else self._snapshot)
        self._known.clear()

    def _tell(self, text: str) -> None:
        for client in self.clients:
            client.say(text)


class Hub:
    """The watchers of this process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._database = runtime.database
        self._watchers: dict[tuple[str, bool], Watcher] = {}
        self.clients = 0

    def obey(self, client: Client, order: Order) -> None:
        for name in order.unsub:
            self._leave(client, name)
        for name in dict.fromkeys(order.sub):
            if name in client.topics:
                continue
            if len(client.topics) >= TOPICS_MAX:
                client.say(_encode({"topic": name[:200], "error": f"A socket has at most {TOPICS_MAX} topics."}))
            elif (topic := topic_of(name, self._runtime, addresses=client.sees_people)) is None:
                message = "There is no such topic."
                client.say(_encode({"topic": name[:200], "error": message}))
            elif topic.permission not in client.may:
                client.say(_encode({"topic": name[:200], "error": f"This needs the permission {topic.permission}."}))
            else:
                self._join(client, name, topic, order.known.get(name, ""))

    def leave(self, client: Client) -> None:
        for name in list(client.topics):
            self._leave(client, name)

    async def close(self) -> None:
        tasks = [watcher.task for watcher in self._watchers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._watchers.clear()

    def _join(self, client: Client, name: str, topic: Topic, known: str) -> None:
        key = name, client.sees_people
        watcher = self._watchers.get(key)
        if watcher is None:
            watcher = Watcher(self._database, name, topic, over=lambda: self._forget(key))
            self._watchers[key] = watcher
        client.topics.add(name)
        watcher.add(client, known)

    def _forget(self, key: tuple[str, bool]) -> None:
        """Else whoever asks for what there is not leaves something behind each time."""
        watcher = self._watchers.pop(key, None)
        for client in watcher.clients if watcher is not None else ():
            client.topics.discard(key[0])

    def _leave(self, client: Client, name: str) -> None:
        client.topics.discard(name)
        key = name, client.sees_people
        watcher = self._watchers.get(key)
        if watcher is not None:
            watcher.clients.discard(client)
            if not watcher.clients:
                watcher.task.cancel()
                del self._watchers[key]


_hubs: WeakKeyDictionary[Database, Hub] = WeakKeyDictionary()


def _hub(runtime: Runtime) -> Hub:
    if runtime.database not in _hubs:
        _hubs[runtime.database] = Hub(runtime)
    return _hubs[runtime.database]


async def close(database: Database) -> None:
    if held := _hubs.pop(database, None):
        await held.close()


async def _who(socket: Socket, runtime: Runtime, *, counts: bool) -> frozenset[Permission] | None:
    """What they may; None for nobody and for a strange page."""
    try:
        who = await access.who_asks(socket, runtime, counts=counts)
    except (Unauthorised, Forbidden):
        return None
    return who.may if who is not None else None


# Whoever may read anything at all: which topics they hear is asked topic by topic.
@websocket("/api/live", opt={"permission": "public"})
async def live(socket: Socket, runtime: NamedDependency[Runtime]) -> None:
    hub = _hub(runtime)
    may = await _who(socket, runtime, counts=True)
    if may is None or not may & READING:
        await socket.close(code=POLICY, reason="Sign in, or send a key that may read.")
        return
    if hub.clients >= CLIENTS_MAX:
        await socket.close(code=AGAIN_LATER)
        return
    await socket.accept()
    client = Client(may)
    hub.clients += 1
    try:
        code = await _converse(socket, hub, client, runtime)
        with contextlib.suppress(Exception):
            await socket.close(code=code)
    except WebSocketDisconnect:
        pass
    finally:
        hub.leave(client)
        hub.clients -= 1


async def _converse(socket: Socket, hub: Hub, client: Client, runtime: Runtime) -> int:
    """Until one side ends it; the code to close with."""
    tasks = [
        asyncio.create_task(_listen(socket, hub, client)),
        asyncio.create_task(_attend(socket, client, runtime)),
        asyncio.create_task(_speak(socket, client)),
        asyncio.create_task(client.overrun.wait()),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results[:3]:
        if isinstance(result, Exception):
            raise result
    return next((result for result in results[:2] if isinstance(result, int)), AGAIN_LATER)


async def _attend(socket: Socket, client: Client, runtime: Runtime) -> int:
    """Returns when they are no longer who they were."""
    while True:
        await asyncio.sleep(ATTEND_EVERY_S)
        with contextlib.suppress(*LOST_CONNECTION, DatabaseError):  # there is nothing to hear meanwhile
            if await _who(socket, runtime, counts=False) != client.may:
                return POLICY


async def _listen(socket: Socket, hub: Hub, client: Client) -> int:
    while True:
        text = await socket.receive_data(mode="text")
        if len(text) > ORDER_CHARS_MAX:
            return TOO_BIG
        try:
            order = msgspec.json.decode(text, type=Order)
        except msgspec.DecodeError as error:
            client.say(_encode({"error": f'Send {{"sub": ["company"]}}. {error}'}))
            continue
        hub.obey(client, order)


async def _speak(socket: Socket, client: Client) -> None:
    while True:
        await socket.send_data(await client.outbox.get(), mode="text")


def _mark(document: Document) -> str:
    return hashlib.blake2b(msgspec.json.encode(document, order="sorted", enc_hook=plain), digest_size=12).hexdigest()


def _encode(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=plain).decode()


routes = [live]
