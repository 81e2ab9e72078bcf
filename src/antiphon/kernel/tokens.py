"""Signed numbers for public links: short, URL-safe, without a table behind them.

A token is base64url(varints + MAC). The MAC is keyed BLAKE2b (RFC 7693) of 8 bytes, personalised by the kind, so that
a token of one kind is nothing under another. (delivery, link) takes 22 characters for deliveries below 2**49.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from hashlib import blake2b
from hmac import compare_digest

from antiphon.kernel.errors import NotFound

MAC_BYTES = 8
TOKEN_CHARS_MAX = 64
NUMBER_MAX = 2**63 - 1
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")


class BadToken(NotFound):
    """This link is not valid."""

    code = "bad_token"


class Signer:
    """Signs with one secret of at least 16 bytes; `kind` is one ASCII character that says what the numbers mean."""

    __slots__ = ("_macs", "_secret")

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:
            raise ValueError("a signing secret has at least 16 bytes")
        self._secret = blake2b(secret, digest_size=32, person=b"antiphon-links").digest()
        self._macs: dict[str, blake2b] = {}

    def sign(self, kind: str, *numbers: int) -> str:
        """Numbers are 0 to 2**63 - 1; at most four."""
        payload = bytearray()
        for number in numbers:
            _append_varint(payload, number)
        if not numbers or len(payload) > 36:
            raise ValueError("a token holds one to four numbers")
        raw = bytes(payload) + self._mac(kind, payload)
        return b2a_base64(raw, newline=False).rstrip(b"=").translate(_TO_URL).decode()

    def read(self, kind: str, token: str) -> tuple[int, ...]:
        """Raises `BadToken` for a forged, cut, padded or otherwise different token, and for another kind."""
        raw = _decode(token)
        payload, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
        if not payload or not compare_digest(mac, self._mac(kind, payload)):
            raise BadToken()
        return _numbers(payload)

    def _mac(self, kind: str, payload: bytes | bytearray) -> bytes:
        started = self._macs.get(kind)
        if started is None:
            started = self._start(kind)
        mac = started.copy()
        mac.update(payload)
        return mac.digest()

    def _start(self, kind: str) -> blake2b:
        if len(kind) != 1 or not kind.isascii():
            raise ValueError("a token's kind is one ASCII character")
        started = blake2b(key=self._secret, digest_size=MAC_BYTES, person=kind.encode())
        self._macs[kind] = started
        return started


def _append_varint(payload: bytearray, number: int) -> None:
    if not 0 <= number <= NUMBER_MAX:
        raise ValueError("a token's numbers are 0 to 2**63 - 1")
    while number > 127:
        payload.append(number & 127 | 128)
        number >>= 7
    payload.append(number)


def _decode(token: str) -> bytes:
    if not token.isascii() or len(token) > TOKEN_CHARS_MAX:
        raise BadToken()
    encoded = token.encode()
    try:
        raw = a2b_base64(encoded.translate(_FROM_URL) + b"=" * (-len(encoded) % 4), strict_mode=True)
    except Base64Error as error:
        raise BadToken() from error
    # Two spellings of the last character's spare bits, or "+" for "-", must not make two tokens of one.
    if b2a_base64(raw, newline=False).rstrip(b"=").translate(_TO_URL) != encoded:
        raise BadToken()
    return raw


def _numbers(payload: bytes) -> tuple[int, ...]:
    """The payload is authentic, so well formed."""
    numbers, number, shift = [], 0, 0
    for byte in payload:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(number)
            number = shift = 0
    return tuple(numbers)
