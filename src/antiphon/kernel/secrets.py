"""What this installation keeps secret: one random key, and what is derived from it.

The key lies in the database, or in a file that `ANTIPHON_KEY_FILE` names: then the database has only its mark, by which
a wrong one is noticed, and whoever has the database or a dump of it can open nothing.
"""

from __future__ import annotations

import hmac
import os
import re
from pathlib import Path
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

    @property
    def mark(self) -> bytes:
        """Tells this key from others, and nothing of it."""
        return self.derive("mark of the key")


VARIABLE = "ANTIPHON_KEY_FILE"
INSIDE, MARK = "installation", "installation mark"
KEY_BYTES = 32
_ROWS = "SELECT name, value FROM secret WHERE name IN ('installation', 'installation mark')"


def given_key() -> bytes | None:
    """That of the file which `ANTIPHON_KEY_FILE` names: 64 hexadecimal digits. Raises Unreadable."""
    path = os.environ.get(VARIABLE)
    if not path:
        return None
    try:
        text = Path(path).read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise Unreadable("The file of {variable} cannot be read: {error}", variable=VARIABLE, error=error) from error
    if not re.fullmatch(rf"[0-9a-fA-F]{{{2 * KEY_BYTES}}}", text):
        raise Unreadable("The file of {variable} holds no key: 64 hexadecimal digits.", variable=VARIABLE)
    return bytes.fromhex(text)


def first_row() -> tuple[str, bytes]:
    """Of a new database: a random key, or the mark of the one that is given."""
    key = given_key()
    return (INSIDE, os.urandom(KEY_BYTES)) if key is None else (MARK, Secrets(key).mark)


def secrets_from(rows: dict[str, bytes]) -> Secrets:
    """From the database's rows and the file. Raises Unreadable unless they belong together."""
    given, inside, mark = given_key(), rows.get(INSIDE), rows.get(MARK)
    if given is None:
        if inside is not None:
            return Secrets(inside)
        if mark is not None:
            raise Unreadable("The key of this installation lies in a file: name it in {variable}.", variable=VARIABLE)
        raise Unreadable("The database has lost the key of this installation (the row `installation` of `secret`).")
    secrets = Secrets(given)
    if not hmac.compare_digest(mark or Secrets(inside or b"").mark, secrets.mark):
        raise Unreadable("The file of {variable} holds the key of another installation.", variable=VARIABLE)
    return secrets


async def read_secrets(database: Database) -> Secrets:
    return secrets_from({row["name"]: bytes(row["value"]) for row in await database.pool.fetch(_ROWS)})


async def move_out(tx: Transaction, key: bytes) -> None:
    """The key leaves the database: it has been written elsewhere. Raises Unreadable where it is not the one."""
    mark = Secrets(key).mark
    gone = await tx.rows("DELETE FROM secret WHERE name = $1 AND value = $2 RETURNING name", INSIDE, key)
    if not gone:
        raise Unreadable("The key is not in the database.")
    await tx.rows("INSERT INTO secret (name, value) VALUES ($1, $2) RETURNING name", MARK, mark)


async def move_in(tx: Transaction, key: bytes) -> None:
    """Back into the database. Raises Unreadable where it is not the one."""
    gone = await tx.rows("DELETE FROM secret WHERE name = $1 AND value = $2 RETURNING name", MARK, Secrets(key).mark)
    if not gone:
        raise Unreadable("The key is in the database already, or this is that of another installation.")
    await tx.rows("INSERT INTO secret (name, value) VALUES ($1, $2) RETURNING name", INSIDE, key)


async def read_key(tx: Transaction) -> bytes | None:
    """As it lies in the database; None where it lies in a file."""
    rows = await tx.rows("SELECT value FROM secret WHERE name = $1", INSIDE)
    return bytes(rows[0]["value"]) if rows else None


_known: WeakKeyDictionary[Database, Secrets] = WeakKeyDictionary()


async def secrets_of(tx: Transaction) -> Secrets:
    """Those of the installation, read once: for what has a transaction and no runtime."""
    known = _known.get(tx.database)
    if known is None:
        rows = {row["name"]: bytes(row["value"]) for row in await tx.rows(_ROWS)}
        known = _known[tx.database] = secrets_from(rows)
    return known
