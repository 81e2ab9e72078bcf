"""Mail that is brought to us: a mail exchanger of our own (RFC 5321), for our addresses and no others.

It takes mail for `bounce+TOKEN@`, `reply+TOKEN@` and `unsubscribe+TOKEN@` with tokens of ours, and for the mailboxes
that are named; it relays nothing, sends nothing, and says 250 only when what came is on disk.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from antiphon.channels.adapter import Limits, OneWay, Sink, Surroundings, Unreachable
from antiphon.channels.adapters.email.headers import Unsafe, is_domain, mailbox
from antiphon.channels.adapters.email.mx_receive import Reception
from antiphon.channels.adapters.email.mx_session import Desk, Guests
from antiphon.kernel.errors import invalid
from antiphon.kernel.records import Channel, NotSent, Outgoing, Result

LIMITS = Limits(in_flight_max=1, size_max=0, source="it sends nothing")

COMMANDS = {"RCPT": 500, "MAIL": 200, "DATA": 200, "RSET": 200, "*": 30}
"""At most so many in one session: who guesses addresses is sent away."""

logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's own log names the addresses of customers


class MxSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`hostname` is what the MX record names; `domains` those for which mail is taken, `mailboxes` whole addresses
    there that people write to. `tls_cert` and `tls_key`: files in PEM for STARTTLS; sending servers verify no name.

    `per_minute`: mails from one address of the network. `timeout_s`: between two commands, and for the content of a
    mail; `session_s`: for all of them. `store_s`: how long a mail may take to be stored.
    """

    hostname: str
    domains: Annotated[list[str], Meta(min_length=1, max_length=100)]
    host: str = "0.0.0.0"  # noqa: S104  # a mail exchanger is for everybody
    port: Annotated[int, Meta(ge=0, le=65535)] = 25
    mailboxes: Annotated[list[str], Meta(max_length=1_000)] = []
    authserv: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    size_max: Annotated[int, Meta(ge=10_000, le=52_428_800)] = 10_485_760
    connections_max: Annotated[int, Meta(ge=1, le=1_000)] = 50
    connections_per_peer: Annotated[int, Meta(ge=1, le=1_000)] = 10
    per_minute: Annotated[int, Meta(ge=1, le=100_000)] = 300
    timeout_s: Annotated[float, Meta(gt=0, le=900)] = 300.0
    session_s: Annotated[float, Meta(gt=0, le=86_400)] = 1800.0
    store_s: Annotated[float, Meta(gt=0, le=300)] = 30.0

    def __post_init__(self) -> None:
        if not is_domain(self.hostname):
            raise invalid("hostname", "must be a host name, such as `mx.example.org`.")
        for index, domain in enumerate(self.domains):
            if not is_domain(domain):
                raise invalid(f"domains[{index}]", "must be a domain name in ASCII, such as `bounce.example.org`.")
        for index, address in enumerate(self.mailboxes):
            if _domain_of(address, at=f"mailboxes[{index}]") not in {domain.lower() for domain in self.domains}:
                raise invalid(f"mailboxes[{index}]", "is at none of `domains`.")
        if bool(self.tls_cert) != bool(self.tls_key):
            raise invalid("tls_key", "a certificate needs its key, and a key its certificate.")


class MxAdapter(OneWay):
    name: ClassVar[str] = "mx"
    channel: ClassVar[Channel] = Channel.EMAIL
    limits: ClassVar[Limits] = LIMITS

    def __init__(self, settings: MxSettings, around: Surroundings) -> None:
        """Raises `Invalid` for a certificate that cannot be read."""
        self._settings, self._around = settings, around
        self._tls = _tls(settings) if settings.tls_cert else None
        self._listening = asyncio.Event()
        self.port = settings.port
        """Where it listens: another than asked for where that was 0."""

    async def connect(self) -> None:
        """There is nothing to connect to."""

    async def close(self) -> None:
        """`listen` has ended by then."""

    async def ready(self) -> None:
        await self._listening.wait()

    async def send_many(self, batch: Sequence[Outgoing]) -> Sequence[Result]:
        return [NotSent("this account only takes mail in")] * len(batch)

    async def listen(self, sink: Sink) -> None:
        """Raises Unreachable where the port cannot be had."""
        settings, loop = self._settings, asyncio.get_running_loop()
        guests = Guests(settings.connections_max, settings.connections_per_peer)
        desk = Desk(
            self._around,
            sink,
            domains=settings.domains,
            mailboxes=settings.mailboxes,
            authserv=settings.authserv,
            per_minute=settings.per_minute,
            store_s=settings.store_s,
        )

        def guest() -> asyncio.BaseProtocol:
            return guests.admit(lambda: self._session(desk, loop))

        try:
            # Every worker process listens; the kernel hands each connection to one of them.
            server = await loop.create_server(guest, settings.host, settings.port, reuse_port=settings.port != 0)
        except OSError as error:
            raise Unreachable(f"{settings.host}:{settings.port}: {error.strerror or error}") from error
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        try:
            await server.serve_forever()
        finally:
            self._listening.clear()
            server.close()
            guests.part()

    def _session(self, desk: Desk, loop: asyncio.AbstractEventLoop) -> Any:
        """Any: aiosmtpd tells no types."""
        settings = self._settings
        return Reception(
            desk,
            session_s=settings.session_s,
            size_max=settings.size_max,
            enable_SMTPUTF8=True,
            hostname=settings.hostname,
            ident="ESMTP",
            tls_context=self._tls,
            timeout=settings.timeout_s,
            command_call_limit=COMMANDS,
            loop=loop,
        )


def _domain_of(address: str, *, at: str) -> str:
    try:
        return mailbox(address).domain.lower()
    except Unsafe as error:
        raise invalid(at, "must be a whole address, such as `help@example.org`.") from error


def _tls(settings: MxSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise invalid("tls_cert", "cannot be read with its key: {why}.", why=error) from error
    return context
