"""Our own mail exchanger, as other mail servers meet it: a client by others (smtplib) speaks to it."""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import ssl
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from antiphon.channels.adapter import Surroundings, Unreachable
from antiphon.channels.adapters.email.mx import MxAdapter, MxSettings
from antiphon.channels.adapters.email.mx_session import peer_of
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import DeliveryId, Inbound, ProviderId, Receipt
from channels.email_peer import certificate
from channels.mail.test_reading import NOW, bounce, mail

DOMAIN = "in.shop.example"
REPLY, BOUNCE = f"reply+tok7@{DOMAIN}", f"bounce+tok7@{DOMAIN}"


class Store:
    """The sink of a test: what was stored, and what keeps it from being stored."""

    def __init__(self) -> None:
        self.items: list[Receipt | Inbound] = []
        self.obstacle: Exception | None = None
        self.slow_s = 0.0

    async def __call__(self, items: Any) -> None:
        await asyncio.sleep(self.slow_s)
        if self.obstacle is not None:
            raise self.obstacle
        self.items += items


def surroundings() -> Surroundings:
    known = {"tok7": DeliveryId(7), "tok8": DeliveryId(8)}
    return Surroundings(provider=ProviderId(3), now=lambda: NOW, delivery_of=known.get)


@contextlib.asynccontextmanager
async def exchanger(store: Store, **options: Any) -> AsyncIterator[int]:
    """Its port."""
    settings = {"hostname": "mx.shop.example", "domains": [DOMAIN], "host": "127.0.0.1", "port": 0} | options
    adapter = MxAdapter(MxSettings(**settings), surroundings())
    await adapter.connect()
    listening = asyncio.create_task(adapter.listen(store))
    try:
        await asyncio.wait_for(adapter.ready(), timeout=5)
        yield adapter.port
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        await adapter.close()


async def speak(port: int, talk: Callable[[smtplib.SMTP], Any]) -> Any:
    def session() -> Any:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            return talk(client)

    return await asyncio.to_thread(session)


@contextlib.asynccontextmanager
async def guest(port: int) -> AsyncIterator[str]:
    """Stays while the block runs; what it was greeted with."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield (await asyncio.wait_for(reader.readline(), timeout=5)).decode()
    finally:
        writer.close()
        await writer.wait_closed()


def send(to: str | list[str], raw: bytes, sender: str = "jo@example.org") -> Callable[[smtplib.SMTP], Any]:
    return lambda client: client.sendmail(sender, to, raw)


async def test_what_is_answered_250_is_stored() -> None:
    store = Store()
    async with exchanger(store) as port:
        await speak(port, send(REPLY, mail()))
        await speak(port, send(BOUNCE, bounce(ours="").encode(), ""))
    reply, receipt = store.items
    assert isinstance(reply, Inbound)
    assert (reply.provider, reply.delivery, reply.recipient, reply.text) == (3, 7, REPLY, "Blue, please.")
    assert isinstance(receipt, Receipt)
    assert (receipt.kind, receipt.delivery, receipt.failure) == ("failed", 7, "address")


@pytest.mark.parametrize("obstacle", [ConnectionRefusedError("down"), RuntimeError("anything else")])
async def test_what_cannot_be_stored_is_to_be_brought_again(obstacle: Exception) -> None:
    store = Store()
    async with exchanger(store) as port:
        store.obstacle = obstacle
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await speak(port, send(REPLY, mail()))
        assert refused.value.smtp_code == 451
        store.obstacle = None
        await speak(port, send(REPLY, mail()))
    assert len(store.items) == 1


async def test_a_store_that_takes_too_long_is_down() -> None:
    store = Store()
    store.slow_s = 5
    async with exchanger(store, store_s=0.2) as port:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await speak(port, send(REPLY, mail()))
    assert refused.value.smtp_code == 451
    assert store.items == []


@pytest.mark.parametrize(
    ("to", "code", "status"),
    [
        ("jo@elsewhere.example", 550, "5.7.1"),
        (f"jo@sub.{DOMAIN}", 550, "5.7.1"),
        (f"bounce+tok7%elsewhere.example@{DOMAIN}", 550, "5.1.1"),
        (f"bounce+forged@{DOMAIN}", 550, "5.1.1"),
        (f"bounce@{DOMAIN}", 550, "5.1.1"),
        (f"anybody@{DOMAIN}", 550, "5.1.1"),
        ("bounce+tok7@elsewhere.example", 550, "5.7.1"),
        (f"help@{DOMAIN}", 250, "2.1.5"),
        (f"HELP@{DOMAIN.upper()}", 250, "2.1.5"),
        (REPLY, 250, "2.1.5"),
        (f"unsubscribe+tok8@{DOMAIN}", 250, "2.1.5"),
    ],
)
async def test_mail_is_taken_for_our_addresses_and_nobody_elses(to: str, code: int, status: str) -> None:
    """At RCPT: what was taken would have to be sent back, to whoever was named as its sender."""

    def ask(client: smtplib.SMTP) -> tuple[int, bytes]:
        client.ehlo()
        client.mail("jo@example.org")
        return client.rcpt(to)

    async with exchanger(Store(), mailboxes=[f"help@{DOMAIN}"]) as port:
        answered, said = await speak(port, ask)
    assert (answered, said.decode().split()[0]) == (code, status)


async def test_who_guesses_addresses_is_sent_away() -> None:
    def guess(client: smtplib.SMTP) -> int:
        client.ehlo()
        client.mail("jo@example.org")
        for n in range(600):
            code, _ = client.rcpt(f"bounce+guess{n}@{DOMAIN}")
            if code == 421:
                return n
        return -1

    async with exchanger(Store()) as port:
        assert 0 < await speak(port, guess) <= 500


async def test_size_rate_and_connections_have_bounds() -> None:
    store = Store()
    async with exchanger(store, size_max=20_000, per_minute=2, connections_max=2) as port:
        with pytest.raises(smtplib.SMTPResponseException) as large:
            await speak(port, send(REPLY, mail("x" * 30_000)))
        assert large.value.smtp_code == 552
        async with guest(port) as one, guest(port) as two, guest(port) as three:
            assert [said[:3] for said in (one, two, three)] == ["220", "220", "421"]
        await asyncio.sleep(0.1)
        await speak(port, send(REPLY, mail()))
        await speak(port, send(REPLY, mail()))
        with pytest.raises(smtplib.SMTPSenderRefused) as often:
            await speak(port, send(REPLY, mail()))
        assert often.value.smtp_code == 451
    assert len(store.items) == 2


async def test_one_address_of_the_network_has_a_share_of_the_connections() -> None:
    async with exchanger(Store(), connections_per_peer=1) as port:
        async with guest(port) as one, guest(port) as two:
            assert [said[:3] for said in (one, two)] == ["220", "421"]
        await asyncio.sleep(0.1)
        assert (await speak(port, lambda client: client.noop()))[0] == 250


async def test_who_says_nothing_is_sent_home() -> None:
    async with exchanger(Store(), timeout_s=0.3) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        started = time.monotonic()
        await asyncio.wait_for(reader.read(), timeout=5)
        assert time.monotonic() - started < 3
        writer.close()


async def test_who_talks_for_ever_is_sent_home() -> None:
    async with exchanger(Store(), session_s=0.5) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def chat() -> None:
            while True:
                writer.write(b"NOOP\r\n")
                await asyncio.sleep(0.05)

        chatting = asyncio.create_task(chat())
        with contextlib.suppress(ConnectionError):
            await asyncio.wait_for(reader.read(), timeout=5)
        chatting.cancel()
        writer.close()


async def open_for_content(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Up to where the content of a mail is expected."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readline()
    for line in (b"HELO a", b"MAIL FROM:<jo@example.org>", f"RCPT TO:<{REPLY}>".encode(), b"DATA"):
        writer.write(line + b"\r\n")
        await reader.readline()
    return reader, writer


async def test_a_line_that_never_ends_takes_no_room() -> None:
    """It was kept as long as it came."""
    async with exchanger(Store(), size_max=100_000) as port:
        reader, writer = await open_for_content(port)
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 50_000_000:
                writer.write(b"x" * 100_000)
                await asyncio.wait_for(writer.drain(), timeout=5)
                sent += 100_000
            await asyncio.wait_for(reader.read(), timeout=5)
        writer.close()
    assert sent < 50_000_000


async def test_a_mail_of_one_long_line_is_taken_whole() -> None:
    """RFC 5321 says 1000 octets; programs that write HTML in one line do not care, and people read what they wrote."""
    store = Store()
    words = "word " * 30_000
    async with exchanger(store) as port:
        reader, writer = await open_for_content(port)
        writer.write(mail(f".{words}\r\n..\r\n...end") + b"\r\n.\r\nQUIT\r\n")
        said = await asyncio.wait_for(reader.read(), timeout=5)
        writer.close()
    assert said.startswith(b"250")
    assert len(store.items) == 1


def test_a_network_of_ipv6_counts_as_one_peer() -> None:
    assert peer_of(("2001:db8:1:2::5", 25, 0, 0)) == peer_of(("2001:db8:1:2:ffff::9", 25, 0, 0))
    assert peer_of(("2001:db8:1:2::5", 25, 0, 0)) != peer_of(("2001:db8:1:3::5", 25, 0, 0))
    assert peer_of(("::ffff:192.0.2.1", 25, 0, 0)) == peer_of(("192.0.2.1", 25)) == "192.0.2.1"


async def test_a_second_mail_may_not_be_smuggled_behind_a_bare_dot() -> None:
    """Only CR LF . CR LF ends a mail, whatever others let through."""
    store = Store()
    smuggled = (
        mail("one") + b"\n.\nMAIL FROM:<boss@shop.example>\nRCPT TO:<" + REPLY.encode() + b">\nDATA\nFrom: x\n\nno"
    )
    async with exchanger(store) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for line in (b"EHLO a", b"MAIL FROM:<jo@example.org>", f"RCPT TO:<{REPLY}>".encode(), b"DATA"):
            writer.write(line + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.write(smuggled + b"\r\n.\r\nQUIT\r\n")
        await asyncio.wait_for(reader.read(), timeout=5)
        writer.close()
    assert len(store.items) <= 1


async def test_starttls_is_offered_with_a_certificate(tmp_path: Path) -> None:
    ca_file, _ = certificate(tmp_path)
    store = Store()
    leaf = str(tmp_path / "leaf.pem")

    def talk(client: smtplib.SMTP) -> None:
        client.starttls(context=ssl.create_default_context(cafile=ca_file))
        client.sendmail("jo@example.org", REPLY, mail())

    async with exchanger(store, tls_cert=leaf, tls_key=leaf) as port:
        await speak(port, talk)
        await speak(port, send(REPLY, mail("in the clear")))
    assert len(store.items) == 2


async def test_a_port_that_is_taken_is_tried_again_later() -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    adapter = MxAdapter(
        MxSettings(hostname="mx.shop.example", domains=[DOMAIN], host="127.0.0.1", port=port), surroundings()
    )
    with pytest.raises(Unreachable):
        await asyncio.wait_for(adapter.listen(Store()), timeout=5)
    taken.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"hostname": "no host"},
        {"domains": ["in shop"]},
        {"mailboxes": ["help"]},
        {"mailboxes": ["help@elsewhere.example"]},
        {"tls_cert": "/nowhere.pem"},
    ],
)
def test_wrong_settings_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        MxSettings(**({"hostname": "mx.shop.example", "domains": [DOMAIN]} | wrong))
