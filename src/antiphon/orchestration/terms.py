"""What a source asks for beside its message and channels: records."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from antiphon.kernel.records import SourceId


class Group(Struct, frozen=True):
    """A segment, by number and by the name it had."""

    id: int
    name: str


class BetterThan(Struct, frozen=True):
    """Nobody gets an offer that is worse than the one they hold: their trait must be below this value, or absent."""

    trait: str
    value: float


class Follow(Struct, frozen=True):
    """It complements what another source said: who has seen that already, on whatever channel, needs it not again."""

    source: SourceId
    name: str
    unless: Literal["delivered", "opened", "clicked"] = "opened"


class SendAt(Struct, frozen=True):
    """When, where the person lives: at `local` (an instant without a zone), or at their best hour within `within_s` of
    the beginning."""

    local: datetime | None = None
    best_hour: bool = False
    within_s: float = 86_400.0


class Terms(Struct, frozen=True, omit_defaults=True):
    """What else a source asks for.

    `priority`: among campaigns, the highest takes a scarce place first. `inside` and `outside`: only members of all of
    these, and of none of those. `give_up_s`: no further attempt begins later than that after the notification was made.
    `cost_max`: what one message may cost. `units`: how many parts it has on a channel, about. `templates`: channels on
    which the message is an approved template. `explore`: the share of people who get another channel than their
    likeliest. `once`: one attempt, by the account and to the address that it was decided for, and no other.
    """

    priority: int = 0
    inside: tuple[Group, ...] = ()
    outside: tuple[Group, ...] = ()
    better_than: BetterThan | None = None
    follow: Follow | None = None
    send_at: SendAt | None = None
    give_up_s: float | None = None
    cost_max: float | None = None
    budget: float | None = None
    explore: float = 0.0
    units: dict[str, int] = {}
    templates: tuple[str, ...] = ()
    once: bool = False


NO_TERMS = Terms()


class Budget(Struct, frozen=True):
    """What a source may spend, and what of it was reserved for attempts that were decided."""

    amount: float
    reserved: float
