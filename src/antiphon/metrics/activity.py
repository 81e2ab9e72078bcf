"""At which hours of their day people answer, counted as they do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.metrics import store_responses as store
from antiphon.metrics.daytime import Hours

MOST = 255
"""What a byte holds. When one is full, all of that person's are halved: what they do lately counts."""


async def note_hours(tx: Transaction, answered: Sequence[tuple[ProfileId, datetime, int]]) -> None:
    """Person, when, and at which hour of theirs. Who is named twice answered twice."""
    said: dict[ProfileId, list[tuple[datetime, int]]] = defaultdict(list)
    for person, at, hour in answered:
        said[person].append((at, hour))
    for n in range(max(map(len, said.values()), default=0)):
        await store.note_hours(tx, {person: times[n] for person, times in said.items() if len(times) > n})


async def add_hours(tx: Transaction, added: dict[ProfileId, tuple[Sequence[int], datetime]]) -> None:
    """What aliases bring along."""
    await store.insert_empty_hours(tx, added)
    locked = await store.lock_hours(tx, added)
    await store.write_hours(
        tx,
        {
            person: (_sum(counts, added[person][0]), max(last_at, added[person][1]))
            for person, (counts, last_at) in locked.items()
        },
    )


def _sum(counts: Iterable[int], added: Iterable[int]) -> bytes:
    sums = [a + b for a, b in zip(counts, added, strict=True)]
    while max(sums) > MOST:  # at most log2 of what was added
        sums = [n // 2 for n in sums]
    return bytes(sums)


async def hours(tx: Transaction, people: Collection[ProfileId]) -> dict[ProfileId, Hours]:
    """Of those who ever answered."""
    return {row["profile_id"]: Hours(tuple(row["hours"])) for row in await store.read_hours(tx, people)}
