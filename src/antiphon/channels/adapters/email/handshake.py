"""Opens one connection: TCP or TLS, EHLO, STARTTLS, AUTH. Verified with the system's authorities or a given file."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from antiphon.channels.adapters.email.pipeline import Connection
from antiphon.channels.adapters.email.reply import ConnectionLost, Extensions, Reply, SetupRefused, extensions

Security = Literal["none", "starttls", "tls"]


class Peer(Struct, frozen=True):
    """Where and as whom. `tls` is None for `none`."""

    host: str
    port: int
    security: Security
    hello_name: str
    tls: ssl.SSLContext | None
    username: str
    password: str
    timeout_s: float

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Tracebacks are printed with it: never with the password."""
        return [("host", self.host), ("port", self.port)]

    def __repr__(self) -> str:
        return f"Peer(host={self.host!r}, port={self.port})"


async def open_connection(peer: Peer, make: Callable[[], Connection]) -> Connection:
    """A connection that is ready for MAIL. Raises `SetupRefused`, or an `OSError` (also for time-outs and TLS)."""
    loop = asyncio.get_running_loop()
    at_once = peer.security == "tls"
    try:
        async with asyncio.timeout(peer.timeout_s):
            _, connection = await loop.create_connection(
                make,
                peer.host,
                peer.port,
                ssl=peer.tls if at_once else None,
                server_hostname=peer.host if at_once else None,
            )
            try:
                await _introduce(connection, peer)
            except BaseException:
                connection.fail("The connection could not be set up.")
                raise
            return connection
    except TimeoutError as error:
        raise TimeoutError(f"{peer.host}:{peer.port} was not ready within {peer.timeout_s:g} s") from error


async def _introduce(connection: Connection, peer: Peer) -> None:
    greeting = await connection.greeting
    if greeting.code != 220:
        raise SetupRefused(greeting)
    await _hello(connection, peer.hello_name)
    if peer.security == "starttls":
        await _start_tls(connection, peer)
        await _hello(connection, peer.hello_name)  # RFC 3207 4.2: what was offered before counts no more
    if peer.username:
        await _authenticate(connection, peer)


async def _hello(connection: Connection, name: str) -> None:
    reply = await connection.command(f"EHLO {name}")
    if reply.code // 100 == 5:
        reply = await connection.command(f"HELO {name}")
        _expect(reply, 250)
        connection.offered = Extensions()
        return
    _expect(reply, 250)
    connection.offered = extensions(reply)


async def _start_tls(connection: Connection, peer: Peer) -> None:
    if not connection.offered.starttls:
        raise SetupRefused(
            Reply(530, "5.7.0 The server offers no STARTTLS, and a clear connection is not allowed here")
        )
    _expect(await connection.command("STARTTLS"), 220)
    if connection.has_unread:
        # Clear text behind the 220 was put there by somebody in between: it must not count as said under TLS.
        raise ConnectionLost("The server sent clear text after its STARTTLS reply.")
    assert peer.tls
    transport = await asyncio.get_running_loop().start_tls(
        connection.transport, connection, peer.tls, server_hostname=peer.host
    )
    if transport is None:
        raise ConnectionLost("The connection was lost while TLS began.")
    connection.adopt(transport)


async def _authenticate(connection: Connection, peer: Peer) -> None:
    """PLAIN (RFC 4616), else LOGIN."""
    if "PLAIN" in connection.offered.auth:
        secret = _base64(f"\0{peer.username}\0{peer.password}")
        _expect(await connection.command(f"AUTH PLAIN {secret}"), 235)
    elif "LOGIN" in connection.offered.auth:
        _expect(await connection.command("AUTH LOGIN"), 334)
        _expect(await connection.command(_base64(peer.username)), 334)
        _expect(await connection.command(_base64(peer.password)), 235)
    else:
        raise SetupRefused(Reply(534, "5.7.9 The server offers neither AUTH PLAIN nor AUTH LOGIN"))


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _expect(reply: Reply, code: int) -> None:
    if reply.code != code:
        raise SetupRefused(reply)
