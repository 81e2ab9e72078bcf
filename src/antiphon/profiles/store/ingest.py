"""Taking facts in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.profiles.store.base import columns, queries

AddressRow = tuple[ProfileId, str, str, str, bool]
"""Profile, channel, value, details as JSON text, whether it was registered (an identify) or merely seen."""
EventRow = tuple[ProfileId, int, datetime, int | None, str | None]
"""Profile, number of the name, event time, number of the identifier it was told of, properties as JSON text."""
LinkRow = tuple[int, int, datetime, datetime, str]
"""The numbers of the stronger and the other identifier, first and last event time, source."""


class Known(NamedTuple):
    """An identifier that is known. `stale`: not seen yet today."""

    profile: ProfileId
    id: int
    shared: bool
    stale: bool


async def admit(tx: Transaction, keys: Sequence[str]) -> set[int]:
    """Keys are 32 hexadecimal digits, each once. The places of those that were seen before."""
    rows = await queries.rows(tx, "admit_messages", buckets=[int(key[:2], 16) for key in keys], keys=keys)
    return {row["place"] - 1 for row in rows}


async def find(tx: Transaction, identifiers: Sequence[Identifier]) -> dict[Identifier, Known]:
    """Those that are known. Plain identifiers only."""
    row = await queries.row(tx, "find_owners", **columns(identifiers)) if identifiers else None
    if row is None:
        return {}
    found = zip(identifiers, row["profiles"], row["ids"], row["shared"], row["stale"], strict=True)
    return {identifier: Known(owner, id, shared, stale) for identifier, owner, id, shared, stale in found if owner}


async def touch(tx: Transaction, identifiers: Collection[Identifier]) -> None:
    """Seen today."""
    if identifiers:
        await queries.run(tx, "touch_identifiers", **columns(sorted(identifiers)))


async def hold(tx: Transaction, ids: Collection[int]) -> set[int]:
    """Lock these profiles, so that they are not merged away; those that are there."""
    return {row["id"] for row in await queries.rows(tx, "hold_profiles", ids=list(ids))}


async def find_named(tx: Transaction, ids: Collection[int]) -> dict[int, frozenset[str]]:
    """The kinds of external ids that these profiles have."""
    rows = await queries.rows(tx, "find_named", ids=list(ids))
    return {row["profile_id"]: frozenset(row["kinds"]) for row in rows}


async def new_ids(tx: Transaction, count: int) -> list[ProfileId]:
    return await queries.value(tx, "new_profile_ids", count=count) if count > 0 else []


async def claim(
    tx: Transaction, owners: Mapping[Identifier, ProfileId], sources: Mapping[Identifier, str]
) -> dict[Identifier, int]:
    """Those that were still free and now are theirs, with their numbers."""
    if not owners:
        return {}
    identifiers = list(owners)
    rows = await queries.rows(
        tx,
        "claim_identifiers",
        **columns(identifiers),
        profiles=list(owners.values()),
        sources=[sources[identifier] for identifier in identifiers],
    )
    return {identifiers[row["place"] - 1]: row["id"] for row in rows}


async def move(tx: Transaction, owners: Mapping[Identifier, ProfileId]) -> None:
    if owners:
        await queries.run(tx, "move_identifiers", **columns(owners), profiles=list(owners.values()))


async def drop(tx: Transaction, identifiers: Collection[Identifier]) -> None:
    if identifiers:
        await queries.run(tx, "drop_identifiers", **columns(identifiers))


async def add_profiles(tx: Transaction, ids: Collection[ProfileId], anchors: Collection[int]) -> None:
    if ids:
        await queries.run(tx, "add_profiles", ids=list(ids), anchors=list(anchors))


async def keep_links(tx: Transaction, links: Sequence[LinkRow]) -> list[tuple[int, int]]:
    """(one, other) of those that say something new."""
    ones, others, firsts, lasts, sources = zip(*links, strict=True)
    rows = await queries.rows(tx, "keep_links", ones=ones, others=others, firsts=firsts, lasts=lasts, sources=sources)
    return [(row["one"], row["other"]) for row in rows]


async def touch_identity(tx: Transaction, ids: Collection[int]) -> None:
    if ids:
        await queries.run(tx, "touch_identity", ids=sorted(ids))


async def lock_traits(tx: Transaction, ids: Collection[ProfileId]) -> dict[ProfileId, tuple[int, dict[str, Any]]]:
    """Anchor and traits of those profiles that are there."""
    rows = await queries.rows(tx, "lock_profiles", ids=list(ids))
    return {row["id"]: (row["anchor"], row["traits"]) for row in rows}


async def read_told(tx: Transaction, ids: Collection[ProfileId]) -> dict[ProfileId, dict[int, dict[str, Any]]]:
    """By profile and identifier, in the stored form."""
    found: dict[ProfileId, dict[int, dict[str, Any]]] = {}
    for row in await queries.rows(tx, "read_told", ids=list(ids)):
        found.setdefault(row["profile_id"], {})[row["who"]] = row["traits"]
    return found


async def keep_told(tx: Transaction, rows: Sequence[tuple[ProfileId, int, str]]) -> None:
    """Profile, identifier, JSON text."""
    if rows:
        profiles, whos, traits = zip(*rows, strict=True)
        await queries.run(tx, "keep_told", profiles=profiles, whos=whos, traits=traits)


async def write_traits(tx: Transaction, traits: Mapping[ProfileId, str]) -> None:
    if traits:
        await queries.run(tx, "write_traits", ids=list(traits), traits=list(traits.values()))


async def add_trait_changes(tx: Transaction, rows: Sequence[tuple[ProfileId, str, str, int]]) -> None:
    """Profile, source, what was before as JSON text, identifier."""
    if rows:
        profiles, sources, befores, whos = zip(*rows, strict=True)
        await queries.run(tx, "add_trait_changes", profiles=profiles, sources=sources, befores=befores, whos=whos)


async def keep_addresses(
    tx: Transaction, addresses: Sequence[AddressRow]
) -> tuple[set[tuple[ProfileId, str]], list[tuple[str, str]]]:
    """One row per address. (profile, channel) of those that are new, active again or have other keys; (channel, value)
    of those that are new with their profile."""
    changed: set[tuple[ProfileId, str]] = set()
    fresh: list[tuple[str, str]] = []
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
        fresh += [(row["channel"], row["value"]) for row in rows if row["fresh"]]
    return changed, fresh


async def add_events(tx: Transaction, events: Sequence[EventRow]) -> None:
    if events:
        profiles, names, times, whos, properties = zip(*events, strict=True)
        await queries.run(
            tx, "add_events", profiles=profiles, names=names, times=times, whos=whos, properties=properties
        )


async def find_event_names(tx: Transaction, names: Collection[str]) -> list[tuple[str, int, bool]]:
    """Name, number and whether the number would outlive a rollback of this transaction."""
    rows = await queries.rows(tx, "find_event_names", names=list(names))
    return [(row["name"], row["id"], row["settled"]) for row in rows]


async def add_event_names(tx: Transaction, names: Collection[str]) -> None:
    await queries.run(tx, "add_event_names", names=list(names))


async def present(tx: Transaction, ids: Collection[ProfileId]) -> dict[ProfileId, ProfileId]:
    """Whom these numbers lead to: themselves, unless they were merged."""
    rows = await queries.rows(tx, "follow_aliases", ids=list(ids))
    return {id: id for id in ids} | {row["id"]: row["profile_id"] for row in rows}
