"""Records of channels: accounts and what they are worth now."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from antiphon.kernel.records import ProviderId


class Provider(Struct, frozen=True):
    """A configured account behind an adapter. `paused_until` is wall time; `settings` are sealed."""

    id: ProviderId
    name: str
    channel: str
    adapter: str
    enabled: bool
    rank: int
    per_second: float | None
    unit_cost: float
    sealed: bytes
    paused_until: datetime | None = None
    failures: int = 0
    reason: str = ""

    def up(self, at: datetime) -> bool:
        return self.enabled and (self.paused_until is None or self.paused_until <= at)
