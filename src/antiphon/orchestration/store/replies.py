"""What people who wrote to us had been told, and what those who wrote STOP, START or HELP were answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import DeliveryId, Inbound, ProfileId, SourceId, bucket_of, directory_bucket
from antiphon.orchestration.store.base import queries


async def read_stops(
    tx: Transaction, channel: str, addresses: Sequence[str], *, since: datetime
) -> dict[str, list[str]]:
    """By address: what was offered to be stopped alone, while everything is."""
    if not addresses:
        return {}
    buckets = [directory_bucket(channel, address) for address in addresses]
    rows = await queries.rows(
        tx, "read_stops", channel=channel, buckets=buckets, addresses=list(addresses), since=since
    )
    return {row["address"]: row["topics"] for row in rows}


async def take_answer(
    tx: Transaction,
    channel: str,
    address: str,
    kind: str,
    *,
    about: datetime | None,
    topics: Sequence[str],
    since: datetime,
    limit: int,
) -> bool:
    """Whether it is ours to answer; it is taken then."""
    taken = await queries.value(
        tx,
        "take_answer",
        bucket=directory_bucket(channel, address),
        channel=channel,
        address=address,
        kind=kind,
        about=about,
        topics=list(topics),
        since=since,
        limit=limit,
    )
    return taken is not None


async def read_opt_out_at(tx: Transaction, channel: str, address: str) -> datetime | None:
    at: datetime | None = await queries.value(
        tx, "read_opt_out_at", bucket=directory_bucket(channel, address), channel=channel, value=address
    )
    return at


async def read_recent_topics(
    tx: Transaction, profile: ProfileId, channel: str, address: str, *, limit: int
) -> list[str]:
    rows = await queries.rows(
        tx,
        "read_recent_topics",
        bucket=bucket_of(profile),
        profile_id=profile,
        channel=channel,
        address=address,
        limit=limit,
    )
    return [row["topic"] for row in rows]


async def read_told_last(
    tx: Transaction, replies: Sequence[tuple[ProfileId, Inbound]], *, within: timedelta
) -> dict[int, SourceId]:
    """By the place of the reply: the source of what went last to where it came from, before it came."""
    rows = await _told_last(tx, replies, within=within)
    return {row["place"] - 1: SourceId(row["source_id"]) for row in rows}


async def read_last_delivery(
    tx: Transaction, replies: Sequence[tuple[ProfileId, Inbound]], *, within: timedelta
) -> list[DeliveryId]:
    """What went last to where these came from; none where that was nothing."""
    return [DeliveryId(row["id"]) for row in await _told_last(tx, replies, within=within)]


async def _told_last(tx: Transaction, replies: Sequence[tuple[ProfileId, Inbound]], *, within: timedelta) -> list[Row]:
    return await queries.rows(
        tx,
        "read_told_last",
        profiles=[profile for profile, _ in replies],
        channels=[item.channel.value for _, item in replies],
        addresses=[item.sender for _, item in replies],
        since=[item.at - within for _, item in replies],
        until=[item.at for _, item in replies],
    )


async def forget(tx: Transaction, addresses: Sequence[tuple[str, str]]) -> None:
    """(channel, address) each."""
    if addresses:
        await queries.run(
            tx,
            "forget_answers",
            buckets=[directory_bucket(channel, address) for channel, address in addresses],
            channels=[channel for channel, _ in addresses],
            addresses=[address for _, address in addresses],
        )
