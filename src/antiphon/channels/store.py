"""The only code that runs channels' SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from antiphon.channels.records import Provider, Terms, WarmUp
from antiphon.kernel.db import Queries, Row, Transaction
from antiphon.kernel.records import DeliveryId, Inbound, ProviderId, Receipt, directory_bucket
from antiphon.kernel.said import again

queries = Queries("channels")


async def insert_provider(
    tx: Transaction, *, name: str, channel: str, adapter: str, sealed: bytes, terms: Terms
) -> ProviderId | None:
    """None when the name is taken."""
    number = await queries.value(
        tx, "insert_provider", name=name, channel=channel, adapter=adapter, settings=sealed, **_columns(terms)
    )
    if number is not None:
        await queries.run(tx, "insert_provider_state", id=number)
    return None if number is None else ProviderId(number)


async def update_provider(tx: Transaction, provider: ProviderId, *, sealed: bytes, terms: Terms) -> None:
    await queries.run(tx, "update_provider", id=provider, settings=sealed, **_columns(terms))


def _columns(terms: Terms) -> dict[str, Any]:
    return {
        "rank": terms.rank,
        "weight": terms.weight,
        "per_second": terms.per_second,
        "unit_cost": terms.unit_cost,
        "costs": dict(terms.costs),
        "warm_up": None if terms.warm_up is None else msgspec.to_builtins(terms.warm_up),
    }


async def read_providers(tx: Transaction) -> list[Provider]:
    return [
        Provider(
            id=ProviderId(row["id"]),
            name=row["name"],
            channel=row["channel"],
            adapter=row["adapter"],
            enabled=row["enabled"],
            rank=row["rank"],
            per_second=row["per_second"],
            unit_cost=row["unit_cost"],
            sealed=row["settings"],
            paused_until=row["paused_until"],
            failures=row["failures"],
            reason=row["reason"],
            weight=row["weight"],
            costs=row["costs"],
            warm_up=msgspec.convert(row["warm_up"], WarmUp) if row["warm_up"] else None,
            health=row["health"],
            health_why=again(row["health_why"]),
            silence_s=row["silence_s"],
        )
        for row in await queries.rows(tx, "read_providers")
    ]


async def set_enabled(tx: Transaction, provider: ProviderId, *, enabled: bool) -> bool:
    return await queries.run(tx, "set_enabled", id=provider, enabled=enabled) == 1


async def lock_tokens(tx: Transaction, provider: ProviderId) -> tuple[float, float]:
    """Tokens when last counted, and the seconds since then."""
    row = await queries.row(tx, "lock_state", id=provider)
    if row is None or row["closed"]:
        return 0.0, 0.0
    return row["tokens"], row["elapsed_s"] if row["elapsed_s"] is not None else 1.0


async def write_tokens(tx: Transaction, provider: ProviderId, tokens: float, *, elapsed_s: float) -> None:
    await queries.run(tx, "write_tokens", id=provider, tokens=tokens, elapsed_s=elapsed_s)


def _bucket(provider: int, message_id: str) -> int:
    return directory_bucket(str(provider), message_id)


async def remember(tx: Transaction, provider: ProviderId, ids: Sequence[tuple[DeliveryId, str]]) -> None:
    await queries.run(
        tx,
        "insert_provider_messages",
        provider_id=provider,
        buckets=[_bucket(provider, message_id) for _, message_id in ids],
        ids=[message_id for _, message_id in ids],
        deliveries=[delivery for delivery, _ in ids],
    )


async def find(tx: Transaction, named: Sequence[tuple[int, str]]) -> dict[tuple[int, str], DeliveryId]:
    rows = await queries.rows(
        tx,
        "find_provider_messages",
        buckets=[_bucket(provider, message_id) for provider, message_id in named],
        providers=[provider for provider, _ in named],
        ids=[message_id for _, message_id in named],
    )
    return {(row["provider_id"], row["id"]): DeliveryId(row["delivery_id"]) for row in rows}


async def read_message_ids(tx: Transaction, deliveries: Sequence[DeliveryId]) -> dict[DeliveryId, str]:
    rows = await queries.rows(tx, "read_message_ids", deliveries=list(deliveries))
    return {DeliveryId(row["delivery_id"]): row["id"] for row in rows}


async def keep_unmatched(tx: Transaction, receipts: Sequence[Receipt]) -> None:
    await queries.run(
        tx,
        "insert_unmatched",
        buckets=[_bucket(r.provider or 0, r.provider_message_id or "") for r in receipts],
        providers=[r.provider for r in receipts],
        ids=[r.provider_message_id for r in receipts],
        receipts=[msgspec.json.encode(r).decode() for r in receipts],
        at=[tx.now] * len(receipts),
    )


async def take_faster(tx: Transaction, provider: ProviderId, ids: Sequence[tuple[DeliveryId, str]]) -> list[Receipt]:
    rows = await queries.rows(
        tx,
        "take_faster",
        provider_id=provider,
        buckets=[_bucket(provider, message_id) for _, message_id in ids],
        ids=[message_id for _, message_id in ids],
        deliveries=[delivery for delivery, _ in ids],
    )
    return [_matched(row) for row in rows]


async def take_matched(tx: Transaction) -> list[Receipt]:
    return [_matched(row) for row in await queries.rows(tx, "take_matched")]


def _matched(row: Row) -> Receipt:
    return msgspec.structs.replace(msgspec.convert(row["receipt"], Receipt), delivery=row["delivery_id"])


async def drop_unmatched(tx: Transaction) -> int:
    return await queries.run(tx, "drop_unmatched")


async def read_scope(tx: Transaction, channel: str, address: str) -> str | None:
    """How far the opt-out of an address goes: marketing or everything; None: there is none."""
    scope: str | None = await queries.value(
        tx, "read_scope", bucket=directory_bucket(channel, address), channel=channel, value=address
    )
    return scope


async def insert_inbound(tx: Transaction, items: Sequence[Inbound]) -> set[tuple[str, str, str]]:
    """(channel, sender, message id) of those that were not taken in before."""
    rows = await queries.rows(
        tx,
        "insert_inbound",
        buckets=[directory_bucket(inbound.channel.value, inbound.sender) for inbound in items],
        providers=[inbound.provider for inbound in items],
        channels=[inbound.channel.value for inbound in items],
        senders=[inbound.sender for inbound in items],
        recipients=[inbound.recipient for inbound in items],
        subjects=[inbound.subject for inbound in items],
        texts=[inbound.text for inbound in items],
        readings=[inbound.reading for inbound in items],
        message_ids=[inbound.message_id or None for inbound in items],
        deliveries=[inbound.delivery for inbound in items],
        automatic=[inbound.automatic for inbound in items],
        at=[inbound.at for inbound in items],
    )
    return {(row["channel"], row["sender"], row["message_id"]) for row in rows}


async def read_memory(tx: Transaction, provider: ProviderId, key: str) -> Any:
    return await queries.value(tx, "read_memory", provider_id=provider, key=key)


async def write_memory(tx: Transaction, provider: ProviderId, key: str, value: Any) -> None:
    await queries.run(tx, "write_memory", provider_id=provider, key=key, value=msgspec.json.encode(value).decode())
