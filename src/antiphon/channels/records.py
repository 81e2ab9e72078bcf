"""Records of channels: accounts and what they are worth now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct

from antiphon.kernel.records import ProviderId

HEALTHY = 0.5
"""Below it an account is used only where no other of its channel is better."""


class WarmUp(Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """A sender that nobody knows yet begins slowly: so many messages a day to each receiving system, day by day from
    `since` on (a date in UTC); after the last of `per_day` there is no limit."""

    since: date
    per_day: tuple[int, ...]


class Terms(Struct, frozen=True):
    """On what terms an account is used: see `docs/howto/connect-a-provider.md`."""

    rank: int = 0
    weight: int = 100
    per_second: float | None = None
    unit_cost: float = 0.0
    costs: Mapping[str, float] = {}
    warm_up: WarmUp | None = None


class Provider(Struct, frozen=True):
    """A configured account behind an adapter. `paused_until` is wall time; `settings` are sealed.

    `costs`: by region, such as GR or US, where they differ from `unit_cost`. `health`: 0 to 1. `silence_s`: learned.
    """

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
    weight: int = 100
    costs: Mapping[str, float] = {}
    warm_up: WarmUp | None = None
    health: float = 1.0
    health_why: str = ""
    silence_s: float | None = None

    def up(self, at: datetime) -> bool:
        return self.enabled and (self.paused_until is None or self.paused_until <= at)

    @property
    def healthy(self) -> bool:
        return self.health >= HEALTHY

    def cost(self, region: str | None) -> float:
        """Money per message (SMS: per part) to a region; US-FL costs what US does where it is not named."""
        if region is None:
            return self.unit_cost
        return self.costs.get(region, self.costs.get(region.partition("-")[0], self.unit_cost))
