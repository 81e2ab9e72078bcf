"""What people ask of a campaign, as it comes in: over HTTP, from a file, from the page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from antiphon.campaigns.records import Campaign, Plan, Unless
from antiphon.kernel.records import FailoverOn


class Pilot(Struct, forbid_unknown_fields=True):
    share: float


class Throttle(Struct, forbid_unknown_fields=True):
    """So many people a minute, over all workers."""

    per_minute: int


class SendAt(Struct, forbid_unknown_fields=True):
    """`local`, such as 2026-12-01T09:00: where each person lives. `best_hour`: when the person usually answers, within
    `within` (default 24h) of the start."""

    local: str | None = None
    best_hour: bool = False
    within: str | None = None


class Follow(Struct, forbid_unknown_fields=True):
    """Complements that campaign: who has opened it (or got, or clicked it: `unless`) does not get this one."""

    campaign: str
    unless: Unless = "opened"


class StopAbove(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Shares of what was handed over, from `least` messages on; null: no limit. What is not said, the settings say."""

    complaints: float | UnsetType | None = UNSET
    bounces: float | UnsetType | None = UNSET
    opt_outs: float | UnsetType | None = UNSET
    least: int | UnsetType = UNSET


class NewCampaign(Struct, forbid_unknown_fields=True):
    """`message`, `segment` and those in `exclude` by id or name. `topic`: the message's unless given.

    `launch_at`: when a launch begins to tell people. `budget` and `cost_max` (of one message) are money. `priority`:
    -10 to 10; the higher takes a scarce place first. `recall_s`: for so long after its launch it can be taken back.
    """

    name: str
    message: str
    segment: str
    channels: list[str]
    topic: str | None = None
    pilot: Pilot | None = None
    failover_on: FailoverOn = "definite"
    launch_at: datetime | None = None
    send_at: SendAt | None = None
    throttle: Throttle | None = None
    exclude: list[str] = []
    priority: int = 0
    budget: float | None = None
    cost_max: float | None = None
    follow: Follow | None = None
    stop_above: StopAbove | None = None
    recall_s: float | None = None
    expires_in: str | None = None


class Changes(Struct, forbid_unknown_fields=True):
    """What is to be another; what is not named stays. Of a launched campaign: budget, throttle and stop_above."""

    name: str | UnsetType = UNSET
    message: str | UnsetType = UNSET
    segment: str | UnsetType = UNSET
    channels: list[str] | UnsetType = UNSET
    topic: str | UnsetType | None = UNSET
    pilot: Pilot | UnsetType | None = UNSET
    failover_on: FailoverOn | UnsetType = UNSET
    launch_at: datetime | UnsetType | None = UNSET
    send_at: SendAt | UnsetType | None = UNSET
    throttle: Throttle | UnsetType | None = UNSET
    exclude: list[str] | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    budget: float | UnsetType | None = UNSET
    cost_max: float | UnsetType | None = UNSET
    follow: Follow | UnsetType | None = UNSET
    stop_above: StopAbove | UnsetType | None = UNSET
    recall_s: float | UnsetType | None = UNSET
    expires_in: str | UnsetType | None = UNSET

    def given(self) -> dict[str, Any]:
        """Those that were named, by name."""
        every = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in every.items() if value is not UNSET}


def asked_of(campaign: Campaign) -> NewCampaign:
    """What one would have to ask for to get this campaign."""
    plan = campaign.plan
    return NewCampaign(
        name=campaign.name,
        message=str(campaign.message),
        segment=str(campaign.segment),
        channels=list(campaign.channels),
        topic=campaign.topic,
        pilot=None if campaign.pilot_share is None else Pilot(campaign.pilot_share),
        failover_on=campaign.failover_on,
        launch_at=plan.launch_at,
        send_at=send_at_of(plan),
        throttle=None if plan.per_minute is None else Throttle(plan.per_minute),
        exclude=[str(group.id) for group in plan.exclude],
        priority=plan.priority,
        budget=plan.budget,
        cost_max=plan.cost_max,
        follow=None if plan.follow is None else Follow(str(plan.follow.campaign), plan.follow.unless),
        stop_above=msgspec.convert(plan.stop_above, StopAbove) if plan.stop_above else None,
        recall_s=plan.recall_s,
        expires_in=None if plan.expires_in_s is None else f"{plan.expires_in_s}s",
    )


def send_at_of(plan: Plan) -> SendAt | None:
    at = plan.send_at
    if at is None:
        return None
    if at.local is not None:
        return SendAt(local=f"{at.local:%Y-%m-%dT%H:%M:%S}")
    return SendAt(best_hour=True, within=f"{at.within_s:.0f}s")
