"""Header lines that nobody can break out of: addresses are proven, texts are cleaned and encoded."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import lru_cache

import idna
from msgspec import Struct

LINE_MAX = 998  # RFC 5322 2.1.1, without CRLF
FOLD_AT = 76  # RFC 2047 2: a line with an encoded word
URL_MAX = 900
_WORD_BYTES = 39  # 52 characters of base64, so that `Subject: ` and one encoded word fit FOLD_AT

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u00a1-\U0010ffff]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_URL = re.compile(r"https?://[!-;=?-~]+")
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")


class Unsafe(ValueError):
    """This text cannot stand in a header or an envelope."""


class Mailbox(Struct, frozen=True):
    """A proven address. `domain` is in its ASCII form; `utf8` says that the part before the @ is not ASCII."""

    local: str
    domain: str
    utf8: bool

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def mailbox(address: str) -> Mailbox:
    """Reads a bare address: a dot-atom (RFC 5322, RFC 6531) at a domain name; 64 + 1 + 255, at most 254 octets.

    Quoted local parts and address literals are refused: no consumer has one and both are ways to inject.
    Raises `Unsafe`.
    """
    local, at, domain = address.rpartition("@")
    plain = _PLAIN.fullmatch(local) is not None
    if not at or not (plain or (_LOCAL.fullmatch(local) and local.isprintable())):
        raise Unsafe("not an e-mail address")
    domain = domain if domain.isascii() else _ascii_domain(domain)
    octets = len(local.encode())
    if not _DOMAIN.fullmatch(domain) or octets > 64 or octets + 1 + len(domain) > 254:
        raise Unsafe("not an e-mail address")
    return Mailbox(local, domain, not plain)


def is_domain(name: str) -> bool:
    return len(name) <= 253 and _DOMAIN.fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _ascii_domain(domain: str) -> str:
    """IDNA 2008: with the 2003 rules of the standard library, `straße.example` would be somebody else's domain."""
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise Unsafe("not a domain name") from error


def url(text: str) -> str:
    """An http(s) URL that can stand between angle brackets on one line. Raises `Unsafe`."""
    if len(text) > URL_MAX or not _URL.fullmatch(text):
        raise Unsafe(f"not an http(s) URL of at most {URL_MAX} visible ASCII characters")
    return text


def clean(text: str) -> str:
    """One line: each run of blanks, controls and line separators becomes one blank."""
    return _UNPRINTABLE.sub(" ", text).strip()


@lru_cache(maxsize=512)
def unstructured(name: str, text: str) -> str:
    """The value of a header of free text (RFC 5322 2.2.1): as it is, folded at blanks, or in encoded words."""
    text = clean(text)
    if not text.isascii() or "=?" in text:
        return _encoded_words(text)
    if len(name) + 2 + len(text) <= FOLD_AT:
        return text
    return _folded(text, FOLD_AT - len(name) - 2)


@lru_cache(maxsize=512)
def display(name: str, address: str) -> str:
    """`name <address>` (RFC 5322 3.4), the name plain, quoted or in encoded words."""
    name = clean(name)
    if not name:
        return f"<{address}>"
    if not name.isascii() or "=?" in name or len(name) > FOLD_AT - 10:
        name = _encoded_words(name)
    elif not _PHRASE.fullmatch(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    blank = "\r\n " if len(name) + len(address) > FOLD_AT - 10 else " "
    return f"{name}{blank}<{address}>"


def _folded(text: str, room: int) -> str:
    lines = [""]
    for word in text.split(" "):
        if len(word) > FOLD_AT:
            return _encoded_words(text)
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append("")
            room = FOLD_AT - 1
        lines[-1] += f" {word}" if lines[-1] else word
    return "\r\n ".join(lines)


def _encoded_words(text: str) -> str:
    """RFC 2047 2 and 5: no word beyond 75 characters, no character cut in two."""
    words: list[bytes] = [b""]
    for character in text:
        octets = character.encode("utf-8", "replace")
        if len(words[-1]) + len(octets) > _WORD_BYTES:
            words.append(b"")
        words[-1] += octets
    return "\r\n ".join(f"=?utf-8?B?{b64encode(word).decode()}?=" for word in words)
