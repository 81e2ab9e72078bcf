"""A platform that only takes notes, and the world around it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct

from antiphon_world.serve import Ports
from antiphon_world.world import World

NOON = "2026-03-01T12:00:00.000Z"


class Note(Struct):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Target(ThreadingHTTPServer):
    """The platform's public face: answers everything with `status`, and tells a held product time."""

    daemon_threads = True
    request_queue_size = 100

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.notes: list[Note] = []
        self.status = 200
        self.body = b"ok"
        self.product: str | None = NOON
        self.held = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A customer who hung up."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def seen(self, prefix: str) -> list[Note]:
        return [note for note in self.notes if note.path.startswith(prefix)]


class _Handler(BaseHTTPRequestHandler):
    server: Target
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/api/v1/sandbox/clock":
            clock = {"now": self.server.product, "held": self.server.held, "due": 0}
            self._answer(200 if self.server.product else 404, json.dumps(clock).encode())
            return
        self.server.notes.append(Note(self.command, self.path, dict(self.headers), body))
        self._answer(self.server.status, self.server.body)

    do_POST = do_GET

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


class Stage(Struct):
    world: World
    ports: Ports
    log_path: Path
    target: Target

    def log(self, *kinds: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log_path.read_text().splitlines()]
        return [line for line in lines if not kinds or line["kind"] in kinds]

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.ports.http}"

    async def waiting(self) -> dict[str, Any]:
        async with httpx.AsyncClient() as client:
            return dict((await client.get(f"{self.http}/world/waiting")).json())

    async def settled(self) -> None:
        """What is due by product time has happened, and every receipt is out."""
        await until(lambda: self.waiting(), lambda now: now["due"] == 0 and now["receipts"] == 0)

    async def advance(self, product: str) -> None:
        self.target.product = product
        await self.settled()


async def until(ask: Callable[[], Any], good: Callable[[Any], bool] = bool, *, timeout_s: float = 5.0) -> Any:
    """Ask again until the answer is good. Fails after `timeout_s`."""
    ends = time.monotonic() + timeout_s
    while True:
        answer = ask()
        answer = await answer if asyncio.iscoroutine(answer) else answer
        if good(answer):
            return answer
        if time.monotonic() > ends:
            raise AssertionError(f"still {answer!r} after {timeout_s} s")
        await asyncio.sleep(0.01)


Play = Callable[..., AbstractAsyncContextManager[Stage]]


class Esme:
    """The foreign SMPP client, in its own process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.events: list[dict[str, Any]] = []

    async def submit(self, to: str, content: bytes, **fields: Any) -> None:
        assert self._process.stdin is not None
        command = {"to": to, "content": content.hex(), "source_addr": "SHOP", "registered_delivery": 1, **fields}
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        await self._process.stdin.drain()

    async def heard(self, event: str, count: int = 1, *, timeout_s: float = 5.0) -> list[dict[str, Any]]:
        await until(lambda: self.of(event), lambda found: len(found) >= count, timeout_s=timeout_s)
        return self.of(event)

    def of(self, event: str) -> list[dict[str, Any]]:
        return [each for each in self.events if each["event"] == event]

    async def read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self.events.append(json.loads(line))


@asynccontextmanager
async def esme(port: int) -> AsyncIterator[Esme]:
    program = str(Path(__file__).with_name("esme.py"))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, program, str(port), stdin=pipe, stdout=pipe)
    client = Esme(process)
    reading = asyncio.create_task(client.read())
    try:
        await client.heard("bound")
        yield client
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        reading.cancel()
