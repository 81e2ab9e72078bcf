"""The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038 6.2.1), one character an octet."""

from __future__ import annotations

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_OCTETS = {char: bytes([code]) for code, char in enumerate(_BASIC) if char != "\x1b"}
_OCTETS |= {char: bytes([0x1B, code]) for code, char in _EXTENSION.items()}


def decode(octets: bytes) -> str:
    """An unknown extension is shown as its basic character, as the standard asks."""
    chars = []
    escaped = False
    for octet in octets:
        if octet == 0x1B and not escaped:
            escaped = True
            continue
        basic = _BASIC[octet] if octet < 128 else "\ufffd"
        chars.append(_EXTENSION.get(octet, basic) if escaped else basic)
        escaped = False
    return "".join(chars)


def encode(text: str) -> bytes | None:
    """None when a character is not in the alphabet."""
    try:
        return b"".join(_OCTETS[char] for char in text)
    except KeyError:
        return None
