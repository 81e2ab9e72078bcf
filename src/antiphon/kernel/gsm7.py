"""What an SMS costs and how its octets look.

Source: 3GPP TS 23.038 6.2.1 (the default alphabet and its extension table) and TS 23.040 9.2.3.24 (joined
messages). National shift tables are not used: operators rarely carry them.
"""

from __future__ import annotations

import re
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

SINGLE_SEPTETS, JOINED_SEPTETS = 160, 153
SINGLE_OCTETS, JOINED_OCTETS = 140, 134
"""UCS-2: 70 and 67 units of two octets. A joined part pays 6 octets for its header with an 8-bit reference."""

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {"\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40}
EXTENSION["€"] = 0x65

ESCAPE = 0x1B
_ALPHABET = re.escape(BASIC.replace("\x1b", "") + "".join(EXTENSION))
_UNUSUAL = re.compile(f"[^{_ALPHABET}]")
_EXTENDED = re.compile(f"[{re.escape(''.join(EXTENSION))}]")
_TO_SEPTETS = {ord(char): code for code, char in enumerate(BASIC)} | {
    ord(char): f"\x1b{chr(code)}" for char, code in EXTENSION.items()
}
_FROM_SEPTETS = dict(enumerate(BASIC))
_FROM_EXTENSION = {code: char for char, code in EXTENSION.items()}
_ESCAPED = re.compile(r"\x1b(.?)", re.DOTALL)


def encoding(text: str) -> Encoding:
    """`UCS-2` as soon as one character lies outside the default alphabet: it changes the price of them all."""
    return "UCS-2" if _UNUSUAL.search(text) else "GSM-7"


def unusual(text: str) -> str:
    """The characters that force UCS-2, each once, in order of appearance."""
    return "".join(dict.fromkeys(_UNUSUAL.findall(text)))


def segments(text: str) -> int:
    """Billable SMS segments: 160 septets alone or 153 joined; 70 or 67 UTF-16 units beyond GSM-7.

    A character of two units never straddles two segments. Nothing to say still costs one.
    """
    if _UNUSUAL.search(text):
        return _count(_utf16(text), single=SINGLE_OCTETS, joined=JOINED_OCTETS)
    if len(text) <= SINGLE_SEPTETS // 2 or len(text) + len(_EXTENDED.findall(text)) <= SINGLE_SEPTETS:
        return 1
    return _count(_septets(text), single=SINGLE_SEPTETS, joined=JOINED_SEPTETS)


def parts(text: str) -> list[bytes]:
    """The octets of each segment, without any header: one septet an octet for GSM-7, UTF-16BE for UCS-2."""
    if _UNUSUAL.search(text):
        return _split(_utf16(text), single=SINGLE_OCTETS, joined=JOINED_OCTETS)
    return _split(_septets(text), single=SINGLE_SEPTETS, joined=JOINED_SEPTETS)


def encode(text: str) -> bytes:
    """Unpacked septets, one an octet. ValueError for text whose `encoding` is UCS-2."""
    if _UNUSUAL.search(text):
        raise ValueError(f"outside the GSM-7 alphabet: {unusual(text)}")
    return _septets(text)


def decode(septets: bytes) -> str:
    """Text of unpacked septets. An unknown escape shows the character of the basic table (TS 23.038 6.2.1.1).

    An octet of 128 and more is no septet: it is read as the Latin-1 that some operators send under the same name.
    """
    return _ESCAPED.sub(_unescape, septets.decode("latin-1")).translate(_AFTER_ESCAPES)


_PRIVATE = 0xE000
_AFTER_ESCAPES = _FROM_SEPTETS | {_PRIVATE + code: char for code, char in _FROM_EXTENSION.items()}


def _unescape(match: re.Match[str]) -> str:
    """Extension codes move to a private range, so that one `translate` serves both tables."""
    char = match[1]
    return chr(_PRIVATE + ord(char)) if char and ord(char) in _FROM_EXTENSION else char


def _septets(text: str) -> bytes:
    return text.translate(_TO_SEPTETS).encode("latin-1")


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-be", "replace")


def _count(data: bytes, *, single: int, joined: int) -> int:
    return 1 if len(data) <= single else len(_split(data, single=single, joined=joined))


def _split(data: bytes, *, single: int, joined: int) -> list[bytes]:
    if len(data) <= single:
        return [data]
    cuts, start = [], 0
    while start < len(data):
        end = start + joined
        if end < len(data):
            end -= _straddling(data, end, wide=single == SINGLE_OCTETS)
        cuts.append(data[start:end])
        start = end
    return cuts


def _straddling(data: bytes, end: int, *, wide: bool) -> int:
    """How many octets before `end` belong to a character that goes on after it."""
    if wide:
        return 2 if 0xD8 <= data[end - 2] <= 0xDB else 0
    return 1 if data[end - 1] == ESCAPE else 0
