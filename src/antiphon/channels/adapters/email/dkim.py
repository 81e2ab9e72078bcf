"""Signs messages with DKIM: relaxed headers, simple body (RFC 6376), with rsa-sha256 or ed25519-sha256 (RFC 8463).

The body is assembled in canonical form, so that a `relaxed` body would cost time and give nothing.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from antiphon.channels.adapters.email.mime import Message

RSA_BITS_MIN = 1024  # RFC 8301 3.2
_FOLD_AT = 72


class Signer:
    """One key of one domain. `slow` tells that a signature takes about 200 µs, without the interpreter's lock.

    Raises `ValueError` for a key that is not an RSA or Ed25519 private key in PEM without a passphrase.
    """

    def __init__(self, *, domain: str, selector: str, private_key: str) -> None:
        key = _load(private_key)
        self.domain = domain.lower()
        self.slow = isinstance(key, RSAPrivateKey)
        self._key = key
        self._selector = selector

    def covers(self, sender_domain: str) -> bool:
        """Whether a signature of this key is aligned (RFC 7489 3.1.1, relaxed) with the domain of `From`."""
        return f".{sender_domain.lower()}".endswith(f".{self.domain}")

    def signature(self, message: Message, *, at_wall: float) -> str:
        """The value of the DKIM-Signature header. Signs every header there is, and `From` once more than there is,
        so that a second one cannot be added (RFC 6376 8.15)."""
        names = "from:" + ":".join([name.lower() for name, _ in message.headers])
        body_hash = b64encode(sha256(message.body).digest()).decode()
        unsigned = (
            f"v=1; a={'rsa' if self.slow else 'ed25519'}-sha256; c=relaxed/simple; d={self.domain}; s={self._selector};"
            f"\r\n t={int(at_wall)}; h={_fold_names(names)};\r\n bh={body_hash};\r\n b="
        )
        # The verifier takes repeated headers from the bottom: the one `From` first, then the one that is not there.
        canonical = [_relaxed(name, value) for name, value in message.headers]
        canonical.append(_relaxed("dkim-signature", unsigned))
        return unsigned + _fold(b64encode(self._sign(b"\r\n".join(canonical))).decode())

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(data, PKCS1v15(), SHA256())
        return self._key.sign(sha256(data).digest())  # RFC 8463 3: the hash is what is signed


def sign(message: Message, signers: Sequence[Signer], *, at_wall: float) -> Message:
    """The message with one signature of each key on top."""
    signatures = [("DKIM-Signature", signer.signature(message, at_wall=at_wall)) for signer in signers]
    return Message([*signatures, *message.headers], message.body)


def _relaxed(name: str, value: str) -> bytes:
    return name.lower().encode() + b":" + b" ".join(value.encode().split())


def _fold(text: str) -> str:
    return "\r\n ".join([text[at : at + _FOLD_AT] for at in range(0, len(text), _FOLD_AT)])


def _fold_names(names: str) -> str:
    """Blanks may stand around the colons of `h=` (RFC 6376 3.5), so that no line is long."""
    middle = names.find(":", len(names) // 2)
    return f"{names[:middle]}:\r\n {names[middle + 1 :]}" if middle > 0 else names


def _load(pem: str) -> RSAPrivateKey | Ed25519PrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    if isinstance(key, RSAPrivateKey):
        if key.key_size < RSA_BITS_MIN:
            raise ValueError(f"an RSA key of {key.key_size} bits is not accepted by verifiers; take 2048 bits")
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise ValueError("a DKIM key is an RSA or an Ed25519 key")
