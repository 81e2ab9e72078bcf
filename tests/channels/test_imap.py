"""A mailbox of Dovecot, a server by others: what comes in is read at once, once, and from where reading had stopped."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import smtplib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from antiphon.channels.adapter import Surroundings, Unreachable
from antiphon.channels.adapters.email import imap_mailbox
from antiphon.channels.adapters.email.imap import BATCH, ImapAdapter, ImapSettings
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import DeliveryId, Inbound, ProviderId, Receipt
from channels.email_peer import certificate
from channels.mail.test_reading import NOW, bounce, mail
from peers.programs import dovecot

NUMBERS = itertools.count(1)


class Notes:
    """An account's memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    async def read(self, key: str) -> Any:
        return self.kept.get(key)

    async def write(self, key: str, value: Any) -> None:
        self.kept[key] = value


class Server:
    def __init__(self, ports: tuple[int, int, int], ca_file: Path) -> None:
        self.port, self.plain, self.lmtp = ports
        self.ca_file = ca_file
        self.user = f"jo{next(NUMBERS)}@shop.example"
        self.notes = Notes()
        self.items: list[Receipt | Inbound] = []
        self.batches: list[int] = []
        self.obstacle: Exception | None = None
        self.poison = ""

    async def bring(self, *mails: bytes) -> None:
        """As another server hands over: LMTP."""

        def deliver() -> None:
            with smtplib.LMTP("127.0.0.1", self.lmtp) as client:
                for raw in mails:
                    client.sendmail("jo@example.org", [self.user], raw)

        await asyncio.to_thread(deliver)

    def adapter(self, **options: Any) -> ImapAdapter:
        settings = {"host": "127.0.0.1", "port": self.port, "username": self.user, "password": "secret"}
        settings |= {"ca_file": str(self.ca_file)} | options
        around = Surroundings(
            provider=ProviderId(4), now=lambda: NOW, delivery_of={"tok7": DeliveryId(7)}.get, memory=self.notes
        )
        return ImapAdapter(ImapSettings(**settings), around)

    @contextlib.asynccontextmanager
    async def listening(self, **options: Any) -> AsyncIterator[asyncio.Task[None]]:
        adapter = self.adapter(**options)
        before = self.notes.kept.copy()
        task = asyncio.create_task(adapter.listen(self.take))
        if not before:
            await eventually(lambda: bool(self.notes.kept))
        try:
            yield task
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await asyncio.wait_for(task, timeout=5)
            await adapter.close()

    async def take(self, items: Any) -> None:
        if self.obstacle is not None:
            raise self.obstacle
        if self.poison and any(isinstance(item, Inbound) and item.text == self.poison for item in items):
            raise asyncpg.CharacterNotInRepertoireError("unlucky")
        self.batches.append(len(items))
        self.items += items

    @property
    def texts(self) -> list[str]:
        return [item.text for item in self.items if isinstance(item, Inbound)]


async def eventually(check: Callable[[], bool], *, seconds: float = 10) -> float:
    started = time.monotonic()
    while not check():
        assert time.monotonic() - started < seconds
        await asyncio.sleep(0.02)
    return time.monotonic() - started


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[tuple[int, int, int], Path]]:
    """One Dovecot for all tests: its ports, and the authority that vouches for it."""
    folder = tmp_path_factory.mktemp("dovecot")
    ca_file, _ = certificate(folder)
    with dovecot(folder / "leaf.pem") as ports:
        yield ports, ca_file


@pytest.fixture
def server(house: tuple[tuple[int, int, int], Path]) -> Server:
    """With a mailbox that nobody has used."""
    return Server(*house)


def numbered(*numbers: int) -> list[bytes]:
    return [mail(f"mail {n}", Message_ID=f"<n{n}@example.org>") for n in numbers]


async def test_what_comes_in_is_read_within_two_seconds(server: Server) -> None:
    """By IDLE: nobody asks in between."""
    async with server.listening():
        await asyncio.sleep(0.3)
        await server.bring(mail(In_Reply_To="<tok7@shop.example>"))
        assert await eventually(lambda: len(server.items) == 1) < 2
        await server.bring(bounce().encode())
        assert await eventually(lambda: len(server.items) == 2) < 2
    said, receipt = server.items
    assert isinstance(said, Inbound)
    assert (said.delivery, said.text, said.provider) == (7, "Blue, please.", 4)
    assert isinstance(receipt, Receipt)
    assert (receipt.delivery, receipt.kind) == (7, "failed")


async def test_what_lay_there_before_is_left_unless_it_is_asked_for(server: Server) -> None:
    await server.bring(*numbered(1))
    async with server.listening():
        await server.bring(*numbered(2))
        await eventually(lambda: server.texts == ["mail 2"])
    server.notes.kept.clear()
    server.items.clear()
    async with server.listening(history=True):
        await eventually(lambda: server.texts == ["mail 1", "mail 2"])


async def test_reading_goes_on_where_it_had_stopped(server: Server) -> None:
    async with server.listening():
        await server.bring(*numbered(1, 2))
        await eventually(lambda: len(server.items) == 2)
    await server.bring(*numbered(3))
    async with server.listening():
        await eventually(lambda: len(server.items) == 3)
    assert server.texts == ["mail 1", "mail 2", "mail 3"]


async def test_many_mails_are_stored_in_batches_of_fifty(server: Server) -> None:
    async with server.listening(history=True):
        pass
    await server.bring(*numbered(*range(2 * BATCH + 7)))
    async with server.listening():
        await eventually(lambda: len(server.items) == 2 * BATCH + 7, seconds=30)
    assert server.batches == [BATCH, BATCH, 7]
    assert server.texts == [f"mail {n}" for n in range(2 * BATCH + 7)]


async def test_what_could_not_be_stored_is_read_again(server: Server) -> None:
    """The place is noted after it, never before."""
    server.obstacle = ConnectionRefusedError("down")
    async with server.listening() as task:
        await server.bring(*numbered(1))
        await asyncio.wait([task], timeout=5)
        assert isinstance(task.exception(), ConnectionRefusedError)
    server.obstacle = None
    async with server.listening():
        await eventually(lambda: server.texts == ["mail 1"])


async def test_a_mailbox_that_was_made_anew_is_read_from_the_day_before(server: Server) -> None:
    """Its numbers begin again; what is read twice is one mail by its id."""
    async with server.listening():
        await server.bring(*numbered(1))
        await eventually(lambda: len(server.items) == 1)
    server.notes.kept["imap:INBOX"]["validity"] += 1
    async with server.listening():
        await eventually(lambda: server.texts == ["mail 1", "mail 1"])
    first, again = server.items
    assert first.message_id == again.message_id == "n1@example.org"


async def test_a_mail_that_the_server_does_not_tell_of_is_found_soon(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came between two commands."""
    from imapclient import IMAPClient

    monkeypatch.setattr(IMAPClient, "idle_check", lambda _self, timeout: time.sleep(timeout) or [])
    done = IMAPClient.idle_done
    monkeypatch.setattr(IMAPClient, "idle_done", lambda self: (done(self)[0], []))
    async with server.listening():
        await server.bring(*numbered(1))
        assert await eventually(lambda: len(server.items) == 1) < 4


@pytest.mark.parametrize(
    ("options", "inbox", "moved"),
    [({}, [False], 0), ({"after": "seen"}, [True], 0), ({"after": "move", "move_to": "Done"}, [], 1)],
)
async def test_a_mail_that_was_read_stays_is_marked_or_moves(
    server: Server, options: dict[str, Any], inbox: list[bool], moved: int
) -> None:
    from imapclient import SEEN, IMAPClient

    def look() -> tuple[list[bool], int]:
        with IMAPClient("127.0.0.1", server.plain, ssl=False) as client:
            client.login(server.user, "secret")
            if not client.folder_exists("Done"):
                client.create_folder("Done")
            client.select_folder("INBOX", readonly=True)
            flags = [SEEN in said[b"FLAGS"] for said in client.fetch(client.search(), ["FLAGS"]).values()]
            return flags, int(client.folder_status("Done", ["MESSAGES"])[b"MESSAGES"])

    await asyncio.to_thread(look)
    async with server.listening(**options):
        await server.bring(*numbered(1))
        await eventually(lambda: len(server.items) == 1)
        end = time.monotonic() + 5
        while await asyncio.to_thread(look) != (inbox, moved):
            assert time.monotonic() < end
            await asyncio.sleep(0.05)


async def test_a_mail_that_is_too_large_gives_what_was_written_and_not_what_hangs_on_it(server: Server) -> None:
    """Somebody who sends a film with three words has said three words."""
    film = (
        "--b\r\nContent-Type: text/plain\r\n\r\nLook at this!\r\n--b\r\nContent-Type: video/mp4\r\n"
        'Content-Disposition: attachment; filename="film.mp4"\r\n\r\n' + "x" * 60 + "\r\n" * 1_000_000 + "--b--\r\n"
    )
    async with server.listening(size_max=10_000):
        await server.bring(mail(film, Subject="large", Content_Type="multipart/mixed; boundary=b"), *numbered(2))
        await eventually(lambda: len(server.items) == 2, seconds=20)
    large, small = server.items
    assert (large.subject, large.text, small.text) == ("large", "Look at this!\n\n[film.mp4]", "mail 2")


async def test_large_mails_are_not_in_memory_together(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap_mailbox, "BATCH_OCTETS_MAX", 100_000)
    bulky = [mail("x" * 76 + "\r\n", Message_ID=f"<b{n}@example.org>") + b"y\r\n" * 15_000 for n in range(7)]
    await server.bring(*bulky)
    async with server.listening(history=True):
        await eventually(lambda: len(server.items) == 7)
    assert max(server.batches) == 2
    assert len({item.message_id for item in server.items}) == 7


async def test_a_mail_that_no_database_takes_does_not_hold_up_the_others(server: Server) -> None:
    async with server.listening():
        server.poison = "mail 2"
        await server.bring(*numbered(1, 2, 3))
        await eventually(lambda: server.texts == ["mail 1", "mail 3"])


async def test_who_sent_a_mail_that_is_quoted_did_not_send_this_one(server: Server) -> None:
    """A person passes a bounce on: it begins with a null sender, this mail does not."""
    async with server.listening():
        server.obstacle = None
        await server.bring(mail("See below.\r\n\r\nReturn-Path: <>\r\nFrom: MAILER-DAEMON@x.example\r\n"))
        await eventually(lambda: len(server.items) == 1)
    (said,) = server.items
    assert isinstance(said, Inbound)
    assert not said.automatic


async def test_a_certificate_of_somebody_else_is_not_spoken_to(server: Server) -> None:
    for wrong in ({"ca_file": ""}, {"host": "localhost"}, {"password": "wrong"}):
        with pytest.raises(Unreachable):
            await server.adapter(**wrong).connect()


async def test_starttls_is_verified_too(server: Server) -> None:
    adapter = server.adapter(port=server.plain, security="starttls")
    await adapter.connect()
    await adapter.close()
    with pytest.raises(Unreachable):
        await server.adapter(port=server.plain, security="starttls", ca_file="").connect()


async def test_a_lost_connection_ends_the_listening_and_it_may_begin_again(server: Server) -> None:
    adapter = server.adapter()
    task = asyncio.create_task(adapter.listen(server.take))
    await eventually(lambda: bool(server.notes.kept))
    await asyncio.sleep(0.2)
    assert adapter._mailbox is not None
    adapter._mailbox.abort()
    with pytest.raises(Unreachable):
        await asyncio.wait_for(task, timeout=5)
    again = asyncio.create_task(adapter.listen(server.take))
    await server.bring(*numbered(1))
    await eventually(lambda: server.texts == ["mail 1"])
    again.cancel()
    await adapter.close()


async def test_idling_begins_anew_before_the_server_ends_it(server: Server) -> None:
    async with server.listening(idle_s=0.3):
        await asyncio.sleep(1)
        await server.bring(*numbered(1))
        await eventually(lambda: server.texts == ["mail 1"])


@pytest.mark.parametrize(
    "wrong",
    [{"security": "none"}, {"idle_s": 1800}, {"after": "move"}, {"move_to": "Done"}, {"port": 0}, {"unknown": 1}],
)
def test_wrong_settings_are_named(wrong: dict[str, Any]) -> None:
    from antiphon.channels import registry

    with pytest.raises(Invalid):
        registry.check("imap", {"host": "mail.example.org", "username": "a", "password": "b"} | wrong)
