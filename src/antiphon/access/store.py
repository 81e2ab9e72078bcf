"""The only code that runs this part's SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from antiphon.access.records import Key, KeyId, Scope
from antiphon.kernel.db import Queries, Transaction

queries = Queries("access")


async def insert_key(
    tx: Transaction, name: str, scope: Scope, *, hash: bytes, made_by: str, per_second: int | None
) -> KeyId:
    return KeyId(
        await queries.value(
            tx, "insert_key", key_name=name, scope=scope, hash=hash, made_by=made_by, per_second=per_second
        )
    )


async def note_uses(tx: Transaction, used: Mapping[KeyId, datetime]) -> None:
    """Wall times."""
    await queries.run(tx, "note_uses", ids=list(used), times=list(used.values()))


async def valid_keys(tx: Transaction) -> dict[bytes, tuple[KeyId, str, Scope, int | None]]:
    """Id, name, scope and requests a second by the hash of the key."""
    rows = await queries.rows(tx, "valid_keys")
    return {bytes(row["hash"]): (KeyId(row["id"]), row["name"], row["scope"], row["per_second"]) for row in rows}


async def revoke_key(tx: Transaction, key: KeyId) -> bool:
    """False when there is no such key."""
    return await queries.value(tx, "revoke_key", id=key) is not None


async def list_keys(tx: Transaction, *, limit: int) -> Sequence[Key]:
    rows = await queries.rows(tx, "list_keys", limit=limit)
    return [
        Key(
            id=KeyId(row["id"]),
            name=row["name"],
            scope=row["scope"],
            created_at=row["created_at"],
            revoked_at=row["revoked_at"],
            made_by=row["made_by"],
            maker=row["maker"],
            used_at=row["used_at"],
            per_second=row["per_second"],
        )
        for row in rows
    ]
