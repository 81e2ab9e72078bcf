"""What goes out to a browser and must come back from there, once and in time: challenges, sign-ins elsewhere.

Anybody may begin, signed in or not: so what never comes back is swept away, and of a flood the newest are kept.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from antiphon.access import store_passkeys as store
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.secrets import secrets_of

OPEN_MAX = 20_000
SWEEP_EVERY = 64


async def begin(tx: Transaction, kind: str, token: bytes, *, holds: bytes, lasts: timedelta) -> None:
    """`token`: random, goes to the browser. `holds` stays here, encrypted."""
    at = wall_datetime()
    hash = _hash(token)
    if hash[0] % SWEEP_EVERY == 0:
        await store.sweep_begun(tx, at=at, keep=OPEN_MAX)
    sealed = (await secrets_of(tx)).encrypt(holds, use=_use(kind))
    await store.begin(tx, hash=hash, kind=kind, sealed=sealed, at=at, ends_at=at + lasts)


async def take(database: Database, kind: str, token: bytes) -> bytes | None:
    """What it holds; None for what is unknown, too old or was taken before. Committed at once: a try is a try."""
    async with database.transaction() as tx:
        found = await store.take(tx, hash=_hash(token), kind=kind)
        if found is None or found[1] <= wall_datetime():
            return None
        return (await secrets_of(tx)).decrypt(found[0], use=_use(kind))


def _hash(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def _use(kind: str) -> str:
    return f"begun {kind}"
