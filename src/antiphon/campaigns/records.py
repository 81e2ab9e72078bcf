"""Records of campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from antiphon import orchestration
from antiphon.kernel.records import FailoverOn, MessageId, SegmentId, SourceId

State = Literal["draft", "running", "pilot_done", "paused", "done", "cancelled"]
Stage = Literal["pilot", "rest", "all"]
Unless = Literal["delivered", "opened", "clicked"]


class Followed(Struct, frozen=True):
    """The campaign that this one complements, and what spares people the second message."""

    campaign: int
    name: str
    unless: Unless = "opened"


class Plan(Struct, frozen=True, omit_defaults=True):
    """What a campaign asks for beside its message and audience, as it is stored.

    `per_minute`: people who become notifications. `stop_above`: what was said of the limits, by name; the rest is as
    the settings say. `recall_s`: None: as the settings say.
    """

    launch_at: datetime | None = None
    send_at: orchestration.SendAt | None = None
    per_minute: int | None = None
    exclude: tuple[orchestration.Group, ...] = ()
    priority: int = 0
    budget: float | None = None
    cost_max: float | None = None
    follow: Followed | None = None
    stop_above: dict[str, int | float | None] = {}
    recall_s: float | None = None
    expires_in_s: int | None = None


class Stopped(Struct, frozen=True):
    """Why it stopped by itself: `share` was above `limit` on `channel`; of a budget, `limit` is its amount."""

    reason: Literal["complaints", "bounces", "opt_outs", "budget"]
    at: datetime
    because: str
    channel: str | None = None
    share: float | None = None
    limit: float | None = None


class Shifted(Struct, frozen=True, omit_defaults=True):
    """The newest shift: to `channel`, from what was preferred `before`. Until `until` nobody is decided, and it can be
    taken back; `began`: it started the rest, which then waits for a decision again."""

    channel: str
    at: datetime
    until: datetime
    before: str | None = None
    began: bool = False


class Campaign(Struct, frozen=True):
    """One message for a segment. `pilot_share` is 0 to 1, None without a pilot; `source` is set at launch.

    `starts_at`: when the first are told. `tolerated`: shares above their limits with which somebody let it go on.
    """

    id: int
    name: str
    message: MessageId
    message_name: str
    segment: SegmentId
    segment_name: str
    channels: tuple[str, ...]
    topic: str
    pilot_share: float | None
    failover_on: FailoverOn
    state: State
    stage: Stage
    source: SourceId | None
    created_at: datetime
    launched_at: datetime | None = None
    ended_at: datetime | None = None
    plan: Plan = Plan()
    starts_at: datetime | None = None
    stopped: Stopped | None = None
    tolerated: dict[str, float] = {}
    shifted: Shifted | None = None
