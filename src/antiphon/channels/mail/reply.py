"""What a mail says: who, what about, the text without quotations, what it answers, what hangs on it."""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from typing import Final
from urllib.parse import unquote

from msgspec import Struct

from antiphon.channels.mail import parts
from antiphon.channels.mail.addresses import all_in, tidy
from antiphon.channels.mail.markup import HTML_CHARS_MAX, to_text
from antiphon.channels.mail.quotes import Cut, cut

TEXT_CHARS_MAX: Final = 50_000
SUBJECT_CHARS_MAX: Final = 500
ATTACHMENTS_NAMED: Final = 20
ANSWERED_MAX: Final = 30

BODIES_MAX: Final = 8
"""Parts that are read as text: list servers and gateways add a few."""

_TEXT_BYTES_MAX = 4 * HTML_CHARS_MAX
_SENDER_BYTES_MAX = 320  # RFC 5321 4.5.3.1: 64 + 1 + 255; an index takes no more than a few times that
_NAME_CHARS_MAX = 100
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_IN_ANGLES = re.compile(r"<([^<>]*)>")
_LASTING = ("date", "from", "to", "cc", "subject", "in-reply-to")  # headers that no server on the way changes
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,250})>")


class Written(Struct, frozen=True):
    """`sender` is in lower case, empty where there is none. `answered`: ids of the mails it answers, without brackets,
    the nearest first."""

    sender: str
    subject: str
    message_id: str
    body: Cut
    answered: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What was said, then what hangs on it, by name."""
        if not self.attachments:
            return self.body.said
        named = ", ".join(self.attachments[:ATTACHMENTS_NAMED])
        more = len(self.attachments) - ATTACHMENTS_NAMED
        return f"{self.body.said}\n\n[{named}{f', +{more}' if more > 0 else ''}]".strip()


def read_written(mail: parts.Mail, raw: bytes) -> Written:
    headers = mail.headers
    name, sender = _from(headers.first("from")[:2_000])
    bodies = [part for part in mail.leaves if _is_body(part)]
    plain = _joined("\n", (clean(_flowed(part)) for part in bodies if part.kind == "text/plain"))
    if not plain.strip():
        plain = _joined("\n\n", (to_text(clean(_text(part))) for part in bodies if part.kind == "text/html"))
    return Written(
        sender=sender,
        subject=clean(parts.words(headers.first("subject")))[:SUBJECT_CHARS_MAX].replace("\n", " ").strip(),
        message_id=_message_id(headers, raw),
        body=cut(plain[:TEXT_CHARS_MAX], sender=name),
        answered=_answered(headers),
        attachments=tuple(_name(part) for part in mail.leaves if not _is_body(part)),
    )


def _joined(gap: str, texts: Iterator[str]) -> str:
    """As many as can matter: what comes after the longest text that is kept is not even decoded."""
    found: list[str] = []
    for text in islice(texts, BODIES_MAX):
        found.append(text)
        if sum(map(len, found)) > TEXT_CHARS_MAX:
            break
    return gap.join(found)


def _from(value: str) -> tuple[str, str]:
    """Name and address. What stands in quotes is a name, even if it looks like an address of somebody else."""
    unquoted = _QUOTED.sub(" ", value)
    found = _IN_ANGLES.search(unquoted)
    address = tidy(found[1]) if found else next(iter(all_in(unquoted)), "")
    name = value.partition("<")[0] if found else ""
    address = address.lower() if len(address.encode()) <= _SENDER_BYTES_MAX else ""
    return clean(parts.words(name.strip(' "'))).strip(' "'), address


def clean(text: str) -> str:
    """Without what cannot be stored or seen. Before HTML becomes text: its marks (`quotes.REST`) are of that kind."""
    return _UNPRINTABLE.sub("", text)


def _is_body(part: parts.Part) -> bool:
    if part.kind not in ("text/plain", "text/html"):
        return False
    disposition = part.headers.first("content-disposition").lower()
    return not disposition.startswith("attachment") and "filename" not in disposition


def _text(part: parts.Part) -> str:
    """In its charset; what names none that we know is UTF-8, else as Windows writes it in the west."""
    encoding = part.headers.first("content-transfer-encoding").strip().lower()
    body = part.body[:_TEXT_BYTES_MAX]
    if encoding == "base64":
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
        body = binascii.a2b_base64(letters[: len(letters) // 4 * 4] + _padding(letters))
    elif encoding == "quoted-printable":
        body = binascii.a2b_qp(body)
    charset = parts.parameter(part.headers.first("content-type"), "charset")
    if not _is_known(charset):
        try:
            return body.decode()
        except UnicodeDecodeError:
            return body.decode("cp1252", "replace")
    return parts.in_charset(body, charset)


def _padding(letters: bytes) -> bytes:
    left = letters[len(letters) // 4 * 4 :]
    return left + b"=" * (4 - len(left)) if len(left) > 1 else b""


def _is_known(charset: str) -> bool:
    try:
        return codecs.lookup(charset).name not in ("ascii", "utf-8")
    except (LookupError, ValueError):
        return False


def _flowed(part: parts.Part) -> str:
    """RFC 3676: a line that ends with a blank goes on in the next one of the same depth."""
    text = _text(part).replace("\r\n", "\n")
    content_type = part.headers.first("content-type")
    if parts.parameter(content_type, "format").lower() != "flowed":
        return text
    joiner = "" if parts.parameter(content_type, "delsp").lower() == "yes" else " "
    lines: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        rest = line[depth:].removeprefix(" ")
        if open_depth == depth and lines:
            lines[-1] = f"{lines[-1].removesuffix(' ')}{joiner}{rest}"
        else:
            lines.append(f"{'>' * depth} {rest}" if depth else rest)
        open_depth = depth if rest.endswith(" ") and rest != "-- " and len(lines[-1]) < 10_000 else -1
    return "\n".join(lines)


def _message_id(headers: parts.Headers, raw: bytes) -> str:
    """Its own, or one made of what it is: the same mail read twice is one, also where it came in two ways and each
    server wrote lines of its own above it. Where it bears no date, only the same bytes are the same mail."""
    found = _MESSAGE_ID.search(headers.first("message-id"))
    if found and (named := clean(found[1])):
        return named
    if headers.first("date"):
        signs = "\n".join(f"{name}:{headers.first(name)}" for name in _LASTING)
        body = parts.split(raw.replace(b"\r\n", b"\n"))[1].rstrip()
        raw = signs.encode("utf-8", "replace") + b"\n\n" + body
    return f"sha256:{sha256(raw).hexdigest()}"


def _answered(headers: parts.Headers) -> tuple[str, ...]:
    nearest = _MESSAGE_ID.findall(headers.first("in-reply-to")[:2_000])
    earlier = _MESSAGE_ID.findall(headers.first("references")[-8_000:])[::-1]
    return tuple(dict.fromkeys([*nearest, *earlier]))[:ANSWERED_MAX]


def _name(part: parts.Part) -> str:
    disposition, content_type = part.headers.first("content-disposition"), part.headers.first("content-type")
    extended = parts.parameter(disposition, r"filename\*") or parts.parameter(content_type, r"name\*")
    plain = parts.parameter(disposition, "filename") or parts.parameter(content_type, "name")
    name = unquote(extended.rpartition("'")[2]) if extended else parts.words(plain)
    name = re.sub(r"[\s\[\],]+", " ", clean(re.split(r"[/\\]", name)[-1])).strip()
    return name[-_NAME_CHARS_MAX:] or part.kind
