"""What an SMTP server says: replies, and the extensions it offers."""

from __future__ import annotations

import re

from msgspec import Struct

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
_QUEUE_ID = re.compile(
    r"queued as ([\w.-]+)"  # Postfix, Haraka
    r"|\bid=([\w.-]+)"  # Exim
    r"|^(?:2\.\d\.\d )?(\w{14,18}) Message accepted for delivery"  # Sendmail
    r"|^Ok ([0-9a-f-]{20,})$",  # Amazon SES
    re.IGNORECASE,
)


class Reply(Struct, frozen=True):
    """A complete reply (RFC 5321 4.2); the lines of `text` are joined by newlines and carry no code."""

    code: int
    text: str

    @property
    def enhanced(self) -> str:
        """The enhanced status code (RFC 3463), such as `5.1.1`, or an empty text."""
        found = _ENHANCED.match(self.text)
        return found[1] if found else ""

    @property
    def queue_id(self) -> str | None:
        """The name under which the server queued the message, where it has said so in a form that we know."""
        found = _QUEUE_ID.search(self.text)
        return found[found.lastindex or 0] if found else None

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class SetupRefused(Exception):
    """The server said no before any message: to the connection, to TLS or to our credentials."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(str(reply))


class ConnectionLost(ConnectionError):
    """The connection ended, or its words made no sense, before the answer came."""


class Extensions(Struct, frozen=True):
    """What EHLO offered. `size_max` is None where the server names no limit."""

    pipelining: bool = False
    eight_bit: bool = False
    utf8: bool = False
    dsn: bool = False
    size: bool = False
    size_max: int | None = None
    starttls: bool = False
    auth: frozenset[str] = frozenset()


def extensions(ehlo: Reply) -> Extensions:
    """Reads the lines after the first of an EHLO reply. `AUTH=LOGIN` is an old spelling that is still met."""
    offered: dict[str, list[str]] = {}
    for line in ehlo.text.split("\n")[1:]:
        keyword, *parameters = line.upper().replace("=", " ").split() or [""]
        offered.setdefault(keyword, []).extend(parameters)
    size = next(iter(offered.get("SIZE", [])), "0")
    return Extensions(
        pipelining="PIPELINING" in offered,
        eight_bit="8BITMIME" in offered,
        utf8="SMTPUTF8" in offered,
        dsn="DSN" in offered,
        size="SIZE" in offered,
        size_max=int(size) or None if size.isascii() and size.isdigit() else None,
        starttls="STARTTLS" in offered,
        auth=frozenset(offered.get("AUTH", [])),
    )
