from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from antiphon_world.visitor import Visitor


@asynccontextmanager
async def server(
    answer: bytes, *, requests_per_connection: int = 1, connections_max: int = 9
) -> AsyncIterator[tuple[Visitor, list[bytes]]]:
    """Answers so many requests on a connection with these bytes, then closes it without a word."""
    heads: list[bytes] = []
    room = asyncio.Semaphore(connections_max)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await room.acquire()
        for _ in range(requests_per_connection):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    visitor = Visitor(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
    try:
        yield visitor, heads
    finally:
        visitor.close()
        listening.close()


async def test_a_kept_connection_that_was_closed_meanwhile_is_replaced() -> None:
    async with server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as (visitor, heads):
        assert [await visitor.ask("GET", "/a") for _ in range(3)] == [(200, b"ok")] * 3
        assert len(heads) == 3


async def test_a_connection_serves_one_request_after_the_other() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    async with server(answer, requests_per_connection=9, connections_max=1) as (visitor, _):
        assert [await visitor.ask("GET", "/a") for _ in range(9)] == [(200, b"ok")] * 9


async def test_a_request_goes_to_the_target_whatever_host_the_link_names() -> None:
    chunked = b"HTTP/1.1 302 Found\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    async with server(chunked, requests_per_connection=5) as (visitor, heads):
        assert await visitor.ask("GET", "https://links.brand.example/c/t?x=1#y") == (302, b"ok")
    assert heads[0].startswith(b"GET /c/t?x=1 HTTP/1.1\r\nHost: links.brand.example\r\n")


async def test_what_is_not_http_is_said_so() -> None:
    async with server(b"220 mail.example ESMTP\r\n") as (visitor, _):
        with pytest.raises(ValueError, match="HTTP"):
            await visitor.ask("GET", "/")


async def test_nobody_there_is_an_os_error() -> None:
    with pytest.raises(OSError, match="onnect"):
        await Visitor("http://127.0.0.1:1").ask("GET", "/")
