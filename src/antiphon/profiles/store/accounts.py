"""Accounts and who belongs to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId, bucket_of, directory_bucket
from antiphon.profiles.records import Belonging
from antiphon.profiles.store.base import queries

BelongingRow = tuple[ProfileId, str, int, datetime]
"""Profile, account, the identifier in whose name it was said, since when."""


async def hold_members(tx: Transaction, ids: Collection[ProfileId]) -> set[ProfileId]:
    """Those that exist stay people of their own until the end of the transaction."""
    return {row["id"] for row in await queries.rows(tx, "hold_members", ids=list(ids))}


async def keep_belongings(tx: Transaction, rows: Sequence[BelongingRow]) -> set[tuple[ProfileId, str]]:
    """Each key once. Whoever was not known to belong there under that identifier."""
    profiles, accounts, whos, since = zip(*rows, strict=True)
    written = await queries.rows(tx, "keep_belongings", profiles=profiles, accounts=accounts, whos=whos, since=since)
    return {(row["profile_id"], row["account"]) for row in written if row["is_new"]}


async def add(tx: Transaction, keys: Collection[str]) -> set[str]:
    """Those that were not there."""
    return {row["key"] for row in await queries.rows(tx, "add_accounts", **_keys(list(keys)))}


async def lock(tx: Transaction, keys: Collection[str]) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Traits, and what was told."""
    rows = await queries.rows(tx, "lock_accounts", **_keys(list(keys)))
    return {row["key"]: (row["traits"], row["told"]) for row in rows}


async def write(tx: Transaction, accounts: Mapping[str, tuple[str, str]]) -> None:
    """Traits and what was told, as JSON text."""
    traits, told = zip(*accounts.values(), strict=True)
    await queries.run(tx, "write_accounts", **_keys(list(accounts)), traits=traits, told=told)


async def read(tx: Transaction, key: str, *, members_max: int) -> Row | None:
    return await queries.row(
        tx, "read_account", bucket=directory_bucket("account", key), key=key, limit=members_max + 1
    )


async def page(tx: Transaction, key: str, *, after: int, limit: int) -> list[Row]:
    return await queries.rows(tx, "page_of_account", account=key, after=after, limit=limit)


async def of_people(tx: Transaction, ids: Collection[ProfileId]) -> dict[int, list[Belonging]]:
    """By profile; whichever was joined last stands first."""
    found: dict[int, list[Belonging]] = {}
    for row in await queries.rows(tx, "read_belongings", ids=list(ids)):
        one = Belonging(row["account"], row["traits"], row["since"])
        found.setdefault(row["profile_id"], []).append(one)
    return found


async def drop(tx: Transaction, profile: ProfileId, key: str) -> int:
    return await queries.run(tx, "drop_belongings", bucket=bucket_of(profile), profile=profile, account=key)


def _keys(keys: list[str]) -> dict[str, list[int] | list[str]]:
    return {"buckets": [directory_bucket("account", key) for key in keys], "keys": keys}
