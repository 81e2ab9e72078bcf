"""The body of a request within bounds: of bytes, of memory over all requests, and of time."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from antiphon.kernel.errors import Busy, Invalid, Problem, TooLarge

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

BODY_BYTES_MAX = 500 * 1024
HELD_BYTES_MAX = 64 * 1024 * 1024
READ_S = 30.0
DRAIN_BYTES_MAX = 4 * 1024 * 1024
DRAIN_S = 5.0


class Slow(Problem):
    """The body did not arrive within 30 seconds."""

    status = 408
    code = "slow"


class Gone(Exception):
    """The client hung up; nobody waits for an answer."""


class Held:
    """How many bytes all requests together hold that are still arriving."""

    def __init__(self, bytes_max: int = HELD_BYTES_MAX) -> None:
        self.bytes = 0
        self.bytes_max = bytes_max


async def read_body(receive: Receive, held: Held, *, encoding: str) -> bytes:
    """The body, unpacked. Raises TooLarge, Busy, Slow, Invalid (wrong gzip), Gone."""
    body = bytearray()
    try:
        async with asyncio.timeout(READ_S):
            await _collect(receive, body, held)
    except TimeoutError as error:
        raise Slow from error
    finally:
        held.bytes -= len(body)
    return _unpack(bytes(body), encoding=encoding)


async def _collect(receive: Receive, body: bytearray, held: Held) -> None:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) + len(chunk) > BODY_BYTES_MAX:
            if more:
                await _drain(receive)
            raise TooLarge(f"The request is larger than {BODY_BYTES_MAX // 1024} kB.")
        if held.bytes + len(chunk) > held.bytes_max:
            raise Busy
        body += chunk
        held.bytes += len(chunk)


async def _drain(receive: Receive) -> None:
    """A client that is still sending does not read our answer: let it finish, within bounds."""
    left = DRAIN_BYTES_MAX
    try:
        async with asyncio.timeout(DRAIN_S):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _unpack(body: bytes, *, encoding: str) -> bytes:
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise Invalid(f"Content-Encoding may be gzip or identity, not {encoding[:40]!r}.")
    return gunzip(body)


def gunzip(body: bytes) -> bytes:
    """Never makes more than the limit, whatever the body promises. Raises TooLarge, Invalid."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        clear = unpacker.decompress(body, BODY_BYTES_MAX + 1)
    except zlib.error as error:
        raise Invalid("The body is not gzip, though Content-Encoding says so.") from error
    if len(clear) > BODY_BYTES_MAX:
        raise TooLarge(f"The request is larger than {BODY_BYTES_MAX // 1024} kB.")
    if not unpacker.eof or unpacker.unused_data:
        raise Invalid("The gzip body is cut short or has something after its end.")
    return clear
