"""Records of the ledger: what a decision reads and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from antiphon import channels, metrics
from antiphon.kernel.records import (
    DeliveryId,
    FailoverOn,
    MessageId,
    NotificationId,
    ProfileId,
    ProviderId,
    Purpose,
    SourceId,
)
from antiphon.kernel.settings import FrequencyCap, Jurisdiction, QuietHours
from antiphon.orchestration.terms import NO_TERMS, Terms
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

NOBODY = metrics.Population(priors={key: metrics.default_prior(metrics.DEFAULTS[key]) for key in metrics.KEYS})
"""Nothing has been learned yet: the defaults of each kind of message."""

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
    terms: Terms = NO_TERMS

    def silence(self, channel: str, learned_s: float | None = None) -> float:
        """`learned_s`: of the provider that takes it; what the source says itself goes first."""
        return self.silence_s.get(channel, learned_s or channels.SILENCE_S.get(channel, 300))


class Attempt(Struct, frozen=True):
    """A delivery as a decision sees it."""

    id: DeliveryId
    n: int
    channel: str
    address: str
    state: DeliveryState
    failure: str | None = None
    provider: ProviderId = ProviderId(0)


class Window(Struct, frozen=True):
    """What a channel lets us say until then: anything, or only what a human writes. Afterwards: templates."""

    kind: Literal["free", "human"]
    until: datetime


class Reach(Struct, frozen=True):
    """An address of the person; `opted_out` by whoever holds it, of marketing or everything; `dead` by the world.

    `windowed`: what may be said there depends on what the person wrote last, as `window` says (None: closed).
    """

    channel: str
    value: str
    opted_out: Literal["marketing", "everything"] | None = None
    dead: bool = False
    windowed: bool = False
    window: Window | None = None


class Seen(Struct, frozen=True):
    """What the person made of what a source follows."""

    channel: str
    how: Literal["delivered", "opened", "clicked"]


class Withdrawn(Struct, frozen=True):
    """The newest attempt never left: when it was decided, and what was reserved for it. Both come back."""

    at: datetime
    cost: float = 0.0


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
    seen: Seen | None = None
    """What they made of the message that this one follows."""
    withdrawn: Withdrawn | None = None


class Place(Struct, frozen=True):
    """A place that was taken under the frequency caps. `further`: by a further attempt of the same notification."""

    at: datetime
    source: SourceId
    topic: str
    channel: str
    further: bool = False


class Told(Struct, frozen=True):
    """A campaign message that the person got: what a limit of theirs counts. `further`: a later attempt of one that is
    counted already; only the law counts it too."""

    at: datetime
    topic: str
    channel: str
    address: str
    further: bool = False


class PersonCase(Struct, frozen=True):
    """Everything that one decision reads, for all open notifications of one person together."""

    profile: ProfileId
    notifications: Sequence[OpenNotification]
    reach: Sequence[Reach] = ()
    counts: Mapping[str, metrics.Counts] = field(default_factory=dict)
    """How often they were written to and answered, by channel and kind of message."""
    hours: tuple[int, ...] = ()
    """At which local hours they answered, 24 numbers; none: never."""
    zones: tuple[str, ...] = ()
    """Where they may live, all that cannot be ruled out; none: the company's."""
    regions: tuple[str, ...] = ()
    """Whose law counts: FR, US-FL."""
    places: Sequence[Place] = ()
    """Places taken under the frequency caps, oldest first."""
    quiet: tuple[str, str] | None = None
    """Their own quiet hours, HH:MM to HH:MM."""
    groups: tuple[int, ...] = ()
    """Of the segments that are asked for here, those that they are in."""
    held: Mapping[str, float] = field(default_factory=dict)
    """Of the traits that are asked for here, those that are numbers."""
    preferences: Sequence[Standing] = ()
    """What stands of all that the person said."""
    told: Sequence[Told] = ()
    """What they got, as far back as their own limits reach; empty while they have none."""
    moving: bool = False
    """The person is being put together or parted: nothing is decided until they are whole."""
    shared: tuple[tuple[int, str, str], ...] = ()
    """(source, channel, address) at which somebody else was told the same."""
    money: Mapping[int, float] = field(default_factory=dict)
    """What is left of the budgets of these sources; who is not named has enough."""


class ProviderChoice(Struct, frozen=True):
    """`up`: False where it could not be reached just now: what is decided for it waits. `costs`: by region."""

    id: ProviderId
    unit_cost: float = 0.0
    up: bool = True
    rank: int = 0
    weight: int = 100
    health: float = 1.0
    costs: Mapping[str, float] = field(default_factory=dict)
    silence_s: float | None = None

    def cost(self, region: str | None) -> float:
        if region is None:
            return self.unit_cost
        return self.costs.get(region, self.costs.get(region.partition("-")[0], self.unit_cost))


class Policy(Struct, frozen=True):
    """What the operator has set, and which providers there are of a channel (none: the channel is down)."""

    providers: Mapping[str, tuple[ProviderChoice, ...]]
    quiet_hours: QuietHours | None = None
    caps: tuple[FrequencyCap, ...] = ()
    timezone: str = "UTC"
    jurisdictions: Mapping[str, Jurisdiction] = field(default_factory=dict)
    topics: Mapping[str, Topic] = field(default_factory=dict)
    """Those that were written down."""
    population: metrics.Population = NOBODY
    """What is known of everybody's answers."""
    cheapest: frozenset[str] = frozenset()
    """Channels on which the cheapest healthy route is taken."""
    exploration: float = 0.0
    answer_worth: float = 0.0
    habits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """By country: how much likelier than elsewhere a channel is answered there."""


class Option(Struct, frozen=True):
    """A channel that was looked at: why not, or how likely the person answers there, and what it would cost."""

    channel: str
    score: float | None = None
    reason: str | None = None
    failed: bool = False
    cost: float = 0.0


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
    place: Place | None = None
    """What it takes under the frequency caps."""
    cost: float = 0.0
    """What it will cost, about."""
    propensity: float | None = None
    """How likely this channel was to be taken, where it was drawn; None: nothing was left to chance."""
