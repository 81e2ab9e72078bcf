"""A campaign as people see it: what it asks for, how far it is, its numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from antiphon import metrics, orchestration, segments
from antiphon.campaigns import planning, stops
from antiphon.campaigns.asked import Follow, Pilot, SendAt, Throttle, send_at_of
from antiphon.campaigns.records import Campaign, Stopped
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import FailoverOn
from antiphon.kernel.settings import Limits


class CountView(Struct):
    """`amount` is money: what the messages cost."""

    channel: str
    variant: str
    kind: str
    n: int
    amount: float


class FigureView(Struct):
    """The counts of one channel and variant side by side: `opened` and `clicked` are people's, those of machines apart.

    `opened` is null where nobody can know.
    """

    channel: str
    variant: str
    sent: int
    delivered: int
    failed: int
    opened: int | None
    machine_opened: int
    clicked: int
    machine_clicked: int
    converted: int
    complaints: int
    bounces: int
    opt_outs: int
    cost: float
    cost_per_conversion: float | None


class BudgetView(Struct):
    """Money. `spent`: also what is reserved for messages that are about to leave."""

    amount: float
    spent: float
    left: float


class CampaignView(Struct):
    """`counts`: what happened so far, by channel and variant. `notifications`: people by state; `reasons`: why not.

    `doubles`: people to whom more than one attempt is known to have arrived. `starts_at`: nobody is told before.
    `expected_end`: of a throttled one that runs, when its last people are told at its pace. `stopped`: why it stopped
    by itself; `advice`: what to do about that. `limits`: the shares above which it stops, in force now.
    """

    id: str
    name: str
    state: str
    stage: str
    message: str
    segment: str
    channels: list[str]
    topic: str
    failover_on: FailoverOn
    pilot: Pilot | None
    created_at: datetime
    launched_at: datetime | None
    ended_at: datetime | None
    launch_at: datetime | None = None
    starts_at: datetime | None = None
    send_at: SendAt | None = None
    throttle: Throttle | None = None
    exclude: list[str] = []
    priority: int = 0
    budget: BudgetView | None = None
    cost_max: float | None = None
    follow: Follow | None = None
    stop_above: dict[str, int | float | None] | None = None
    limits: Limits | None = None
    recall_s: float | None = None
    expires_in: str | None = None
    stopped: Stopped | None = None
    advice: str | None = None
    expected_end: datetime | None = None
    prefer: str | None = None
    counts: list[CountView] = []
    figures: list[FigureView] = []
    notifications: dict[str, int] = {}
    reasons: dict[str, int] = {}
    doubles: int = 0


ADVICE: Mapping[str, str] = {
    "complaints": "Look at who is in the segment and whether they asked for this; leave out who has not opened for"
    " long. Cancel it, or resume: it then stops again only when the share has grown by more than a tenth.",
    "bounces": "These addresses are old or bought: clean the list before anything else is sent to it. Cancel it, or"
    " resume: it then stops again only when the share has grown by more than a tenth.",
    "opt_outs": "People do not want this: look at the topic, the segment and how often they hear from you. Cancel it,"
    " or resume: it then stops again only when the share has grown by more than a tenth.",
    "budget": "Raise the budget and resume: whoever waits for it is told then. Or cancel it.",
}
NO_OPENS = frozenset({"sms", "voice"})


async def view(tx: Transaction, campaign: Campaign, *, counted: bool = True) -> CampaignView:
    """With `counted`, the numbers too."""
    plan = campaign.plan
    shown = CampaignView(
        id=str(campaign.id),
        name=campaign.name,
        state=campaign.state,
        stage=campaign.stage,
        message=campaign.message_name,
        segment=campaign.segment_name,
        channels=list(campaign.channels),
        topic=campaign.topic,
        failover_on=campaign.failover_on,
        pilot=None if campaign.pilot_share is None else Pilot(campaign.pilot_share),
        created_at=campaign.created_at,
        launched_at=campaign.launched_at,
        ended_at=campaign.ended_at,
        launch_at=plan.launch_at,
        starts_at=campaign.starts_at,
        send_at=send_at_of(plan),
        throttle=None if plan.per_minute is None else Throttle(plan.per_minute),
        exclude=[group.name for group in plan.exclude],
        priority=plan.priority,
        budget=None if plan.budget is None else BudgetView(plan.budget, 0.0, plan.budget),
        cost_max=plan.cost_max,
        follow=None if plan.follow is None else Follow(plan.follow.name, plan.follow.unless),
        stop_above=plan.stop_above or None,
        recall_s=plan.recall_s,
        expires_in=None if plan.expires_in_s is None else f"{plan.expires_in_s}s",
        stopped=campaign.stopped,
        advice=ADVICE[campaign.stopped.reason] if campaign.stopped else None,
    )
    if counted:
        await _count(tx, campaign, shown)
    return shown


async def _count(tx: Transaction, campaign: Campaign, shown: CampaignView) -> None:
    shown.limits = await planning.limits_of(tx, campaign.plan)
    if campaign.source is None:
        return
    totals = await metrics.totals(tx, [campaign.source])
    shown.counts = [CountView(total.channel, total.variant, total.kind, total.n, total.amount) for total in totals]
    shown.figures = figures(totals)
    tally = await orchestration.tally(tx, campaign.source, standing=campaign.state)
    shown.notifications, shown.reasons, shown.doubles = tally.states, tally.reasons, tally.doubles
    shown.prefer = tally.prefer
    if shown.budget is not None and (money := await orchestration.budget(tx, campaign.source)) is not None:
        shown.budget = BudgetView(money.amount, money.reserved, max(0.0, money.amount - money.reserved))
    shown.expected_end = await _expected_end(tx, campaign, told=sum(tally.states.values()))


def figures(totals: Sequence[metrics.Total]) -> list[FigureView]:
    """One for each channel and variant of which something was counted."""
    n: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    cost: dict[tuple[str, str], float] = defaultdict(float)
    for total in totals:
        if total.channel:
            n[total.channel, total.variant][total.kind] += total.n
            cost[total.channel, total.variant] += total.amount
    return [_figure(channel, variant, n[channel, variant], cost[channel, variant]) for channel, variant in sorted(n)]


def _figure(channel: str, variant: str, n: Mapping[str, int], cost: float) -> FigureView:
    of: dict[str, Any] = {name: n.get(kind, 0) for name, kind in stops.KINDS.items()}
    converted = n.get("converted", 0)
    return FigureView(
        channel=channel,
        variant=variant,
        sent=n.get("sent", 0) + n.get("in_doubt", 0),
        delivered=n.get("delivered", 0),
        failed=n.get("failed", 0),
        opened=None if channel in NO_OPENS else n.get("opened", 0),
        machine_opened=n.get("machine_opened", 0),
        clicked=n.get("clicked", 0),
        machine_clicked=n.get("machine_clicked", 0),
        converted=converted,
        cost=cost,
        cost_per_conversion=cost / converted if converted else None,
        **of,
    )


async def _expected_end(tx: Transaction, campaign: Campaign, *, told: int) -> datetime | None:
    """People left by its pace. Those who come and go meanwhile are not foreseen."""
    per_minute = campaign.plan.per_minute
    if per_minute is None or campaign.state != "running":
        return None
    bounds = await segments.bounds(tx, campaign.segment)
    wanted = bounds.count if bounds else 0
    if campaign.stage == "pilot":
        wanted = round(wanted * (campaign.pilot_share or 0.0))
    left = max(0, wanted - told)
    return max(tx.now, campaign.starts_at or tx.now) + timedelta(minutes=left / per_minute)
