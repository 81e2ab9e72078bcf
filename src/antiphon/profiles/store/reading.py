"""Reading people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Identifier, ProfileId, bucket_of
from antiphon.profiles.records import Address, Preference, Profile, RecordedEvent
from antiphon.profiles.store import accounts
from antiphon.profiles.store.base import queries


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
            Address(
                row["channel"],
                row["value"],
                row["state"],
                row["opted_out"],
                row["details"],
                succeeded_at=row["succeeded_at"],
                failed_at=row["failed_at"],
                on_mobile=row["on_mobile"],
                on_other=row["on_other"],
            )
        )
    for row in await queries.rows(tx, "read_preferences", ids=known):
        preferences[row["profile_id"]].append(Preference(row["topic"], row["channel"], row["state"], row["address"]))
    belongings = await accounts.of_people(tx, known)
    return [
        Profile(
            id,
            found[id]["created_at"],
            found[id]["traits"],
            identifiers[id],
            addresses[id],
            preferences[id],
            belongings.get(id, []),
        )
        for id in dict.fromkeys(ids)
        if id in found
    ]


async def events(tx: Transaction, profile: ProfileId, *, upto: datetime, skip: int, limit: int) -> list[RecordedEvent]:
    rows = await queries.rows(
        tx, "read_events", bucket=bucket_of(profile), profile=profile, upto=upto, skip=skip, limit=limit
    )
    return [RecordedEvent(row["at"], row["name"], row["received_at"], row["properties"]) for row in rows]
