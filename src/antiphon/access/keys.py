"""Keys of programs: made once, kept as hashes, checked from a ring that each process holds.

The ring is the set of all valid hashes, read again every two seconds, and when a key is unknown: so a check costs
one SHA-256 and one look into a dictionary whatever the key, a new key works at once, and a revoked key is dead
everywhere within `RING_S` and the time that one small query takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import secrets
import time
from collections.abc import Sequence
from datetime import datetime
from typing import get_args
from weakref import WeakKeyDictionary

import structlog

from antiphon.access import store
from antiphon.access.pace import Pace
from antiphon.access.records import SCOPES, Key, KeyId, Scope
from antiphon.access.roles import SCOPES_OF_KEYS
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import LOST_CONNECTION, Database, DatabaseError, Transaction
from antiphon.kernel.errors import Forbidden, NotFound, TooOften, Unauthorised, invalid
from antiphon.kernel.principal import Principal

RING_S = 2.0
USES_EVERY_S = 60.0
FIRST_USE_S = 2.0
"""How often, and how soon after the first, it is written that keys were used."""
UNKNOWN_S = 0.02
"""Unknown keys wait until the ring has looked again, which is not more often than this: guessing loads no database."""
KEY_CHARS_MAX = 200
NAME_CHARS_MAX = 200
KEYS_MAX = 1000
PER_SECOND_MAX = 100_000
TOLD_EVERY_S = 60.0
"""How often the log says of a key that it asks too fast."""

log = structlog.get_logger()


async def create_key(
    tx: Transaction, name: str, scope: Scope, *, made_by: str = "command", per_second: int | None = None
) -> tuple[KeyId, str]:
    """The id and the clear key, such as `ak_write_…`: this is the only time that it can be seen.

    `made_by` is as a Principal says it. `per_second`: how many requests it may make; None: as many as it likes. Raises
    Invalid for an empty or long name, for an unknown scope and for a pace that is none.
    """
    name = name.strip()
    if not 0 < len(name) <= NAME_CHARS_MAX or not name.isprintable():
        raise invalid("name", "A key needs a name of at most {most} printable characters.", most=NAME_CHARS_MAX)
    if scope not in get_args(Scope):
        raise invalid(
            "scope", "A scope is one of {known}, not {scope!r}.", known=", ".join(SCOPES), scope=str(scope)[:40]
        )
    if per_second is not None and not 0 < per_second <= PER_SECOND_MAX:
        raise invalid(
            "per_second", "Requests a second are a whole number from 1 to {most}; without it there is no limit.",
            most=PER_SECOND_MAX,
        )  # fmt: skip
    clear = f"ak_{scope}_{secrets.token_urlsafe(32)}"
    number = await store.insert_key(tx, name, scope, hash=_hash(clear), made_by=made_by, per_second=per_second)
    return number, clear


async def revoke(tx: Transaction, key: KeyId) -> None:
    """In force everywhere within five seconds. Raises NotFound."""
    if not await store.revoke_key(tx, key):
        raise NotFound("There is no key {key}.", key=key)


async def list_keys(tx: Transaction) -> Sequence[Key]:
    """The newest thousand, revoked ones too."""
    return await store.list_keys(tx, limit=KEYS_MAX)


async def check(database: Database, key: str, needs: Scope) -> KeyId:
    """Which key this is. Raises Unauthorised for a key that is not valid, TooOften for one that asks faster than it
    may, Forbidden for one that may not do this."""
    who = await find(database, key)
    if not SCOPES_OF_KEYS[needs] <= who.may:
        raise Forbidden("This key may not do this; it needs a key of the scope {needs}.", needs=needs)
    assert who.id is not None
    return KeyId(who.id)


async def find(database: Database, key: str) -> Principal:
    """Whose key it is, and what it may. Raises Unauthorised for a key that is not valid, TooOften for one that asks
    faster than it may."""
    if not key or len(key) > KEY_CHARS_MAX:
        raise Unauthorised
    ring = _rings.get(database)
    if ring is None:
        ring = _rings[database] = Ring(database)
    found = await ring.find(_hash(key))
    if found is None:
        raise Unauthorised("This key is not known, or it was revoked. Make a new one in the app or with `keys create`.")
    return found


class Ring:
    """All valid keys as this process knows them, and when they were last used."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: dict[bytes, Principal] = {}
        self._paces: dict[KeyId, Pace] = {}
        self._told: dict[KeyId, float] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()
        self._used: dict[KeyId, datetime] = {}
        self._writing: asyncio.Task[None] | None = None
        self._written_at = float("-inf")

    async def find(self, hash: bytes) -> Principal | None:
        await self._read_if_older(RING_S)
        found = self._keys.get(hash)
        if found is None:
            await self._read_anew()
            found = self._keys.get(hash)
        if found is not None and found.id is not None:
            self._use(KeyId(found.id))
            self._demand_pace(KeyId(found.id))
        return found

    def _demand_pace(self, key: KeyId) -> None:
        pace, now = self._paces.get(key), time.monotonic()
        if pace is None or pace.take(now):
            return
        if now - self._told.get(key, -math.inf) >= TOLD_EVERY_S:
            self._told[key] = now
            log.info("key.too_often", id=key, per_second=pace.per_second)
        raise TooOften("This key is held to {n} a second: send this again a second later.", n=pace.per_second)

    def _use(self, key: KeyId) -> None:
        """Kept in memory, and written a moment later: a thousand events a second are one row a minute."""
        self._used[key] = wall_datetime()
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_uses())

    async def _write_uses(self) -> None:
        await asyncio.sleep(max(FIRST_USE_S, self._written_at + USES_EVERY_S - time.monotonic()))
        await self._write()
        self._writing = None

    async def _write(self) -> None:
        used, self._used = self._used, {}
        self._written_at = time.monotonic()
        with contextlib.suppress(*LOST_CONNECTION, DatabaseError):  # the next use says it again
            async with self._database.alone() as tx:
                await store.note_uses(tx, used)

    async def close(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        if self._used:
            await self._write()

    async def _read_anew(self) -> None:
        """Returns after a reading that began later than this: whoever made a key a moment ago is never refused."""
        asked = time.monotonic()
        while self._read_at < asked:
            await asyncio.sleep(max(0.0, self._read_at + UNKNOWN_S - time.monotonic()))
            await self._read_if_older(UNKNOWN_S)

    async def _read_if_older(self, age_s: float) -> None:
        if time.monotonic() - self._read_at < age_s:
            return
        async with self._reading:
            if time.monotonic() - self._read_at < age_s:
                return
            started = time.monotonic()  # a key revoked while the query runs must not count as read after it
            async with self._database.alone() as tx:
                valid = await store.valid_keys(tx)
            self._keys = {
                hash: Principal("key", id, name, SCOPES_OF_KEYS[scope]) for hash, (id, name, scope, _) in valid.items()
            }
            self._paces = {
                id: self._paces.get(id) or Pace(limit) for id, _, _, limit in valid.values() if limit is not None
            }
            self._read_at = started


async def close(database: Database) -> None:
    """Writes down what is only in memory."""
    if ring := _rings.pop(database, None):
        await ring.close()


_rings: WeakKeyDictionary[Database, Ring] = WeakKeyDictionary()


def _hash(clear: str) -> bytes:
    # A key has 256 random bits: one round of SHA-256 is enough, there is no dictionary to try.
    return hashlib.sha256(clear.encode("utf-8", "surrogatepass")).digest()
