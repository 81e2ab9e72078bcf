"""Records of the ledger: what a decision reads and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from antiphon.kernel.records import (
    DeliveryId,
    FailoverOn,
    Lane,
    MessageId,
    NotificationId,
    ProfileId,
    ProviderId,
    Purpose,
    SourceId,
)
from antiphon.kernel.settings import FrequencyCap, Jurisdiction, QuietHours
from antiphon.profiles import Standing, Topic

DeliveryState = Literal[
    "queued", "sending", "in_doubt", "accepted", "sent", "expired", "failed", "delivered", "read", "cancelled",
    "superseded",
]  # fmt: skip
NotificationState = Literal["open", "waiting", "sent", "delivered", "failed", "dropped", "cancelled"]
Reason = Literal[
    "opted_out", "no_consent", "unwanted", "unreachable", "suppressed", "quiet_hours", "capped", "duplicate", "expired",
    "not_eligible", "held_out", "paused", "cancelled", "budget_spent", "provider_down", "over_budget", "merged",
]  # fmt: skip

LANES: Mapping[Purpose, Lane] = {
    Purpose.CODE: Lane.CODE,
    Purpose.ALERT: Lane.ALERT,
    Purpose.SYSTEM: Lane.ALERT,
    Purpose.REPLY: Lane.REPLY,
    Purpose.TRANSACTIONAL: Lane.TRANSACTIONAL,
    Purpose.TEST: Lane.TRANSACTIONAL,
    Purpose.CAMPAIGN: Lane.CAMPAIGN,
}
SILENCE_S: Mapping[str, float] = {"push": 60, "chat": 120, "sms": 180, "voice": 60, "email": 3600}
"""How long nothing may be heard before `silence` starts the next channel. A push that is shown says so within
seconds; an operator's receipt comes within minutes; a mailbox says nothing until it is opened."""

Live = frozenset({"queued", "sending", "in_doubt", "accepted", "sent"})


class Source(Struct, frozen=True):
    """What notifications come from. `prefer` is the channel that the rest was shifted to."""

    id: SourceId
    kind: str
    name: str
    message: MessageId
    version: int
    topic: str
    purpose: Purpose
    channels: tuple[str, ...]
    failover_on: FailoverOn
    state: Literal["running", "paused", "cancelled"]
    prefer: str | None = None
    silence_s: dict[str, float] = {}

    def silence(self, channel: str) -> float:
        return self.silence_s.get(channel, SILENCE_S.get(channel, 300))


class Attempt(Struct, frozen=True):
    """A delivery as a decision sees it."""

    id: DeliveryId
    n: int
    channel: str
    address: str
    state: DeliveryState
    failure: str | None = None


class Reach(Struct, frozen=True):
    """An address of the person; `opted_out` by whoever holds it, of marketing or everything; `dead` by the world."""

    channel: str
    value: str
    opted_out: Literal["marketing", "everything"] | None = None
    dead: bool = False


class OpenNotification(Struct, frozen=True):
    """`number`: the number of the person that it was written for. `told_elsewhere`: another of their numbers was told
    the same."""

    id: NotificationId
    source: Source
    created_at: datetime
    number: ProfileId = ProfileId(0)
    told_elsewhere: bool = False
    variant: str = ""
    expires_at: datetime | None = None
    waited: bool = False
    is_new: bool = False
    """Not written yet: it is inserted together with its verdict."""
    attempts: tuple[Attempt, ...] = ()


class Responses(Struct, frozen=True):
    """How often this person was written to on a channel and answered (opened, clicked, replied)."""

    sent: int = 0
    answered: int = 0


class Told(Struct, frozen=True):
    """A campaign message that the person got: what a limit of theirs counts."""

    at: datetime
    topic: str
    channel: str
    address: str


class PersonCase(Struct, frozen=True):
    """Everything that one decision reads, for all open notifications of one person together."""

    profile: ProfileId
    notifications: Sequence[OpenNotification]
    reach: Sequence[Reach] = ()
    responses: Mapping[str, Responses] = field(default_factory=dict)
    zones: tuple[str, ...] = ()
    """Where they may live, all that cannot be ruled out; none: the company's."""
    regions: tuple[str, ...] = ()
    """Whose law counts: FR, US-FL."""
    capped_at: Sequence[datetime] = ()
    """When capped messages were decided for this person, oldest first."""
    preferences: Sequence[Standing] = ()
    """What stands of all that the person said."""
    told: Sequence[Told] = ()
    """What they got, as far back as their own limits reach; empty while they have none."""
    moving: bool = False
    """The person is being put together or parted: nothing is decided until they are whole."""


class ProviderChoice(Struct, frozen=True):
    id: ProviderId
    unit_cost: float = 0.0
    up: bool = True
    """False: it could not be reached just now; what is decided for it waits."""


class Policy(Struct, frozen=True):
    """What the operator has set, and which provider serves a channel now (none: the channel is down)."""

    providers: Mapping[str, ProviderChoice]
    quiet_hours: QuietHours | None = None
    frequency_cap: FrequencyCap | None = None
    timezone: str = "UTC"
    jurisdictions: Mapping[str, Jurisdiction] = field(default_factory=dict)
    topics: Mapping[str, Topic] = field(default_factory=dict)
    """Those that were written down."""
    prior: Mapping[str, float] = field(default_factory=dict)
    """The share of all people who answer on a channel: what we expect of somebody we know nothing about."""


class Option(Struct, frozen=True):
    """A channel that was looked at: why not, or how likely the person answers there."""

    channel: str
    score: float | None = None
    reason: str | None = None
    failed: bool = False


class Verdict(Struct, frozen=True):
    """The answer for one notification at an instant.

    `send`: on `channel` to `address` by `provider`. `wait`: until `until`, for `reason`. `drop`: for `reason`, for
    good. `fail`: every attempt failed. `rest`: handed over, not heard of, nothing left to try. `keep`: an attempt is
    under way. `because` says in words what decided; `options` are the runners-up.
    """

    notification: NotificationId
    act: Literal["send", "wait", "drop", "fail", "rest", "keep"]
    channel: str | None = None
    address: str | None = None
    provider: ProviderId | None = None
    until: datetime | None = None
    reason: Reason | None = None
    because: str = ""
    options: tuple[Option, ...] = ()
    counts: bool = False
    """It takes a place under the frequency cap."""
