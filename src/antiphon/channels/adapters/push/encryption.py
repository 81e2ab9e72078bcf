"""Message encryption for Web Push (RFC 8291 over RFC 8188, `aes128gcm`) and who we are (RFC 8292, VAPID)."""

from __future__ import annotations

import base64
import os
import struct
from collections import OrderedDict
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

BODY_OCTETS_MAX: Final = 4096
"""RFC 8030 7.2: a push service must take this much, and none takes more."""
OVERHEAD_OCTETS: Final = 16 + 4 + 1 + 65 + 1 + 16
"""Salt, record size, key id length, our public key, the delimiter, the tag."""
PLAINTEXT_OCTETS_MAX: Final = BODY_OCTETS_MAX - OVERHEAD_OCTETS

_CURVE = ec.SECP256R1()
_POINT_OCTETS, _SALT_OCTETS, _AUTH_OCTETS = 65, 16, 16
_RECORD = struct.Struct(">IB")
_LAST_RECORD = b"\x02"

TOKEN_LIFE_S: Final = 12 * 3600
"""RFC 8292 2: `exp` may be at most 24 hours away."""
TOKEN_LEFT_S: Final = 3600
ORIGINS_MAX: Final = 1_000


class BadKeys(ValueError):
    """The subscription's keys are not what a browser makes: `p256dh` a point of P-256, `auth` 16 octets."""


def encrypt(
    plaintext: bytes,
    *,
    p256dh: bytes,
    auth: bytes,
    salt: bytes | None = None,
    private_key: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body of a push request, in one record. ValueError over 3,993 octets, `BadKeys` for the subscription's.

    `salt` and `private_key` are for known answers only: both must be new for every message.
    """
    if len(plaintext) > PLAINTEXT_OCTETS_MAX:
        raise ValueError(f"a push message holds {PLAINTEXT_OCTETS_MAX} octets, not {len(plaintext)}")
    salt = salt or os.urandom(_SALT_OCTETS)
    ours = private_key or ec.generate_private_key(_CURVE)
    our_point = ours.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = _shared_secret(ours, our_point=our_point, p256dh=p256dh, auth=auth)
    key = _hkdf(secret, salt=salt, info=b"Content-Encoding: aes128gcm\0", length=16)
    nonce = _hkdf(secret, salt=salt, info=b"Content-Encoding: nonce\0", length=12)
    sealed = AESGCM(key).encrypt(nonce, plaintext + _LAST_RECORD, None)
    return salt + _RECORD.pack(BODY_OCTETS_MAX, _POINT_OCTETS) + our_point + sealed


def decrypt(body: bytes, *, private_key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """What the browser does: the other half, for the sandbox's customers. ValueError where it cannot be opened."""
    salt, point = body[:16], body[21:86]
    their_point = private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    try:
        shared = private_key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point))
        secret = _hkdf(shared, salt=auth, info=b"WebPush: info\0" + their_point + point, length=32)
        key = _hkdf(secret, salt=salt, info=b"Content-Encoding: aes128gcm\0", length=16)
        nonce = _hkdf(secret, salt=salt, info=b"Content-Encoding: nonce\0", length=12)
        padded = AESGCM(key).decrypt(nonce, body[86:], None)
    except (InvalidTag, ValueError) as error:
        raise ValueError("this body was not made for these keys") from error
    return padded.rstrip(b"\0")[:-1]


class Vapid:
    """Our key pair towards push services, with a signed token per origin that lives 12 hours."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey, *, subject: str) -> None:
        if not subject.startswith(("mailto:", "https:")):
            raise ValueError("subject: a mailto: or https: address that push services can write to (RFC 8292 2.1)")
        self._private_key = private_key
        self._subject = subject
        point = private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public_key = encode64(point)
        self._tokens: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def authorization(self, origin: str, *, now_s: float) -> str:
        """The header's value. `now_s` is wall time: push services look at `exp` with their own clocks."""
        header, expires_s = self._tokens.get(origin, ("", 0.0))
        if expires_s - now_s < TOKEN_LEFT_S or expires_s - now_s > TOKEN_LIFE_S:
            expires_s = now_s + TOKEN_LIFE_S
            header = f"vapid t={self._token(origin, expires_s=int(expires_s))}, k={self.public_key}"
            self._tokens[origin] = (header, expires_s)
        self._tokens.move_to_end(origin)
        while len(self._tokens) > ORIGINS_MAX:
            self._tokens.popitem(last=False)
        return header

    def _token(self, origin: str, *, expires_s: int) -> str:
        """A JSON Web Token, ES256 (RFC 7515, RFC 7518 3.4: the signature is r and s, 32 octets each)."""
        claims = {"aud": origin, "exp": expires_s, "sub": self._subject}
        signed = ".".join(encode64(msgspec.json.encode(part)) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
        r, s = decode_dss_signature(self._private_key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{encode64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def private_key_of(text: str) -> ec.EllipticCurvePrivateKey:
    """From the usual form of a VAPID private key: its 32 octets in base64url. ValueError otherwise."""
    octets = decode64(text)
    if len(octets) != 32:
        raise ValueError("a VAPID private key is 32 octets in base64url")
    return ec.derive_private_key(int.from_bytes(octets, "big"), _CURVE)


def encode64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decode64(text: str) -> bytes:
    """base64url with or without padding; ordinary base64 is read too. ValueError otherwise."""
    unified = text.replace("+", "-").replace("/", "_").rstrip("=")
    if not unified.isascii():
        raise ValueError("base64url is ASCII")
    return base64.b64decode(unified + "=" * (-len(unified) % 4), altchars=b"-_", validate=True)


def _shared_secret(ours: ec.EllipticCurvePrivateKey, *, our_point: bytes, p256dh: bytes, auth: bytes) -> bytes:
    if len(auth) != _AUTH_OCTETS or len(p256dh) != _POINT_OCTETS:
        raise BadKeys("p256dh has 65 octets and auth 16")
    try:
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, p256dh)
    except ValueError as error:
        raise BadKeys("p256dh is not a point of the curve") from error
    shared = ours.exchange(ec.ECDH(), theirs)
    return _hkdf(shared, salt=auth, info=b"WebPush: info\0" + p256dh + our_point, length=32)


def _hkdf(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
