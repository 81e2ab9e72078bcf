"""A small HTTP/1.1 server on httptools: enough for push services and the world's controls, and idle when idle."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qsl, urlsplit

import httptools
import msgspec
from msgspec import Struct

BODY_MAX = 1_000_000
QUEUE_MAX = 100
SESSIONS_MAX = 1_000
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class Request(Struct):
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Answer(Struct, frozen=True):
    """`status` 0 cuts the connection without an answer."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def as_json(value: object, status: int = 200) -> Answer:
    return Answer(status, msgspec.json.encode(value), (("Content-Type", "application/json"),))


Handler = Callable[[Request], Awaitable[Answer]]


class WebSession(asyncio.Protocol):
    """One connection: requests are answered in the order they came."""

    def __init__(self, handler: Handler, sessions: set[WebSession]) -> None:
        self._handler = handler
        self._sessions = sessions
        self._parser = httptools.HttpRequestParser(self)
        self._queue: deque[tuple[Request, bool]] = deque()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one by duck typing only
        self._sessions.add(self)
        if len(self._sessions) > SESSIONS_MAX:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._sessions.discard(self)
        self._queue.clear()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(400)
        except (httptools.HttpParserError, ValueError):
            self._refuse(400)

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body = bytearray()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._headers.get("expect", "").lower() == "100-continue":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > BODY_MAX:
            self._refuse(413)

    def on_message_complete(self) -> None:
        parts = urlsplit(self._url.decode("latin-1"))
        method = self._parser.get_method().decode()
        request = Request(method, parts.path, dict(parse_qsl(parts.query)), self._headers, bytes(self._body))
        self._queue.append((request, self._parser.should_keep_alive()))
        if len(self._queue) >= QUEUE_MAX:
            self.transport.pause_reading()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while self._queue and not self.transport.is_closing():
            request, keep = self._queue.popleft()
            try:
                answer = await self._handler(request)
            except Exception as error:  # noqa: BLE001, RUF100  one bad request must not end the server
                answer = as_json({"error": f"{type(error).__name__}: {error}"}, 500)
            if answer.status == 0:
                self.transport.abort()
            else:
                self._write(answer, keep=keep)
        self._task = None
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def _write(self, answer: Answer, *, keep: bool) -> None:
        phrase = _PHRASES.get(answer.status, "")
        lines = [f"HTTP/1.1 {answer.status} {phrase}", f"Content-Length: {len(answer.body)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        if not keep:
            lines.append("Connection: close")
        self.transport.write("\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + answer.body)
        if not keep:
            self.transport.close()

    def _refuse(self, status: int) -> None:
        if not self.transport.is_closing():
            self._write(Answer(status), keep=False)

    def cut(self) -> None:
        self.transport.abort()
