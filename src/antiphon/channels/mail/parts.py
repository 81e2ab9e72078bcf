"""A mail taken apart, within bounds.

The parser of the standard library follows every boundary as deep as it goes; a report needs the first few parts and
the beginning of each. So this one looks at no more than the bounds below, whatever comes, and raises nothing.
"""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from typing import Final

from msgspec import Struct

HEADER_BYTES_MAX: Final = 64 * 1024
HEADER_LINES_MAX: Final = 500
TEXT_BYTES_MAX: Final = 128 * 1024
LINE_CHARS_MAX: Final = 2_000
LINES_MAX: Final = 2_000
LEAVES_MAX: Final = 40
PARTS_MAX: Final = 200
"""With those that hold others, or nothing at all."""
DEPTH_MAX: Final = 6

RETURNED: Final = ("message/rfc822", "message/global", "message/partial")
RETURNED_HEADERS: Final = (
    "text/rfc822-headers",
    "text/rfc822-header",
    "text/rfc822",
    "message/rfc822-headers",
    "message/rfc822-header",
    "message/global-headers",
    "message/headers",
)
# Of text encodings only these: some others (punycode) take quadratic time.
_CHARSETS = re.compile(
    r"(?:utf|ucs|iso|windows|cp|ibm|koi8|gb|big5|hz|euc|shift|sjis|us-ascii|ascii|ks_c|latin|mac|tis|x-sjis)[\w.:-]*$",
    re.IGNORECASE,
)
_FIELD = re.compile(r"([!-9;-~]{1,80})[ \t]*:[ \t]*(.*)$")
_BLANK = re.compile(rb"\n[ \t]*\n")
_BREAKS = re.compile(r"<(?:br|/p|p|/div|div|/tr|/td|/h\d|/li|/pre)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


class Headers(dict[str, list[str]]):
    """Values by name in lower case, unfolded, in the order they stand."""

    def first(self, name: str) -> str:
        return self.get(name, [""])[0]


class Part(Struct, frozen=True):
    """`kind` is the media type in lower case; `body` is as it was sent, in its transfer encoding."""

    kind: str
    headers: Headers
    body: bytes

    def text(self) -> str:
        """The beginning of the body, decoded, with `\\n` between lines; HTML without its tags."""
        body = _decoded(self.body[:TEXT_BYTES_MAX], self.headers.first("content-transfer-encoding").lower())
        text = _lines(in_charset(body, parameter(self.headers.first("content-type"), "charset")))
        return _lines(_without_tags(text)) if self.kind == "text/html" or text[:200].lstrip()[:5] == "<html" else text

    def enclosed(self) -> tuple[Headers, bytes]:
        """Headers and body of the mail that is this part's body."""
        body = self.body
        if self.headers.first("content-transfer-encoding").lower() in ("base64", "quoted-printable"):
            body = _decoded(body[:TEXT_BYTES_MAX], self.headers.first("content-transfer-encoding").lower())
        return split(body)


class Mail(Struct, frozen=True):
    headers: Headers
    leaves: tuple[Part, ...]


def take_apart(raw: bytes) -> Mail:
    """Mails inside the mail stay closed: they are ours coming back, not what was said of them."""
    raw = raw.replace(b"\r\n", b"\n") if b"\n" in raw else raw.replace(b"\r", b"\n")
    headers, body = split(raw)
    leaves: list[Part] = []
    for part in _leaves(headers, body, DEPTH_MAX, iter(range(PARTS_MAX))):
        leaves.append(part)
        if len(leaves) == LEAVES_MAX:
            break
    return Mail(headers, tuple(leaves))


def split(raw: bytes) -> tuple[Headers, bytes]:
    raw = raw.lstrip(b"\n") if raw[:1] == b"\n" else raw
    end = _BLANK.search(raw, 0, HEADER_BYTES_MAX)
    block, body = (raw[: end.start()], raw[end.end() :]) if end else (raw[:HEADER_BYTES_MAX], b"")
    return fields(block.decode("utf-8", "replace")), body


def fields(block: str) -> Headers:
    found = Headers()
    unfolded = re.sub(r"\n[ \t]+", " ", block)
    for line in unfolded.split("\n", HEADER_LINES_MAX)[:HEADER_LINES_MAX]:
        if field := _FIELD.match(line[: LINE_CHARS_MAX * 4]):
            found.setdefault(field[1].lower(), []).append(field[2].strip())
    return found


def parameter(value: str, name: str) -> str:
    found = re.search(rf';\s*{name}\s*=\s*(?:"([^"]*)"|([^;\s]+))', value[:LINE_CHARS_MAX], re.IGNORECASE)
    return (found[1] or found[2] or "") if found else ""


def words(value: str) -> str:
    """A header value with its encoded words (RFC 2047) read."""
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value[:LINE_CHARS_MAX])
    except (ValueError, HeaderParseError):
        return value
    return "".join(piece if isinstance(piece, str) else in_charset(piece, charset or "") for piece, charset in pieces)


def in_charset(body: bytes, charset: str) -> str:
    if not _CHARSETS.match(charset) or charset.lower() in ("us-ascii", "ascii"):
        charset = "utf-8"
    try:
        return body.decode(charset, "replace")
    except (LookupError, UnicodeError):
        return body.decode("utf-8", "replace")


def _leaves(headers: Headers, body: bytes, depth: int, left: Iterator[int]) -> Iterator[Part]:
    if next(left, None) is None:
        return
    content_type = headers.first("content-type")
    kind = content_type.partition(";")[0].strip().lower() or "text/plain"
    boundary = parameter(content_type, "boundary") if kind.startswith("multipart/") else ""
    pieces = _between(body, boundary.rstrip()) if boundary and depth else None
    if pieces is None:
        # A boundary that never comes, or one too deep: what there is, is read as text.
        yield Part("text/plain" if kind.startswith("multipart/") or "/" not in kind else kind, headers, body)
        return
    for piece in pieces:
        yield from _leaves(*split(piece if piece[:1] != b"\n" else b"X-None: -\n" + piece), depth - 1, left)


def _between(body: bytes, boundary: str) -> list[bytes] | None:
    mark = b"\n--" + boundary.encode("utf-8", "replace")
    body = b"\n" + body
    at = body.find(mark)
    if at < 0:
        return None
    pieces: list[bytes] = []
    while at >= 0 and len(pieces) < LEAVES_MAX:
        start = at + len(mark)
        if body[start : start + 2] == b"--":
            break
        at = body.find(mark, start)
        line_end = body.find(b"\n", start, start + LINE_CHARS_MAX)
        if line_end >= 0:
            pieces.append(body[line_end + 1 : at if at >= 0 else len(body)])
    return pieces


def _decoded(body: bytes, encoding: str) -> bytes:
    if "quoted-printable" in encoding:
        return binascii.a2b_qp(body)
    if "base64" in encoding:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
        try:
            return binascii.a2b_base64(letters[: len(letters) // 4 * 4] + b"")
        except binascii.Error:
            return body
    return body


def _lines(text: str) -> str:
    lines = text.replace("\r", "\n").replace("\0", "").split("\n", LINES_MAX)[:LINES_MAX]
    return "\n".join(line[:LINE_CHARS_MAX] for line in lines)


def _without_tags(text: str) -> str:
    for opening, closing in (("<style", "</style>"), ("<script", "</script>"), ("<!--", "-->"), ("<head", "</head>")):
        text = _without(text, opening, closing)
    text = re.sub(r"<\s*([\w.+=-]{1,64}@[\w.-]{1,200})\s*>", r" \1 ", text)
    text = html.unescape(_TAG.sub(" ", _BREAKS.sub("\n", text))).replace("\xa0", " ")
    return re.sub(r"[ \t]{2,}", " ", text)


def _without(text: str, opening: str, closing: str) -> str:
    lower = text.lower()
    kept: list[str] = []
    at = 0
    while (start := lower.find(opening, at)) >= 0 and (end := lower.find(closing, start)) >= 0:
        kept.append(text[at:start])
        at = end + len(closing)
    return "".join(kept) + text[at:]
