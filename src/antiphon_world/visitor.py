"""The customers' way to the platform: HTTP/1.1 over a few kept connections to the target, and to nowhere else.

A tracked link may name any host (a brand's own domain): the request goes to the target with that name as `Host`, so
the world never reaches a real server.
"""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

import httptools

CONNECTIONS_MAX = 16
ANSWER_MAX = 4_000_000


class _Answer:
    """Callbacks of the parser. Raises ValueError beyond 4 MB."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.complete = False
        self.keep = False
        self.parser = httptools.HttpResponseParser(self)

    def on_body(self, body: bytes) -> None:
        self.body += body
        if len(self.body) > ANSWER_MAX:
            raise ValueError("the answer is larger than 4 MB")

    def on_message_complete(self) -> None:
        self.complete = True
        self.keep = self.parser.should_keep_alive()  # only true inside this callback: the parser forgets it after


class _Stale(ConnectionError):
    """A kept connection was closed before it answered: ask again on a new one."""


_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Visitor:
    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"--target: {target!r} is not an http(s) URL")
        self.host = parts.netloc
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._to = (parts.hostname, parts.port or (443 if self._tls else 80))
        self._kept: list[_Connection] = []
        self._room = asyncio.Semaphore(CONNECTIONS_MAX)

    async def ask(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        *,
        timeout_s: float = 10.0,
    ) -> tuple[int, bytes]:
        """Status and body. Raises OSError (no connection), TimeoutError, ValueError (not HTTP)."""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = _head(method, path, parts.netloc or self.host, headers or {}, len(body))
        async with self._room, asyncio.timeout(timeout_s):
            while self._kept:
                try:
                    return await self._exchange(self._kept.pop(), head + body, kept=True)
                except _Stale:
                    continue
            connection = await asyncio.open_connection(*self._to, ssl=self._tls)
            return await self._exchange(connection, head + body, kept=False)

    async def _exchange(self, connection: _Connection, request: bytes, *, kept: bool) -> tuple[int, bytes]:
        reader, writer = connection
        answer = _Answer()
        try:
            writer.write(request)
            while not answer.complete:
                if not (chunk := await _read(reader, kept=kept)):
                    raise ConnectionResetError("the target closed the connection without an answer")
                kept = False
                answer.parser.feed_data(chunk)
        except httptools.HttpParserError as error:
            raise ValueError(f"the target does not speak HTTP: {error}") from error
        finally:
            if answer.keep:
                self._kept.append(connection)
            else:
                writer.close()
        return answer.parser.get_status_code(), bytes(answer.body)

    def close(self) -> None:
        for _, writer in self._kept:
            writer.close()
        self._kept.clear()


async def _read(reader: asyncio.StreamReader, *, kept: bool) -> bytes:
    try:
        chunk = await reader.read(65536)
    except ConnectionError as error:
        if kept:
            raise _Stale from error
        raise
    if kept and not chunk:
        raise _Stale
    return chunk


def _head(method: str, path: str, host: str, headers: dict[str, str], length: int) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    if length or method == "POST":
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
