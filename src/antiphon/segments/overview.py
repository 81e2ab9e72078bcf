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
    """`sizes` at the end of each of the last days that it was there, the oldest first.

    `users` are segments whose rules name it; the stages of its own ladder are left out.
    """

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
    every = {segment.id: segment for segment in await registry.list_all(tx)}
    users: dict[int, set[str]] = defaultdict(set)
    for edge in await registry.edges(tx):
        for need in edge.needs:
            if not _on_one_ladder(every[edge.segment], every[need]):
                users[need].add(edge.name)
    found = []
    for segment in every.values():
        sizes, entered, left = numbers[segment.id]
        since = sizes[-1 - max(0, (tx.now - segment.created_at).days) :]
        found.append(Line(segment, sizes[-1], entered, left, since, sorted(users[segment.id])))
    return sorted(found, key=lambda line: line.segment.name.casefold())


def _on_one_ladder(one: Segment, other: Segment) -> bool:
    """Stages name those before them."""
    return one.stage_of is not None and one.stage_of == other.stage_of
