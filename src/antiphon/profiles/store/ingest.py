"""Taking facts in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles.store.base import columns, queries

AddressRow = tuple[ProfileId, str, str, str, bool]
"""Profile, channel, value, details as JSON text, whether it was registered (an identify) or merely seen."""
EventRow = tuple[ProfileId, int, datetime, str | None]
"""Profile, number of the name, event time, properties as JSON text."""


async def admit(tx: Transaction, keys: Sequence[str]) -> set[int]:
    """Keys are 32 hexadecimal digits, each once. The places of those that were seen before."""
    rows = await queries.rows(tx, "admit_messages", buckets=[int(key[:2], 16) for key in keys], keys=keys)
    return {row["place"] - 1 for row in rows}


async def find(tx: Transaction, identifiers: Sequence[Identifier]) -> dict[Identifier, ProfileId]:
    """Those that are known. Plain identifiers only."""
    owners = await queries.value(tx, "find_owners", **columns(identifiers)) if identifiers else []
    return {identifier: owner for identifier, owner in zip(identifiers, owners, strict=True) if owner is not None}


async def lock_named(tx: Transaction, ids: Collection[int]) -> set[int]:
    """Lock these profiles; those that have an external id."""
    if not ids:
        return set()
    await queries.rows(tx, "lock_profiles", ids=list(ids))
    return {row["profile_id"] for row in await queries.rows(tx, "find_named", ids=list(ids))}


async def new_ids(tx: Transaction, count: int) -> list[ProfileId]:
    return await queries.value(tx, "new_profile_ids", count=count) if count > 0 else []


async def claim(tx: Transaction, owners: Mapping[Identifier, ProfileId]) -> set[Identifier]:
    """Those that were still free and now are theirs."""
    if not owners:
        return set()
    identifiers = list(owners)
    rows = await queries.rows(tx, "claim_identifiers", **columns(identifiers), profiles=list(owners.values()))
    return {identifiers[row["place"] - 1] for row in rows}


async def move(tx: Transaction, owners: Mapping[Identifier, ProfileId]) -> None:
    if owners:
        await queries.run(tx, "move_identifiers", **columns(owners), profiles=list(owners.values()))


async def drop(tx: Transaction, identifiers: Collection[Identifier]) -> None:
    if identifiers:
        await queries.run(tx, "drop_identifiers", **columns(identifiers))


async def add_profiles(tx: Transaction, ids: Collection[ProfileId]) -> None:
    if ids:
        await queries.run(tx, "add_profiles", ids=list(ids))


async def merge_traits(tx: Transaction, traits: Mapping[ProfileId, str]) -> set[ProfileId]:
    """`traits` are JSON text. The profiles that changed."""
    if not traits:
        return set()
    rows = await queries.rows(tx, "merge_traits", ids=list(traits), traits=list(traits.values()))
    return {row["id"] for row in rows}


async def keep_addresses(tx: Transaction, addresses: Sequence[AddressRow]) -> set[tuple[ProfileId, str]]:
    """One row per address. (profile, channel) of those that are new, active again or have other keys."""
    changed: set[tuple[ProfileId, str]] = set()
    for registering in sorted({row[4] for row in addresses}):
        profiles, channels, values, details, registered = zip(*addresses, strict=True)
        rows = await queries.rows(
            tx,
            "keep_addresses",
            profiles=profiles,
            channels=channels,
            values=values,
            details=details,
            registered=registered,
            registering=registering,
        )
        changed |= {(row["profile_id"], row["channel"]) for row in rows}
    return changed


async def add_events(tx: Transaction, events: Sequence[EventRow]) -> None:
    if events:
        profiles, names, times, properties = zip(*events, strict=True)
        await queries.run(tx, "add_events", profiles=profiles, names=names, times=times, properties=properties)


async def find_event_names(tx: Transaction, names: Collection[str]) -> list[tuple[str, int, bool]]:
    """Name, number and whether the number would outlive a rollback of this transaction."""
    rows = await queries.rows(tx, "find_event_names", names=list(names))
    return [(row["name"], row["id"], row["settled"]) for row in rows]


async def add_event_names(tx: Transaction, names: Collection[str]) -> None:
    await queries.run(tx, "add_event_names", names=list(names))
