"""All segments at a glance: how large each is and was, and which others name it."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from msgspec import Struct

from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.segments.records import Segment
from antiphon.segments.store import history, registry

DAYS = 14


class Line(Struct, frozen=True):
    """`sizes` at the end of each of the last days, the oldest first; `users` are segments whose rules name it."""

    segment: Segment
    size: int
    entered_today: int
    left_today: int
    sizes: list[int]
    users: list[str]


async def overview(tx: Transaction) -> list[Line]:
    """By name."""
    zone = (await settings.read(tx)).timezone
    numbers = await history.sizes_of_all(tx, begin=tx.now - timedelta(days=DAYS - 1), zone=zone)
    users: dict[int, set[str]] = defaultdict(set)
    for edge in await registry.edges(tx):
        for need in edge.needs:
            users[need].add(edge.name)
    found = []
    for segment in await registry.list_all(tx):
        sizes, entered, left = numbers[segment.id]
        found.append(Line(segment, sizes[-1], entered, left, sizes, sorted(users[segment.id])))
    return sorted(found, key=lambda line: line.segment.name.casefold())
