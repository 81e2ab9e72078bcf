"""The keeper of event partitions."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from antiphon.kernel.db import Transaction
from antiphon.profiles import store


async def ensure_partitions(tx: Transaction) -> list[str]:
    """Partitions for last, this and next month by product time; the names of those it made. Cheap when all exist.

    Everything older goes to one partition of its own: so the default holds next to nothing, and attaching a month,
    which scans the default under a lock, takes milliseconds. A month that has rows in the default already, or that
    another partition covers, stays as it is; so does one whose lock is not to be had within 200 ms.
    """
    this = tx.now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    months = [_shifted(this, by) for by in (-1, 0, 1, 2)]
    made = [await store.partitions.make_partition(tx, "event_before", start=None, end=months[0])]
    for start, end in pairwise(months):
        made.append(await store.partitions.make_partition(tx, f"event_{start:%Y_%m}", start=start, end=end))
    return [name for name in made if name]


def _shifted(month: datetime, by: int) -> datetime:
    number = month.year * 12 + month.month - 1 + by
    return month.replace(year=number // 12, month=number % 12 + 1)
