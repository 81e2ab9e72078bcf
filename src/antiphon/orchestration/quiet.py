"""Quiet hours: when a channel must be silent where the person lives."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from antiphon.kernel.settings import QuietHours


@lru_cache(maxsize=1024)
def zone(name: str | None, default: str) -> ZoneInfo:
    """The person's zone; a name nobody knows counts as none."""
    for candidate in (name, default):
        if candidate:
            try:
                return ZoneInfo(candidate)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                continue
    return ZoneInfo("UTC")


def quiet_until(hours: QuietHours, at: datetime, where: ZoneInfo) -> datetime | None:
    """The end of the quiet hours that `at` falls into, in UTC; None when it is not quiet.

    Local wall-clock times: over a change to summer time the night is an hour shorter, as people expect.
    """
    start, end = time.fromisoformat(hours.start), time.fromisoformat(hours.end)
    local = at.astimezone(where)
    clock = local.timetz().replace(tzinfo=None)
    quiet = start <= clock < end if start <= end else clock >= start or clock < end
    if not quiet:
        return None
    day = local.date() + timedelta(days=1) if start > end and clock >= start else local.date()
    until = datetime.combine(day, end, tzinfo=where).astimezone(UTC)
    if until <= at:  # the hour that comes twice when summer time ends: it is quiet until its second end
        until = datetime.combine(day, end.replace(fold=1), tzinfo=where).astimezone(UTC)
    return until
