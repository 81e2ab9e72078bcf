"""What our mail exchanger answers: who may come in, which recipients there are, when a mail is taken."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Any, cast

import structlog

from antiphon.channels.adapter import Sink, Surroundings
from antiphon.channels.mail.reading import authentication, place_of, read_mail
from antiphon.kernel.clock import wall
from antiphon.kernel.records import Receipt

log = structlog.get_logger()

READ_AT_ONCE = 4
RECIPIENTS_MAX = 50
PEERS_REMEMBERED = 10_000
_MINUTE_S = 60.0

TAKEN = "250 2.0.0 Taken"
LATER = "451 4.3.0 It cannot be stored at this moment; come again"


class Guests:
    """At most so many sessions at once, and of one address of the network; others are told to come again."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._of: Counter[str] = Counter()
        self._transports: set[asyncio.Transport] = set()

    def admit(self, make: Callable[[], Any]) -> asyncio.BaseProtocol:
        return _Guest(self, make)

    def come(self, transport: asyncio.Transport) -> bool:
        peer = peer_of(transport.get_extra_info("peername"))
        if self._of.total() >= self._most or self._of[peer] >= self._most_of_one:
            return False
        self._of[peer] += 1
        self._transports.add(transport)
        return True

    def go(self, transport: asyncio.Transport, peer: str) -> None:
        if transport in self._transports:
            self._transports.discard(transport)
            self._of[peer] -= 1
            if not self._of[peer]:
                del self._of[peer]

    def part(self) -> None:
        for transport in list(self._transports):
            transport.close()


class _Guest(asyncio.Protocol):
    """Decides when the peer is known; whoever is let in speaks with a session of its own from then on."""

    def __init__(self, guests: Guests, make: Callable[[], Any]) -> None:
        self._guests, self._make = guests, make

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", transport)
        if not self._guests.come(transport):
            transport.write(b"421 4.3.2 Too many connections; come again\r\n")
            transport.close()
            return
        guests, peer, session = self._guests, peer_of(transport.get_extra_info("peername")), self._make()
        lost = session.connection_lost

        def leave(error: Exception | None) -> None:
            guests.go(transport, peer)
            lost(error)

        session.connection_lost = leave
        transport.set_protocol(session)
        session.connection_made(transport)


def peer_of(name: Any) -> str:
    """Any: what a socket says of its peer. Of IPv6 the network: whoever has one address there has 2**64."""
    host = str(name[0]) if name else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return host
    return str(address.ipv4_mapped or IPv6Network((int(address) >> 64 << 64, 64)))


class Desk:
    """The hooks of aiosmtpd, by its names."""

    def __init__(
        self,
        around: Surroundings,
        sink: Sink,
        *,
        domains: Collection[str],
        mailboxes: Collection[str],
        authserv: str,
        per_minute: int,
        store_s: float,
    ) -> None:
        self._around, self._sink = around, sink
        self._domains = {domain.lower() for domain in domains}
        self._mailboxes = {address.lower() for address in mailboxes}
        self._authserv, self._store_s = authserv, store_s
        self._pace = _Pace(per_minute)
        self._reading = asyncio.Semaphore(READ_AT_ONCE)

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if not self._pace.take(peer_of(session.peer), wall()):
            return "451 4.7.1 Too many mails in a minute; come again"
        envelope.mail_from = address or ""
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        """Whom we do not know is refused here: a mail that is taken is never sent back."""
        if address.rpartition("@")[2].lower() not in self._domains:
            return "550 5.7.1 We take no mail for others"
        place = place_of(address, self._around.delivery_of)
        if address.lower() not in self._mailboxes and (place is None or place.delivery is None):
            return "550 5.1.1 There is no such address"
        if len(envelope.rcpt_tos) >= RECIPIENTS_MAX:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        raw: bytes = envelope.original_content or envelope.content
        async with self._reading:
            items = await asyncio.to_thread(
                read_mail,
                raw,
                provider=self._around.provider,
                recipients=envelope.rcpt_tos,
                envelope_sender=envelope.mail_from or "",
                delivery_of=self._around.delivery_of,
                now=self._around.now(),
                own=self._mailboxes,
            )
        try:
            if items:
                await asyncio.wait_for(self._sink(items), timeout=self._store_s)
        except Exception as error:  # whatever kept it from being stored: it must be brought again
            log.warning("mail.not_taken", provider=self._around.provider, error=type(error).__name__)
            return LATER
        receipts = sum(isinstance(item, Receipt) for item in items)
        log.info(
            "mail.taken",
            provider=self._around.provider,
            receipts=receipts,
            written=len(items) - receipts,
            authentication=authentication(raw, self._authserv),
        )
        return TAKEN

    async def handle_exception(self, error: Exception) -> str:
        log.warning("mail.session_failed", provider=self._around.provider, error=type(error).__name__)
        return "451 4.3.0 Something went wrong; come again"


class _Pace:
    """Mails by peer in the present minute; the peers that were heard of last are remembered."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._of: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, peer: str, at_wall: float) -> bool:
        since, n = self._of.pop(peer, (at_wall, 0))
        if at_wall - since >= _MINUTE_S:
            since, n = at_wall, 0
        self._of[peer] = (since, n + 1)
        if len(self._of) > PEERS_REMEMBERED:
            self._of.popitem(last=False)
        return n < self._per_minute
