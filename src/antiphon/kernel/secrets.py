"""What this installation keeps secret: one random key in the database, and what is derived from it."""

from __future__ import annotations

import os
from weakref import WeakKeyDictionary

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Problem


class Unreadable(Problem):
    """A secret cannot be decrypted: the installation's key is not the one it was written with."""

    code = "unreadable_secret"


class Secrets:
    """Encrypts settings (AES-256-GCM) and derives signing keys (HKDF-SHA256), each for one use."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def derive(self, use: str) -> bytes:
        return HKDF(hashes.SHA256(), 32, salt=None, info=f"antiphon {use}".encode()).derive(self._key)

    def encrypt(self, clear: bytes, *, use: str) -> bytes:
        nonce = os.urandom(12)
        return nonce + AESGCM(self.derive(use)).encrypt(nonce, clear, None)

    def decrypt(self, sealed: bytes, *, use: str) -> bytes:
        try:
            return AESGCM(self.derive(use)).decrypt(sealed[:12], sealed[12:], None)
        except (InvalidTag, ValueError) as error:  # ValueError: too short even for a nonce
            raise Unreadable from error


async def read_secrets(database: Database) -> Secrets:
    key = await database.pool.fetchval("SELECT value FROM secret WHERE name = 'installation'")
    if key is None:
        raise Unreadable("The database has lost the key of this installation (the row `installation` of `secret`).")
    return Secrets(bytes(key))


_known: WeakKeyDictionary[Database, Secrets] = WeakKeyDictionary()


async def secrets_of(tx: Transaction) -> Secrets:
    """Those of the installation, read once: for what has a transaction and no runtime."""
    known = _known.get(tx.database)
    if known is None:
        rows = await tx.rows("SELECT value FROM secret WHERE name = 'installation'")
        if not rows:
            raise Unreadable("The database has lost the key of this installation (the row `installation` of `secret`).")
        known = _known[tx.database] = Secrets(bytes(rows[0]["value"]))
    return known
