"""E-mail through one SMTP server: a relay, a provider's submission port or one's own MTA."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from antiphon.channels.adapter import Limits, OneWay, Sink, Unreachable
from antiphon.channels.adapters.email.dkim import Signer
from antiphon.channels.adapters.email.handshake import Peer, Security, open_connection
from antiphon.channels.adapters.email.headers import is_domain
from antiphon.channels.adapters.email.job import Batch, Job
from antiphon.channels.adapters.email.letter import Letter, write_letter
from antiphon.channels.adapters.email.pipeline import Connection
from antiphon.channels.adapters.email.pool import Pool
from antiphon.channels.adapters.email.reply import Extensions, SetupRefused
from antiphon.channels.adapters.email.status import refusal
from antiphon.kernel import clock
from antiphon.kernel.errors import invalid
from antiphon.kernel.records import Channel, Outgoing, Refused, Result

LIMITS = Limits(
    in_flight_max=1000,
    size_max=10_240_000,
    source="Postfix's default message_size_limit; the server's own SIZE (RFC 1870) counts where it is smaller",
)

_CHUNK = 16
_SIGNING_THREADS = 4


class DkimKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`private_key`: RSA or Ed25519 in PEM. It signs mail whose From is at `domain` or below it."""

    domain: str
    selector: str
    private_key: str

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Tracebacks are printed with it: never with the key."""
        return [("domain", self.domain), ("selector", self.selector)]

    def __repr__(self) -> str:
        return f"DkimKey(domain={self.domain!r}, selector={self.selector!r})"


class SmtpSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`ca_file`: authorities in PEM instead of the system's. Bounces go to `bounce+<token>@<envelope_domain>`.
    `takes_mail`: an account of ours reads what comes there, so that answers go there, and a mail may unsubscribe.

    `hello_name` is `envelope_domain` unless given. `answer_timeout_s` holds for opening and for each reply;
    RFC 5321 4.5.3.2 would wait 5 to 10 minutes. A server closes idle connections after about 5 minutes; we come
    before it, at `idle_s`.
    """

    host: str
    envelope_domain: str
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    security: Security = "starttls"
    ca_file: str = ""
    username: str = ""
    password: str = ""
    connections: Annotated[int, Meta(ge=1, le=200)] = 10
    hello_name: str = ""
    dkim: list[DkimKey] = []
    answer_timeout_s: Annotated[float, Meta(gt=0, le=900)] = 60.0
    idle_s: Annotated[float, Meta(gt=0, le=900)] = 60.0
    takes_mail: bool = False

    def __post_init__(self) -> None:
        if not is_domain(self.envelope_domain):
            raise invalid("envelope_domain", "must be a domain name in ASCII, such as `bounce.example.org`.")
        if self.hello_name and not is_domain(self.hello_name):
            raise invalid("hello_name", "must be a host name, such as `mail.example.org`.")
        if self.username and self.security == "none" and not _is_loopback(self.host):
            raise invalid("security", "a password is never sent in the clear; choose `starttls` or `tls`.")
        for index, key in enumerate(self.dkim):
            if not is_domain(key.domain) or not is_domain(key.selector):
                raise invalid(f"dkim[{index}]", "`domain` and `selector` must be names as they stand in the DNS.")
            _signer(index, key)

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Tracebacks are printed with it: never with the password."""
        return [("host", self.host), ("port", self.port)]

    def __repr__(self) -> str:
        return f"SmtpSettings(host={self.host!r}, port={self.port}, security={self.security!r})"


class SmtpAdapter(OneWay):
    """Sends over pooled, pipelined connections, opened when they are needed and again after they were closed."""

    name: ClassVar[str] = "smtp"
    channel: ClassVar[Channel] = Channel.EMAIL
    limits: ClassVar[Limits] = LIMITS

    def __init__(self, settings: SmtpSettings, *, wall: Callable[[], float] = clock.wall) -> None:
        """Raises `Invalid` for a CA file that cannot be read."""
        self._settings = settings
        self._wall = wall
        self._signers = [_signer(index, key) for index, key in enumerate(settings.dkim)]
        self._peer = _peer(settings)
        slow = any(signer.slow for signer in self._signers)
        self._signing = ThreadPoolExecutor(_SIGNING_THREADS, thread_name_prefix="dkim") if slow else None
        self._size = settings.connections
        self._pool = self._new_pool()

    @property
    def connections(self) -> int:
        """The account's, over all processes."""
        return self._settings.connections

    def resize(self, connections: int) -> int:
        """At most so many here from now on. Returns how many are open; those at work end their letter first."""
        self._size = connections
        return self._pool.resize(connections)

    async def connect(self) -> None:
        try:
            await self._pool.first()
        except (OSError, SetupRefused) as error:
            raise Unreachable(f"{self._settings.host}:{self._settings.port}: {error}") from error

    async def close(self) -> None:
        """Waits a few seconds for the answers to what was handed over. The adapter may be used again."""
        pool, self._pool = self._pool, self._new_pool()
        await pool.close()

    async def send_many(self, batch: Sequence[Outgoing]) -> Sequence[Result]:
        if not batch:
            return []
        work = Batch(batch, wall=self._wall)
        feeding = asyncio.create_task(self._feed(batch, work.jobs), name="smtp-feed")
        try:
            await asyncio.wait([feeding, work.done], return_when=asyncio.FIRST_COMPLETED)
            if feeding.done():
                feeding.result()
            await work.done
        finally:
            feeding.cancel()
            work.withdraw("The caller gave up.")
        return work.results()

    async def listen(self, sink: Sink) -> None:
        """SMTP submission brings nothing back: bounces come to the envelope sender, as mail."""

    async def _feed(self, batch: Sequence[Outgoing], jobs: Sequence[Job]) -> None:
        """Letters go to the connections while later ones are still written and signed."""
        pool = self._pool
        try:
            offered = await pool.first()
        except (OSError, SetupRefused) as error:
            pool.fail(jobs, error)
            return
        chunks = [slice(at, at + _CHUNK) for at in range(0, len(batch), _CHUNK)]
        if self._signing is None:
            for chunk in chunks:
                _submit(pool, jobs[chunk], self._write(batch[chunk], offered))
                await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        written = [loop.run_in_executor(self._signing, self._write, batch[chunk], offered) for chunk in chunks]
        try:
            for chunk, letters in zip(chunks, written, strict=True):
                _submit(pool, jobs[chunk], await letters)
        finally:
            for letters in written:
                letters.cancel()

    def _write(self, messages: Sequence[Outgoing], offered: Extensions) -> list[Letter | Refused]:
        """Runs in a thread where a key is slow: it only computes."""
        return [
            write_letter(
                each,
                envelope_domain=self._settings.envelope_domain,
                signers=self._signers,
                offered=offered,
                at_wall=self._wall(),
                size_max=self.limits.size_max,
                takes_mail=self._settings.takes_mail,
            )
            for each in messages
        ]

    def _new_pool(self) -> Pool:
        return Pool(self._open_one, size=self._size, refused=refusal, wall=self._wall)

    async def _open_one(self, pool: Pool) -> Connection:
        settings = self._settings
        return await open_connection(
            self._peer,
            lambda: Connection(
                pool, refused=refusal, answer_timeout_s=settings.answer_timeout_s, idle_s=settings.idle_s
            ),
        )


def _submit(pool: Pool, jobs: Sequence[Job], letters: Sequence[Letter | Refused]) -> None:
    ready = []
    for job, letter in zip(jobs, letters, strict=True):
        if isinstance(letter, Refused):
            job.settle(letter)
        else:
            job.letter = letter
            ready.append(job)
    pool.submit(ready)


def _signer(index: int, key: DkimKey) -> Signer:
    try:
        return Signer(domain=key.domain, selector=key.selector, private_key=key.private_key)
    except (ValueError, TypeError) as error:
        raise invalid(f"dkim[{index}].private_key", "cannot be used: {why}.", why=error) from error


def _peer(settings: SmtpSettings) -> Peer:
    return Peer(
        host=settings.host,
        port=settings.port,
        security=settings.security,
        hello_name=settings.hello_name or settings.envelope_domain,
        tls=None if settings.security == "none" else _tls(settings.ca_file),
        username=settings.username,
        password=settings.password,
        timeout_s=settings.answer_timeout_s,
    )


def _tls(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise invalid("ca_file", "cannot be read: {why}.", why=error) from error


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
