"""Mail that waits for us in a mailbox: read over IMAP as it comes in (RFC 9051, IDLE by RFC 2177)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address
from typing import Annotated, ClassVar, Literal, ParamSpec, TypeVar

import structlog
from msgspec import Meta, Struct, convert

from antiphon.channels.adapter import Limits, OneWay, Sink, Surroundings, Unreachable
from antiphon.channels.adapters.email.imap_mailbox import FAILURES, Fetched, Mailbox, Mark
from antiphon.channels.mail.reading import authentication, read_mail, recipients_in
from antiphon.kernel.db import is_unstorable
from antiphon.kernel.errors import invalid
from antiphon.kernel.records import Channel, Inbound, NotSent, Outgoing, Receipt, Result

log = structlog.get_logger()
P = ParamSpec("P")
T = TypeVar("T")

LIMITS = Limits(in_flight_max=1, size_max=0, source="it sends nothing")
BATCH = 50
"""Mails that are stored together, and after which the place in the mailbox is noted."""


class ImapSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`ca_file`: authorities in PEM instead of the system's. `addresses`: our own, whom nobody answers.

    What lay in the mailbox before the account was made is read only where `history` says so. A mail that was read stays
    as it is (`after` = `keep`), is marked as seen, or moved to the folder `move_to`. Servers end an IDLE after 30
    minutes; we come before, at `idle_s`; a server without IDLE is asked every `poll_s`.
    """

    host: str
    username: str
    password: str
    port: Annotated[int, Meta(ge=1, le=65535)] = 993
    security: Literal["tls", "starttls", "none"] = "tls"
    ca_file: str = ""
    folder: Annotated[str, Meta(min_length=1, max_length=200)] = "INBOX"
    addresses: Annotated[list[str], Meta(max_length=1_000)] = []
    authserv: str = ""
    history: bool = False
    after: Literal["keep", "seen", "move"] = "keep"
    move_to: str = ""
    size_max: Annotated[int, Meta(ge=10_000, le=52_428_800)] = 26_214_400
    idle_s: Annotated[float, Meta(gt=0, lt=1740)] = 1500.0
    poll_s: Annotated[float, Meta(gt=0, le=3600)] = 60.0
    answer_timeout_s: Annotated[float, Meta(gt=0, le=900)] = 60.0

    def __post_init__(self) -> None:
        if self.security == "none" and not _is_loopback(self.host):
            raise invalid("security", "a password is never sent in the clear; choose `tls` or `starttls`.")
        if (self.after == "move") != bool(self.move_to):
            raise invalid("move_to", "names the folder where `after` is `move`, and is empty elsewhere.")

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Tracebacks are printed with it: never with the password."""
        return [("host", self.host), ("port", self.port), ("folder", self.folder)]

    def __repr__(self) -> str:
        return f"ImapSettings(host={self.host!r}, port={self.port}, folder={self.folder!r})"


class ImapAdapter(OneWay):
    """Reads from one place to the next: what was stored is noted, so that a crash reads a few mails twice at most,
    and a mail that is read twice is one."""

    name: ClassVar[str] = "imap"
    channel: ClassVar[Channel] = Channel.EMAIL
    limits: ClassVar[Limits] = LIMITS

    def __init__(self, settings: ImapSettings, around: Surroundings) -> None:
        """Raises `Invalid` for a CA file that cannot be read."""
        self._settings, self._around = settings, around
        self._tls = None if settings.security == "none" else _tls(settings.ca_file)
        self._mailbox: Mailbox | None = None
        self._thread: ThreadPoolExecutor | None = None

    async def connect(self) -> None:
        if self._mailbox is None:
            self._mailbox = await self._call(Mailbox.open, self._settings, self._tls)

    async def close(self) -> None:
        """Whoever waits on the connection is woken by its end. The adapter may be used again."""
        mailbox, self._mailbox = self._mailbox, None
        thread, self._thread = self._thread, None
        if mailbox is not None and thread is not None:
            mailbox.abort()
            thread.submit(mailbox.close)
        if thread is not None:
            thread.shutdown(wait=False)

    async def send_many(self, batch: Sequence[Outgoing]) -> Sequence[Result]:
        return [NotSent("this account only takes mail in")] * len(batch)

    async def listen(self, sink: Sink) -> None:
        """Raises Unreachable when the connection is lost, and may be called again."""
        try:
            await self.connect()
            assert self._mailbox is not None
            mailbox = self._mailbox
            mark = await self._begin(mailbox)
            while True:
                mark = await self._catch_up(mailbox, mark, sink)
                await self._call(mailbox.wait)
        finally:
            await self.close()

    async def _begin(self, mailbox: Mailbox) -> Mark:
        """Where reading goes on. A mailbox that was made anew (another UIDVALIDITY, RFC 9051 2.3.1.1) numbers its mails
        anew: those since the day before the last reading are read again, and known ones are let go."""
        known = await self._remembered()
        here = mailbox.validity
        if known is not None and known.validity == here:
            return known
        if known is not None:
            last = await self._call(mailbox.last_before, known.day)
            log.info("imap.renumbered", provider=self._around.provider, folder=self._settings.folder)
        else:
            last = 0 if self._settings.history else max(mailbox.next - 1, 0)
        mark = Mark(here, last, mailbox.today())
        await self._note(mark)
        return mark

    async def _catch_up(self, mailbox: Mailbox, mark: Mark, sink: Sink) -> Mark:
        """Everything that has come since, in batches: first stored, then noted, then marked or moved."""
        while uids := await self._call(mailbox.after, mark.uid, BATCH):
            mails, last = await self._call(mailbox.fetch, uids)
            items = await self._store(mails, sink)
            mark = Mark(mark.validity, last, mailbox.today())
            await self._note(mark)
            await self._call(mailbox.done, [uid for uid in uids if uid <= last])
            log.info("imap.taken", provider=self._around.provider, mails=len(mails), items=items)
        return mark

    async def _store(self, mails: Sequence[Fetched], sink: Sink) -> int:
        """A mail that no database takes is passed over alone: all behind it would wait for ever."""
        items = await asyncio.to_thread(self._read, mails)
        try:
            if items:
                await sink(items)
        except Exception as error:
            if not is_unstorable(error):
                raise
            if len(mails) == 1:
                why = type(error).__name__
                log.error("imap.unstorable", provider=self._around.provider, uid=mails[0].uid, error=why)
                return 0
            return sum([await self._store([mail], sink) for mail in mails])
        return len(items)

    def _read(self, mails: Sequence[Fetched]) -> list[Receipt | Inbound]:
        found: list[Receipt | Inbound] = []
        for mail in mails:
            if mail.cut:
                log.warning("imap.too_large", provider=self._around.provider, uid=mail.uid, size=mail.size)
            if said := authentication(mail.raw, self._settings.authserv):
                log.info("imap.authentication", provider=self._around.provider, uid=mail.uid, authentication=said)
            found += read_mail(
                mail.raw,
                provider=self._around.provider,
                recipients=recipients_in(mail.raw),
                envelope_sender=mail.envelope_sender,
                delivery_of=self._around.delivery_of,
                now=self._around.now(),
                own=self._settings.addresses,
            )
        return found

    async def _remembered(self) -> Mark | None:
        if self._around.memory is None:
            return None
        kept = await self._around.memory.read(self._key)
        return convert(kept, Mark) if kept else None

    async def _note(self, mark: Mark) -> None:
        if self._around.memory is not None:
            await self._around.memory.write(self._key, {"validity": mark.validity, "uid": mark.uid, "day": mark.day})

    @property
    def _key(self) -> str:
        return f"imap:{self._settings.folder}"

    async def _call(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """In the thread of the connection. Raises Unreachable."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="imap")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *given, **named))
        except FAILURES as error:
            raise Unreachable(f"{self._settings.host}:{self._settings.port}: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _tls(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise invalid("ca_file", "cannot be read: {why}.", why=error) from error


def _is_loopback(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
