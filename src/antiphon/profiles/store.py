"""The only code that runs this part's SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import structlog

from antiphon.kernel.db import DatabaseError, Queries, Transaction
from antiphon.kernel.records import Identifier, ProfileId, bucket_of, directory_bucket
from antiphon.profiles.records import Address, Preference, Profile, RecordedEvent

log = structlog.get_logger()
queries = Queries("profiles")

AddressRow = tuple[ProfileId, str, str, str, bool]
"""Profile, channel, value, details as JSON text, whether it was registered (an identify) or merely seen."""
EventRow = tuple[ProfileId, int, datetime, str | None]
"""Profile, number of the name, event time, properties as JSON text."""


async def admit(tx: Transaction, keys: Sequence[str]) -> set[int]:
    """Keys are 32 hexadecimal digits, each once. The places of those that were seen before."""
    rows = await queries.rows(tx, "admit_messages", buckets=[int(key[:2], 16) for key in keys], keys=keys)
    return {row["place"] - 1 for row in rows}


def _columns(identifiers: Collection[Identifier]) -> dict[str, list[int] | list[str]]:
    return {
        "buckets": [directory_bucket(identifier.kind, identifier.value) for identifier in identifiers],
        "kinds": [identifier.kind for identifier in identifiers],
        "values": [identifier.value for identifier in identifiers],
    }


async def find(tx: Transaction, identifiers: Sequence[Identifier]) -> dict[Identifier, ProfileId]:
    """Those that are known. Plain identifiers only."""
    owners = await queries.value(tx, "find_owners", **_columns(identifiers)) if identifiers else []
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
    rows = await queries.rows(tx, "claim_identifiers", **_columns(identifiers), profiles=list(owners.values()))
    return {identifiers[row["place"] - 1] for row in rows}


async def move(tx: Transaction, owners: Mapping[Identifier, ProfileId]) -> None:
    if owners:
        await queries.run(tx, "move_identifiers", **_columns(owners), profiles=list(owners.values()))


async def drop(tx: Transaction, identifiers: Collection[Identifier]) -> None:
    if identifiers:
        await queries.run(tx, "drop_identifiers", **_columns(identifiers))


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


async def read(tx: Transaction, ids: Sequence[ProfileId]) -> list[Profile]:
    found = {row["id"]: row for row in await queries.rows(tx, "read_profiles", ids=list(ids))}
    identifiers: dict[int, list[Identifier]] = {id: [] for id in found}
    addresses: dict[int, list[Address]] = {id: [] for id in found}
    preferences: dict[int, list[Preference]] = {id: [] for id in found}
    known = list(found)
    for row in await queries.rows(tx, "read_identifiers", ids=known):
        identifiers[row["profile_id"]].append(Identifier(row["kind"], row["value"]))
    for row in await queries.rows(tx, "read_addresses", ids=known):
        addresses[row["profile_id"]].append(
            Address(row["channel"], row["value"], row["state"], row["opted_out"], row["details"])
        )
    for row in await queries.rows(tx, "read_preferences", ids=known):
        preferences[row["profile_id"]].append(Preference(row["topic"], row["channel"], row["state"]))
    return [
        Profile(id, found[id]["created_at"], found[id]["traits"], identifiers[id], addresses[id], preferences[id])
        for id in dict.fromkeys(ids)
        if id in found
    ]


async def events(tx: Transaction, profile: ProfileId, *, upto: datetime, skip: int, limit: int) -> list[RecordedEvent]:
    rows = await queries.rows(
        tx, "read_events", bucket=bucket_of(profile), profile=profile, upto=upto, skip=skip, limit=limit
    )
    return [RecordedEvent(row["at"], row["name"], row["received_at"], row["properties"]) for row in rows]


async def keep_preferences(tx: Transaction, profile: ProfileId, choices: Sequence[tuple[str, str, str]]) -> None:
    if choices:
        topics, channels, states = zip(*choices, strict=True)
        await queries.run(
            tx,
            "keep_preferences",
            bucket=bucket_of(profile),
            profile=profile,
            topics=topics,
            channels=channels,
            states=states,
        )


async def drop_preferences(tx: Transaction, profile: ProfileId, choices: Sequence[tuple[str, str]]) -> None:
    if choices:
        topics, channels = zip(*choices, strict=True)
        await queries.run(
            tx, "drop_preferences", bucket=bucket_of(profile), profile=profile, topics=topics, channels=channels
        )


def _keys(channel: str, values: Sequence[str]) -> dict[str, list[int] | list[str]]:
    return {"buckets": [directory_bucket(channel, value) for value in values], "values": list(values)}


async def add_opt_outs(tx: Transaction, channel: str, values: Sequence[str], *, how: str) -> None:
    await queries.run(tx, "add_opt_outs", channel=channel, how=how, **_keys(channel, values))


async def drop_opt_outs(tx: Transaction, channel: str, values: Sequence[str]) -> None:
    await queries.run(tx, "drop_opt_outs", channel=channel, **_keys(channel, values))


async def holders(tx: Transaction, channel: str, values: Sequence[str]) -> list[ProfileId]:
    rows = await queries.rows(tx, "find_holders", channel=channel, values=list(values))
    return [row["profile_id"] for row in rows]


async def mark_dead(tx: Transaction, addresses: Sequence[tuple[ProfileId, str, str]]) -> set[tuple[ProfileId, str]]:
    """(profile, channel) of those that were active."""
    if not addresses:
        return set()
    profiles, channels, values = zip(*addresses, strict=True)
    rows = await queries.rows(tx, "mark_addresses_dead", profiles=profiles, channels=channels, values=values)
    return {(row["profile_id"], row["channel"]) for row in rows}


async def make_partition(tx: Transaction, name: str, *, start: datetime | None, end: datetime) -> str:
    """A partition of `event`, in a savepoint; empty where it exists or cannot be made now.

    It is built aside and then attached: attaching lets others write to the months that exist.
    """
    if await queries.value(tx, "partition_exists", name=name):
        return ""
    since = "MINVALUE" if start is None else f"'{start.isoformat()}'"
    try:
        async with tx.connection.transaction():
            await tx.rows("SET LOCAL lock_timeout = '200ms'")
            await tx.rows(f"CREATE TABLE {name} (LIKE event INCLUDING ALL)")
            await tx.rows(
                f"ALTER TABLE event ATTACH PARTITION {name} FOR VALUES FROM ({since}) TO ('{end.isoformat()}')"
            )
            await tx.rows("SET LOCAL lock_timeout = DEFAULT")
    except DatabaseError as error:
        log.info("partition.skipped", partition=name, error=type(error).__name__)
        return ""
    return name
