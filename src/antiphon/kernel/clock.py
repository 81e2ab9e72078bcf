"""Product time and wall time: the only source of "now".

Product time is one row in the database (an offset, held or running) that every process follows; tests and the
sandbox hold it, set it and move it. Wall time is for leases, answer time-outs, pacing and signatures.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from msgspec import Struct

FOREVER = datetime.max.replace(tzinfo=UTC)
"""`infinity` in the database: nothing will ever be due at it."""


def wall() -> float:
    """Seconds since the epoch, by this machine's clock."""
    return time.time()


def wall_datetime() -> datetime:
    return datetime.now(UTC)


class ClockState(Struct, frozen=True):
    """The row: product time is `held_at`, or wall time plus `offset` while it runs."""

    offset: timedelta = timedelta()
    held_at: datetime | None = None

    def now(self) -> datetime:
        return self.held_at if self.held_at is not None else wall_datetime() + self.offset

    def moved(self, to: datetime) -> ClockState:
        """The same clock, held or running, showing `to`."""
        if self.held_at is not None:
            return ClockState(offset=self.offset, held_at=to)
        return ClockState(offset=to - wall_datetime())

    def held(self) -> ClockState:
        return ClockState(offset=self.offset, held_at=self.now())

    def released(self) -> ClockState:
        """Runs on from what it shows."""
        return ClockState(offset=self.now() - wall_datetime())


class Clock:
    """This process's view of product time; `db.Database` keeps `state` fresh."""

    def __init__(self, state: ClockState | None = None) -> None:
        self.state = state or ClockState()

    def now(self) -> datetime:
        return self.state.now()
