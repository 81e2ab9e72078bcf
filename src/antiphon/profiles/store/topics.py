"""Kinds of messages that a person can want or not."""

from __future__ import annotations

import msgspec

from antiphon.kernel.db import Transaction
from antiphon.profiles.consent_records import Topic
from antiphon.profiles.store.base import queries


async def read_all(tx: Transaction) -> list[Topic]:
    rows = await queries.rows(tx, "read_topics")
    return [Topic(**dict(row) | {"channels": tuple(row["channels"])}) for row in rows]


async def write(tx: Transaction, topic: Topic) -> bool:
    """Whether something changed."""
    fields = msgspec.structs.asdict(topic)
    fields |= {name: msgspec.json.encode(fields[name]).decode() for name in ("titles", "texts")}
    return await queries.value(tx, "write_topic", **fields) is not None


async def drop(tx: Transaction, name: str) -> bool:
    return await queries.value(tx, "drop_topic", name=name) is not None


async def is_spoken_of(tx: Transaction, name: str) -> bool:
    return bool(await queries.value(tx, "is_topic_spoken_of", name=name))
