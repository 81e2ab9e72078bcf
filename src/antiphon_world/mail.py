"""Reading a mail as a mail client does (RFC 5322, 2045, 2047, 8058), fast enough to read every one.

Malformed mail is read as far as it goes and never raises.
"""

from __future__ import annotations

import binascii
import re
from email.header import decode_header, make_header
from email.utils import parseaddr
from html import unescape
from urllib.parse import urlsplit

from msgspec import Struct

from antiphon_world.letter import LINKS_MAX, URL_MAX, is_tracked, tracked_links

DEPTH_MAX = 5
PARTS_MAX = 50
KEPT = {
    b"from": "From",
    b"to": "To",
    b"subject": "Subject",
    b"date": "Date",
    b"message-id": "Message-ID",
    b"x-antiphon-delivery": "X-Antiphon-Delivery",
    b"feedback-id": "Feedback-ID",
}
"""Headers that go back with what is written about a mail."""
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_BOUNDARY = re.compile(rb'boundary="?([^";\r\n]{1,70})', re.I)
# Begins with a literal, which a search finds by far the fastest; what stands before it is looked at afterwards.
_URL = re.compile(r"""https?://[^\s"'<>]+""")
_BEFORE = re.compile(r"""\b(href|src)\s*=\s*["']?$""", re.I)
_ONE_CLICK = re.compile(r"<\s*(https?://[^>\s]+)\s*>")

Headers = dict[bytes, bytes]


class Mail(Struct, frozen=True):
    subject: str
    text: str
    sender: str
    delivery: str | None
    links: tuple[str, ...]
    pixel: str | None
    unsubscribe: str | None
    preferences: str | None
    message_id: str
    answer_to: str
    head: str


def read_mail(raw: bytes) -> Mail:
    headers, _, _ = _split(raw)
    html, text = _bodies(raw, DEPTH_MAX)
    return _read(headers, html, text)


def read_parts(html: str, text: str, headers: dict[str, str]) -> Mail:
    """A mail that was given in pieces. The names of headers in lower case."""
    return _read({name.encode(): value.encode("utf-8", "replace") for name, value in headers.items()}, html, text)


def _read(headers: Headers, html: str, text: str) -> Mail:
    links, pixel, preferences = _of_html(html) if html else (tracked_links(text), None, None)
    one_click = b"one-click" in headers.get(b"list-unsubscribe-post", b"").lower()
    listed = _ONE_CLICK.search(_word(headers.get(b"list-unsubscribe", b""))) if one_click else None
    return Mail(
        subject=_word(headers.get(b"subject", b"")),
        text=text or re.sub(r"<[^>]+>", " ", html[:20_000]),
        sender=_word(headers.get(b"from", b"")),
        delivery=_delivery(headers),
        links=links,
        pixel=pixel,
        unsubscribe=listed[1][:URL_MAX] if listed else None,
        preferences=preferences,
        message_id=_word(headers.get(b"message-id", b""))[:300],
        answer_to=parseaddr(_word(headers.get(b"reply-to") or headers.get(b"from", b"")))[1],
        head="\n".join(f"{name}: {_word(headers[key])[:500]}" for key, name in KEPT.items() if key in headers),
    )


def _split(raw: bytes) -> tuple[Headers, bytes, bytes]:
    """Headers by lower-case name (the first of each), the body, and the Content-Type."""
    end = raw.find(b"\r\n\r\n")
    head, body = (raw, b"") if end < 0 else (raw[:end], raw[end + 4 :])
    headers: Headers = {}
    for line in _FOLD.sub(b"", head).split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return headers, body, headers.get(b"content-type", b"text/plain")


def _delivery(headers: Headers) -> str | None:
    """Our sender's token: `X-Antiphon-Delivery`, else the left part of the Message-ID."""
    if named := headers.get(b"x-antiphon-delivery"):
        return named.decode("ascii", "replace")[:200]
    left = headers.get(b"message-id", b"").strip(b"<> ").partition(b"@")[0]
    return left.decode("ascii", "replace")[:200] or None


def _bodies(raw: bytes, depth: int) -> tuple[str, str]:
    """The first HTML and the first plain text, at most five multiparts deep."""
    headers, body, kind = _split(raw)
    lowered = kind.lower()
    if not lowered.startswith(b"multipart/"):
        text = _decoded(headers, body, lowered)
        return (text, "") if lowered.startswith(b"text/html") else ("", text if lowered.startswith(b"text/") else "")
    boundary = _BOUNDARY.search(kind)
    if not boundary or depth == 0:
        return "", ""
    html = text = ""
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary[1].strip())[1:PARTS_MAX]:
        if part.startswith(b"--"):
            break
        found = _bodies(part.partition(b"\r\n")[2], depth - 1)
        html, text = html or found[0], text or found[1]
    return html, text


def _decoded(headers: Headers, body: bytes, kind: bytes) -> str:
    encoding = headers.get(b"content-transfer-encoding", b"").lower()
    if encoding == b"quoted-printable":
        body = binascii.a2b_qp(body)
    elif encoding == b"base64":
        try:
            body = binascii.a2b_base64(body)
        except binascii.Error:
            return ""
    return body.decode("latin-1" if b"iso-8859-1" in kind else "utf-8", "replace")


def _of_html(html: str) -> tuple[tuple[str, ...], str | None, str | None]:
    """The tracked links (absolute, in `href`), the open pixel (in `src`), the link to the preference centre."""
    links: dict[str, None] = {}
    pixel = preferences = None
    for found in _URL.finditer(html):
        if not any(kind in found[0] for kind in ("/c/", "/o/", "/p/")):
            continue
        before = _BEFORE.search(html, max(0, found.start() - 20), found.start())
        if before is None:
            continue
        url = unescape(found[0])[:URL_MAX]
        if before[1].lower() == "src":
            pixel = pixel or (url if "/o/" in url else None)
        elif is_tracked(url) and len(links) < LINKS_MAX:
            links[url] = None
        elif preferences is None and urlsplit(url).path.startswith("/p/"):
            preferences = url
    return tuple(links), pixel, preferences


def _word(value: bytes) -> str:
    """A header's text: encoded words decoded, raw UTF-8 (RFC 6532) as it is."""
    text = value.decode("utf-8", "replace")
    if "=?" not in text:
        return text
    try:
        return str(make_header(decode_header(text)))
    except (LookupError, ValueError):
        return text
