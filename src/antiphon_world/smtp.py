"""A mail server that takes everything: RFC 5321 with PIPELINING, SIZE, 8BITMIME, SMTPUTF8, DSN and AUTH.

Every command of a chunk is worked before the answers leave in one write, so pipelined clients cost one system call
each way. A mail stands in the log before its 250 leaves.
"""

from __future__ import annotations

import asyncio
import re
from typing import Protocol, cast

SIZE_MAX = 26_214_400
LINE_MAX = 2_048
RCPT_MAX = 1_000
SESSIONS_MAX = 1_000
GREETING = b"220 world.example ESMTP\r\n"
EXTENSIONS = (
    "PIPELINING",
    f"SIZE {SIZE_MAX}",
    "8BITMIME",
    "SMTPUTF8",
    "DSN",
    "ENHANCEDSTATUSCODES",
    "AUTH PLAIN LOGIN",
)
_PATH = re.compile(r"(FROM|TO):\s*<([^>]*)>(.*)", re.I | re.S)
_PARAMETERS = {"FROM": {"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "AUTH"}, "TO": {"NOTIFY", "ORCPT"}}


class Verdict:
    """What becomes of a mail: `reply` None cuts the connection; the reply waits `delay_s`."""

    __slots__ = ("delay_s", "reply")

    def __init__(self, reply: bytes | None, delay_s: float = 0.0) -> None:
        self.reply = reply
        self.delay_s = delay_s


class MailTaker(Protocol):
    def is_down(self) -> bool: ...
    def refuses_connection(self) -> bool: ...
    def address_verdict(self, address: str) -> bytes | None:
        """A reply that refuses the address, or None."""

    def take(self, sender: str, recipients: list[str], envid: str | None, data: bytes) -> Verdict: ...


class SmtpSession(asyncio.Protocol):
    def __init__(self, taker: MailTaker, sessions: set[SmtpSession]) -> None:
        self._taker = taker
        self._sessions = sessions
        self._buffer = bytearray()
        self._replies: list[bytes] = []
        self._in_data = False
        self._searched = 0
        self._auth_lines = 0
        self._blocked = False
        self._sender: str | None = None
        self._recipients: list[str] = []
        self._envid: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one by duck typing only
        if self._taker.refuses_connection() or len(self._sessions) >= SESSIONS_MAX:
            self.transport.abort()
            return
        self._sessions.add(self)
        self.transport.write(GREETING)

    def connection_lost(self, exc: Exception | None) -> None:
        self._sessions.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._blocked:
            self._work()

    def _work(self) -> None:
        while not self._blocked and not self.transport.is_closing():
            if not (self._finish_data() if self._in_data else self._next_line()):
                break
        if self._replies and not self.transport.is_closing():
            self.transport.write(b"".join(self._replies))
        self._replies.clear()

    def _next_line(self) -> bool:
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > LINE_MAX:
                self._say(b"500 5.5.2 Line too long\r\n", close=True)
            return False
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        if self._taker.is_down():
            self._say(b"421 4.3.2 Service not available\r\n", close=True)
        elif self._auth_lines:
            self._auth_line()
        else:
            self._command(line.decode("utf-8", "replace"))
        return True

    def _command(self, line: str) -> None:
        verb, _, argument = line.partition(" ")
        match verb.upper():
            case "EHLO":
                self._reset()
                lines = ["world.example", *EXTENSIONS]
                self._say("".join(f"250{'-' if n else ' '}{text}\r\n" for n, text in _counted_down(lines)).encode())
            case "HELO" | "RSET":
                self._reset()
                self._say(b"250 2.0.0 OK\r\n")
            case "MAIL":
                self._mail(argument)
            case "RCPT":
                self._rcpt(argument)
            case "DATA":
                self._data()
            case "AUTH":
                self._auth(argument)
            case "NOOP":
                self._say(b"250 2.0.0 OK\r\n")
            case "VRFY":
                self._say(b"252 2.5.0 Send and see\r\n")
            case "QUIT":
                self._say(b"221 2.0.0 Bye\r\n", close=True)
            case _:
                self._say(b"502 5.5.1 Not known here\r\n")

    def _mail(self, argument: str) -> None:
        found = self._path("FROM", argument)
        if found is None:
            return
        if self._sender is not None:
            self._say(b"503 5.5.1 Sender already given\r\n")
            return
        self._sender, parameters = found
        self._envid = parameters.get("ENVID")
        if parameters.get("SIZE", "0").isdigit() and int(parameters.get("SIZE", "0")) > SIZE_MAX:
            self._sender = None
            self._say(b"552 5.3.4 Too large\r\n")
        else:
            self._say(b"250 2.1.0 OK\r\n")

    def _rcpt(self, argument: str) -> None:
        found = self._path("TO", argument)
        if found is None:
            return
        if self._sender is None:
            self._say(b"503 5.5.1 MAIL first\r\n")
        elif len(self._recipients) >= RCPT_MAX:
            self._say(b"452 4.5.3 Too many recipients\r\n")
        elif "@" not in found[0]:
            self._say(b"501 5.1.3 Not an address\r\n")
        elif refusal := self._taker.address_verdict(found[0]):
            self._say(refusal)
        else:
            self._recipients.append(found[0])
            self._say(b"250 2.1.5 OK\r\n")

    def _path(self, which: str, argument: str) -> tuple[str, dict[str, str]] | None:
        found = _PATH.fullmatch(argument)
        if not found or found[1].upper() != which:
            self._say(b"501 5.5.4 Syntax error\r\n")
            return None
        pairs = (text.partition("=") for text in found[3].split())
        parameters = {name.upper(): value for name, _, value in pairs}
        if not parameters.keys() <= _PARAMETERS[which]:
            self._say(b"555 5.5.4 Parameter not known\r\n")
            return None
        return found[2], parameters

    def _data(self) -> None:
        if not self._recipients:
            self._say(b"554 5.5.1 No valid recipients\r\n" if self._sender is not None else b"503 5.5.1 MAIL first\r\n")
            return
        self._in_data = True
        self._searched = 0
        self._say(b"354 Go ahead\r\n")

    def _finish_data(self) -> bool:
        """RFC 5321 4.5.2. False until the final dot is there."""
        if self._buffer.startswith(b".\r\n"):
            end, after = 0, 3
        else:
            end = self._buffer.find(b"\r\n.\r\n", self._searched)
            if end < 0:
                self._searched = max(0, len(self._buffer) - 4)
                if len(self._buffer) > SIZE_MAX:
                    self._say(b"552 5.3.4 Too large\r\n", close=True)
                return False
            end, after = end + 2, end + 5
        data = bytes(self._buffer[:end])
        del self._buffer[:after]
        self._in_data = False
        if data.startswith(b".."):
            data = data[1:]
        verdict = self._taker.take(self._sender or "", self._recipients, self._envid, data.replace(b"\r\n..", b"\r\n."))
        self._reset()
        self._answer(verdict)
        return True

    def _answer(self, verdict: Verdict) -> None:
        if verdict.reply is None:
            self.transport.abort()
        elif verdict.delay_s > 0:
            self._blocked = True
            self.transport.pause_reading()
            asyncio.get_running_loop().call_later(verdict.delay_s, self._resume, verdict.reply)
        else:
            self._say(verdict.reply, close=verdict.reply.startswith(b"421"))  # RFC 5321 3.8

    def _resume(self, reply: bytes) -> None:
        if self.transport.is_closing():
            return
        self._blocked = False
        self.transport.resume_reading()
        self._say(reply)
        self._work()

    def _auth(self, argument: str) -> None:
        """Any name and password will do."""
        mechanism, _, initial = argument.partition(" ")
        wanted = {"PLAIN": 1, "LOGIN": 2}.get(mechanism.upper())
        if wanted is None:
            self._say(b"504 5.5.4 Mechanism not known\r\n")
            return
        self._auth_lines = wanted - bool(initial)
        self._ask_auth()

    def _auth_line(self) -> None:
        self._auth_lines -= 1
        self._ask_auth()

    def _ask_auth(self) -> None:
        prompt = {0: b"235 2.7.0 Welcome\r\n", 1: b"334 UGFzc3dvcmQ6\r\n", 2: b"334 VXNlcm5hbWU6\r\n"}
        self._say(prompt[self._auth_lines])

    def _say(self, reply: bytes, *, close: bool = False) -> None:
        self._replies.append(reply)
        if close:
            self.transport.write(b"".join(self._replies))
            self._replies.clear()
            self.transport.close()

    def _reset(self) -> None:
        self._sender = None
        self._recipients = []
        self._envid = None

    def cut(self) -> None:
        self.transport.abort()


def _counted_down(lines: list[str]) -> list[tuple[int, str]]:
    return [(len(lines) - 1 - n, line) for n, line in enumerate(lines)]
