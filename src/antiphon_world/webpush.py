"""The browser's half of Web Push: subscription keys, decryption (RFC 8291, 8188) and the VAPID check (RFC 8292)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from functools import lru_cache

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_CURVE = ec.SECP256R1()


class Undecryptable(ValueError):
    """The body was not encrypted for this subscription."""


class VapidRefused(ValueError):
    """The Authorization header does not prove who sends."""


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Subscription:
    """The keys of one subscription, made from (seed, its name), so that nothing needs to be stored."""

    __slots__ = ("auth", "private", "public")

    def __init__(self, seed: int, name: str) -> None:
        wide = hashlib.sha512(f"{seed}|push|{name}".encode()).digest()
        self.private = ec.derive_private_key(int.from_bytes(wide[:40], "big") % (_ORDER - 1) + 1, _CURVE)
        self.public = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.auth = wide[48:64]

    @property
    def keys(self) -> dict[str, str]:
        return {"p256dh": b64url(self.public), "auth": b64url(self.auth)}

    def decrypt(self, body: bytes) -> bytes:
        """One aes128gcm record. Raises Undecryptable."""
        if len(body) < 21 + 65 + 18 or body[20] != 65:
            raise Undecryptable("not an aes128gcm record with a P-256 key")
        salt, sender, sealed = body[:16], body[21:86], body[86:]
        try:
            peer = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, sender)
            secret = self.private.exchange(ec.ECDH(), peer)
            info = b"WebPush: info\0" + self.public + sender
            ikm = _hkdf(self.auth, secret, info, 32)
            key = _hkdf(salt, ikm, b"Content-Encoding: aes128gcm\0", 16)
            nonce = _hkdf(salt, ikm, b"Content-Encoding: nonce\0", 12)
            padded = AESGCM(key).decrypt(nonce, sealed, None)
        except (InvalidTag, ValueError) as error:
            raise Undecryptable("not encrypted for this subscription") from error
        text = padded.rstrip(b"\0")
        if not text.endswith(b"\x02"):
            raise Undecryptable("more than one record, or no padding delimiter")
        return text[:-1]


@lru_cache(maxsize=2_000)
def subscription(seed: int, name: str) -> Subscription:
    return Subscription(seed, name)


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA-256 with one block (RFC 5869): length is at most 32."""
    prk = hmac.digest(salt, secret, "sha256")
    return hmac.digest(prk, info + b"\x01", "sha256")[:length]


def check_vapid(authorization: str, *, origin: str) -> None:
    """Raises VapidRefused: malformed, wrong signature, expired, more than a day ahead, or for another origin."""
    try:
        audience, expires = _verified(authorization)
    except (ValueError, KeyError, TypeError, InvalidSignature) as error:
        raise VapidRefused(f"{type(error).__name__}: {error}") from error
    if audience != origin:
        raise VapidRefused(f"aud is {audience!r}, this push service is {origin!r}")
    if not time.time() < expires <= time.time() + 86_400 + 60:
        raise VapidRefused("exp is past, or more than 24 hours ahead")


@lru_cache(maxsize=256)
def _verified(authorization: str) -> tuple[str, float]:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "vapid":
        raise ValueError("the scheme is not vapid")
    fields = dict(part.strip().split("=", 1) for part in rest.split(","))
    signed, _, signature = fields["t"].rpartition(".")
    r_s = unb64url(signature)
    if len(r_s) != 64:
        raise ValueError("the signature is not 64 octets")
    dss = encode_dss_signature(int.from_bytes(r_s[:32], "big"), int.from_bytes(r_s[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, unb64url(fields["k"]))
    key.verify(dss, signed.encode(), ec.ECDSA(hashes.SHA256()))
    claims = msgspec.json.decode(unb64url(signed.partition(".")[2]))
    return str(claims["aud"]), float(claims["exp"])
