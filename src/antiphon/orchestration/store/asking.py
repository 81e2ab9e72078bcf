"""What people ask of the ledger."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import DeliveryId, ProfileId, ProviderId, SourceId
from antiphon.orchestration.store.base import queries
from antiphon.orchestration.store.people import numbers_of, people_of


async def count_states(tx: Transaction, source: SourceId) -> list[Row]:
    return await queries.rows(tx, "count_states", source_id=source)


async def count_doubles(tx: Transaction, source: SourceId) -> int:
    return int(await queries.value(tx, "count_doubles", source_id=source))


async def list_recipients(
    tx: Transaction,
    source: SourceId,
    *,
    outcome: str | None,
    after: int,
    limit: int,
    reason: str | None = None,
    people: Collection[ProfileId] | None = None,
) -> list[Row]:
    """`people`: only these, under whichever of their numbers."""
    profiles = None if people is None else [n for all_of in (await numbers_of(tx, people)).values() for n in all_of]
    return await queries.rows(
        tx, "list_recipients", source_id=source, outcome=outcome, after=after, limit=limit, reason=reason,
        profiles=profiles,
    )  # fmt: skip


async def read_failovers(tx: Transaction, source: SourceId, *, before: int | None, limit: int) -> list[Row]:
    return await queries.rows(tx, "read_failovers", source_id=source, before=before, limit=limit)


async def read_notifications(tx: Transaction, ids: Sequence[int]) -> list[Row]:
    return await queries.rows(tx, "read_notifications", ids=list(ids))


async def read_notifications_of(
    tx: Transaction, profile: ProfileId, *, source: SourceId | None, limit: int
) -> list[int]:
    """Of the person whose number it is, over all their numbers."""
    person = (await people_of(tx, [profile]))[profile]
    numbers = (await numbers_of(tx, [person]))[person]
    rows = await queries.rows(tx, "read_notifications_of", profiles=numbers, source_id=source, limit=limit)
    return [row["id"] for row in rows]


async def read_deliveries_of(tx: Transaction, notifications: Sequence[int]) -> list[Row]:
    return await queries.rows(tx, "read_deliveries_of", notifications=list(notifications))


async def count_due(tx: Transaction) -> int:
    return int(await queries.value(tx, "count_due"))


async def count_backlog(tx: Transaction, providers: Sequence[ProviderId], *, limit: int) -> int:
    return int(await queries.value(tx, "count_backlog", providers=list(providers), limit=limit))


async def read_conversions(tx: Transaction, profiles: Collection[ProfileId], *, since: datetime) -> list[Row]:
    return await queries.rows(tx, "read_conversions", profiles=sorted(profiles), since=since)


async def read_public(tx: Transaction, deliveries: Sequence[DeliveryId]) -> list[Row]:
    return await queries.rows(tx, "read_public", ids=list(deliveries))


async def read_visited(tx: Transaction, deliveries: Sequence[DeliveryId]) -> list[Row]:
    return await queries.rows(tx, "read_visited", ids=list(deliveries))
