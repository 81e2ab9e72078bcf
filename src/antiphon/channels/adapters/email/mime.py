"""A message as bytes: header lines and a body that is already canonical for DKIM (`simple`, RFC 6376 3.4.3)."""

from __future__ import annotations

import binascii
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from msgspec import Struct

from antiphon.channels.adapters.email.headers import LINE_MAX, display, mailbox, unstructured, url
from antiphon.kernel.records import EmailBody


class Message(Struct, frozen=True):
    """`headers` are names with folded values, in order; `body` ends with one CRLF. Neither is dot-stuffed."""

    headers: list[tuple[str, str]]
    body: bytes

    def encode(self) -> bytes:
        head = "".join([f"{name}: {value}\r\n" for name, value in self.headers])
        return head.encode() + b"\r\n" + self.body


def assemble(body: EmailBody, *, to: str, token: str, at_wall: float, eight_bit: bool, inbox: str = "") -> Message:
    """The message for one address. Without `eight_bit` all beyond ASCII goes as quoted-printable.

    `inbox` is a domain of ours where mail is read: an answer finds its message there, and a mail unsubscribes, for who
    knows no other way (RFC 2369 3.2).

    Raises `headers.Unsafe` where a sender, reply address or link cannot stand in a header.
    """
    sender = _sender(body.sender)
    headers = [
        ("From", display(body.sender_name, sender)),
        ("To", f"<{to}>"),
        ("Subject", unstructured("Subject", body.subject)),
        ("Date", _date(int(at_wall))),
        ("Message-ID", f"<{token}@{sender.rpartition('@')[2]}>"),
    ]
    if body.reply_to or inbox:
        answers = mailbox(body.reply_to) if body.reply_to else f"reply+{token}@{inbox}"
        headers.append(("Reply-To", f"<{answers}>"))
    if body.unsubscribe_url:  # RFC 8058 3.1
        by_mail = f", <mailto:unsubscribe+{token}@{inbox}>" if inbox else ""
        headers.append(("List-Unsubscribe", f"<{url(body.unsubscribe_url)}>{by_mail}"))
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    if body.automatic:  # RFC 3834 5
        headers.append(("Auto-Submitted", "auto-generated"))
    if body.feedback_id:
        headers.append(("Feedback-ID", unstructured("Feedback-ID", body.feedback_id)))
    headers.append(("X-Antiphon-Delivery", token))
    headers.append(("MIME-Version", "1.0"))
    return _with_content(headers, body, token=token, eight_bit=eight_bit)


def dot_stuff(content: bytes) -> bytes:
    """RFC 5321 4.5.2: a line that begins with a dot gets a second one. Lines end with CRLF."""
    if b"\r\n." in content:
        content = content.replace(b"\r\n.", b"\r\n..")
    return b"." + content if content.startswith(b".") else content


def _with_content(headers: list[tuple[str, str]], body: EmailBody, *, token: str, eight_bit: bool) -> Message:
    if not (body.text and body.html):
        kind, text = ("html", body.html) if body.html else ("plain", body.text)
        encoding, content = _part(text, eight_bit=eight_bit)
        headers.append(("Content-Type", f"text/{kind}; charset=utf-8"))
        headers.append(("Content-Transfer-Encoding", encoding))
        return Message(headers, content.rstrip(b"\r\n") + b"\r\n")
    boundary = _boundary(token, body)
    headers.append(("Content-Type", f'multipart/alternative; boundary="{boundary}"'))
    parts = []
    for kind, text in (("plain", body.text), ("html", body.html)):
        encoding, content = _part(text, eight_bit=eight_bit)
        head = f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}"
        parts += [head.encode(), b"\r\n\r\n", content]
    return Message(headers, b"".join([*parts, f"--{boundary}--\r\n".encode()]))


def _part(text: str, *, eight_bit: bool) -> tuple[str, bytes]:
    """The content-transfer-encoding (RFC 2045 6) and the encoded text, which ends with a CRLF."""
    data = text.encode("utf-8", "replace")
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    data = data.replace(b"\n", b"\r\n") + b"\r\n"
    if _lines_fit(data) and b"\0" not in data:
        if data.isascii():
            return "7bit", data
        if eight_bit:
            return "8bit", data
    return "quoted-printable", binascii.b2a_qp(data)


def _lines_fit(data: bytes) -> bool:
    """Whether no line is longer than LINE_MAX octets. Looks at one newline in each window, so a long text is cheap."""
    start, window = 0, LINE_MAX + 2
    while start + window <= len(data):
        newline = data.rfind(b"\n", start, start + window)
        if newline < 0:
            return False
        start = newline + 1
    return True


def _boundary(token: str, body: EmailBody) -> str:
    """A boundary that is in neither part. Each further `=` shuts out one family of texts; the text has an end."""
    boundary = f"=_{token}"
    for _ in range(20):
        if boundary not in body.text and boundary not in body.html:
            break
        boundary = f"={boundary}"
    return boundary[:70]  # RFC 2046 5.1.1


@lru_cache(maxsize=256)
def _sender(address: str) -> str:
    return str(mailbox(address))


@lru_cache(maxsize=8)
def _date(at_wall_s: int) -> str:
    return format_datetime(datetime.fromtimestamp(at_wall_s, UTC))
