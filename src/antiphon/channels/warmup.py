"""Warm-up: a sender that nobody knows begins slowly, day by day, at each receiving system. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from antiphon.channels.records import WarmUp
from antiphon.kernel.errors import Flaw
from antiphon.kernel.said import worded

DAYS_MAX = 365
PER_DAY_MAX = 100_000_000
JITTER_S = 900.0
"""Who waits for tomorrow comes over its first quarter of an hour, not all at midnight."""


def limit(plan: WarmUp, day: date) -> int | None:
    """Messages to one receiver on that day (UTC). None: the plan is over. Before it begins the first day counts."""
    index = max(0, (day - plan.since).days)
    return plan.per_day[index] if index < len(plan.per_day) else None


def granted(used: int, wanted: int, limit: int) -> int:
    return max(0, min(wanted, limit - used))


def until_tomorrow(at: datetime) -> float:
    """Seconds until the next day in UTC begins, and a little more."""
    tomorrow = datetime.combine(at.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    return (tomorrow - at).total_seconds() + random.uniform(1.0, JITTER_S)


def flaws(per_day: Sequence[int]) -> list[Flaw]:
    """What is wrong with a plan."""
    if not 1 <= len(per_day) <= DAYS_MAX:
        return [Flaw("warm_up.per_day", worded("A warm-up has 1 to {most} days.", most=DAYS_MAX))]
    if not all(1 <= n <= PER_DAY_MAX for n in per_day):
        return [Flaw("warm_up.per_day", worded("A day has room for 1 to {most:,} messages.", most=PER_DAY_MAX))]
    return []
