"""What people said."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId, bucket_of, directory_bucket
from antiphon.profiles.store.base import queries


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
