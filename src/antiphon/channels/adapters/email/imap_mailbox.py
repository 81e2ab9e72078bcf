"""One selected folder, over IMAPClient: everything here blocks and runs in one thread, except `abort`."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import ssl
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Protocol

from imapclient import SEEN, IMAPClient
from imapclient.exceptions import IMAPClientError
from msgspec import Struct

from antiphon.kernel.clock import wall_datetime

FAILURES = (IMAPClientError, OSError, ssl.SSLError, EOFError, ValueError)
"""What IMAPClient raises for refusals, lost connections and nonsense; imaplib's own errors are among its."""

BATCH_OCTETS_MAX = 33_554_432
"""Of mails in memory at once, but for a single one that is larger."""
CUT_OCTETS = 1_048_576
"""Of a mail that is too large: its text stands before what hangs on it."""

FIRST_WAIT_S = 1.0
"""A mail that comes while one command ends and the next begins is told with either, or not at all. So waits begin
short and double while nothing comes: what was missed is found when the wait ends."""

_RETURN_PATH = re.compile(rb"^return-path:[ \t]*<([^<>\r\n]*)>", re.IGNORECASE | re.MULTILINE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_HEAD_BYTES = 65_536


class Mark(Struct, frozen=True):
    """How far a mailbox was read: all up to `uid`, on `day` (wall time, ISO)."""

    validity: int
    uid: int
    day: str


class Fetched(Struct, frozen=True):
    """`cut`: larger than is read; `raw` is its beginning then. `envelope_sender` is None where no server wrote it
    down."""

    uid: int
    raw: bytes
    size: int
    cut: bool
    envelope_sender: str | None


class Access(Protocol):
    """What of the account's settings is needed here."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def security(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def password(self) -> str: ...
    @property
    def folder(self) -> str: ...
    @property
    def after(self) -> str: ...
    @property
    def move_to(self) -> str: ...
    @property
    def size_max(self) -> int: ...
    @property
    def idle_s(self) -> float: ...
    @property
    def poll_s(self) -> float: ...
    @property
    def answer_timeout_s(self) -> float: ...


class Mailbox:
    """`validity` and `next` as the server told when the folder was selected (UIDVALIDITY, UIDNEXT)."""

    def __init__(self, client: Any, settings: Access) -> None:
        """Any: IMAPClient tells few types."""
        self._client, self._settings = client, settings
        chosen = client.select_folder(settings.folder, readonly=settings.after == "keep")
        self.validity, self.next = int(chosen[b"UIDVALIDITY"]), int(chosen.get(b"UIDNEXT", 0))
        self._idles = client.has_capability("IDLE")
        self._moves = client.has_capability("MOVE")
        self._wait_s = FIRST_WAIT_S

    @classmethod
    def open(cls, settings: Access, tls: ssl.SSLContext | None) -> Mailbox:
        """Raises one of FAILURES, also for a certificate that is not the host's and a password that is wrong."""
        client = IMAPClient(
            settings.host,
            settings.port,
            ssl=settings.security == "tls",
            ssl_context=tls,
            timeout=settings.answer_timeout_s,
        )
        try:
            if settings.security == "starttls":
                client.starttls(tls)
            client.login(settings.username, settings.password)
            return cls(client, settings)
        except BaseException:
            with contextlib.suppress(*FAILURES):
                client.shutdown()
            raise

    def after(self, uid: int, most: int) -> list[int]:
        """`n:*` names the last mail even where its number is lower (RFC 9051 6.4.4)."""
        return sorted(found for found in self._client.search(["UID", f"{uid + 1}:*"]) if found > uid)[:most]

    def last_before(self, day: str) -> int:
        """The number of the last mail that came before the day before `day`."""
        since = date.fromisoformat(day) - timedelta(days=1)
        return max(self._client.search(["BEFORE", since]), default=0)

    def fetch(self, uids: Sequence[int]) -> tuple[list[Fetched], int]:
        """Without marking them as seen, in the order of their numbers, and the number up to which all were looked at;
        those that are gone by now are left out. As many as may be in memory, at least one."""
        self._wait_s = FIRST_WAIT_S
        sizes = {uid: int(said[b"RFC822.SIZE"]) for uid, said in self._client.fetch(uids, ["RFC822.SIZE"]).items()}
        found: list[Fetched] = []
        octets, last = 0, uids[-1]
        for uid in sorted(sizes):
            cut = sizes[uid] > self._settings.size_max
            octets += CUT_OCTETS if cut else sizes[uid]
            if found and octets > BATCH_OCTETS_MAX:
                return found, last
            raw = self._raw(uid, cut=cut)
            if raw:
                found.append(Fetched(uid, raw, sizes[uid], cut, _envelope_sender(raw)))
            last = uid
        return found, uids[-1]

    def _raw(self, uid: int, *, cut: bool) -> bytes | None:
        wanted = f"BODY.PEEK[]<0.{CUT_OCTETS}>" if cut else "BODY.PEEK[]"
        said = self._client.fetch([uid], [wanted]).get(uid, {})
        raw: bytes | None = said.get(b"BODY[]<0>" if cut else b"BODY[]")
        return raw

    def done(self, uids: Sequence[int]) -> None:
        if self._settings.after == "keep":
            return
        self._client.add_flags(uids, [SEEN], silent=True)
        if self._settings.after == "move":
            self._move(uids)

    def _move(self, uids: Sequence[int]) -> None:
        if self._moves:
            self._client.move(uids, self._settings.move_to)
        else:
            self._client.copy(uids, self._settings.move_to)
            self._client.delete_messages(uids, silent=True)
            self._client.expunge(uids)

    def wait(self) -> None:
        """Until something comes, or it is time to ask again."""
        if not self._idles:
            self._wait_without_idle()
            return
        self._client.idle()
        said = self._client.idle_check(timeout=min(self._wait_s, self._settings.idle_s))
        rest = self._client.idle_done()[1]
        if not said and not rest:
            self._wait_s = min(2 * self._wait_s, self._settings.idle_s)
            self._client.noop()  # raises where the line is dead

    def _wait_without_idle(self) -> None:
        """Wakes early when the connection ends."""
        self._client.noop()
        select.select([self._client.socket()], [], [], self._settings.poll_s)

    def today(self) -> str:
        return wall_datetime().date().isoformat()

    def abort(self) -> None:
        """From another thread. Not by the method of TLS: it would take its state away under the thread that reads."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._client.socket(), socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(*FAILURES):
            self._client.shutdown()


def _envelope_sender(raw: bytes) -> str | None:
    """Of the header: what stands in the body is of another mail."""
    end = _HEAD_END.search(raw, 0, _HEAD_BYTES)
    found = _RETURN_PATH.search(raw[: end.start() if end else _HEAD_BYTES])
    return found[1].decode("ascii", "replace").strip() if found else None
