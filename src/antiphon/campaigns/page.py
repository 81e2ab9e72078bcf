"""What the live page of a campaign shows: from counters, so that a look costs as much at a hundred as at a million."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct

from antiphon import metrics, orchestration
from antiphon.campaigns import figures, planning, stops, store_steps
from antiphon.campaigns.progress import Progress, progress_of
from antiphon.campaigns.records import Campaign, Stopped
from antiphon.campaigns.view import ADVICE, BudgetView
from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import invalid

SLOTS_MAX = 1_500
SHOWN = {"minute": timedelta(hours=1), "hour": timedelta(days=1)}
STEPS_MAX = 200


class Watch(Struct):
    """How near a share is to the limit at which the campaign stops; looked at from `least` messages on."""

    kind: str
    channel: str
    share: float
    limit: float | None


class Figures(Struct):
    """`recall_until`: a launch can be taken back until then, as far as nobody was decided; `undo_shift_until`: a shift.
    `reasons`: how often a decision said no or not yet, by `act:reason`."""

    id: str
    name: str
    state: str
    stage: str
    at: datetime
    starts_at: datetime | None
    progress: Progress
    rows: list[figures.Row]
    reasons: dict[str, int]
    budget: BudgetView | None
    prefer: str | None
    stopped: Stopped | None
    advice: str | None
    watched: list[Watch]
    recall_until: datetime | None
    undo_shift_until: datetime | None


async def page_of(tx: Transaction, campaign: Campaign, totals: Sequence[metrics.Total] | None = None) -> Figures:
    """`totals`: those of its source, where they were read already."""
    if totals is None:
        totals = [] if campaign.source is None else await metrics.totals(tx, [campaign.source])
    reasons: dict[str, int] = defaultdict(int)
    for total in totals:
        if ":" in total.kind:
            reasons[total.kind] += total.n
    limits = await planning.limits_of(tx, campaign.plan)
    shares = stops.shares(totals, least=limits.least)
    shifted = campaign.shifted
    return Figures(
        id=str(campaign.id),
        name=campaign.name,
        state=campaign.state,
        stage=campaign.stage,
        at=tx.now,
        starts_at=campaign.starts_at,
        progress=(await progress_of(tx, [campaign], totals))[campaign.id],
        rows=figures.rows(totals),
        reasons=dict(reasons),
        budget=await budget_of(tx, campaign),
        prefer=None if shifted is None else shifted.channel,
        stopped=campaign.stopped,
        advice=ADVICE[campaign.stopped.reason] if campaign.stopped else None,
        watched=[Watch(kind, channel, share, getattr(limits, kind)) for (kind, channel), share in shares.items()],
        recall_until=recall_until(campaign, now=tx.now),
        undo_shift_until=undo_shift_until(campaign, now=tx.now),
    )


async def budget_of(tx: Transaction, campaign: Campaign) -> BudgetView | None:
    if campaign.source is None or campaign.plan.budget is None:
        return None
    money = await orchestration.budget(tx, campaign.source)
    return None if money is None else BudgetView(money.amount, money.reserved, max(0.0, money.amount - money.reserved))


def recall_until(campaign: Campaign, *, now: datetime) -> datetime | None:
    waits = campaign.state in ("running", "paused") and campaign.starts_at is not None and now < campaign.starts_at
    return campaign.starts_at if waits else None


def undo_shift_until(campaign: Campaign, *, now: datetime) -> datetime | None:
    shifted = campaign.shifted
    return shifted.until if shifted is not None and now < shifted.until and campaign.state != "cancelled" else None


class Line(Struct):
    """`n`: one number for each slot. `of`: of one channel and variant."""

    channel: str
    variant: str
    kind: str
    total: int
    n: list[int]


class Series(Struct):
    """`slots`: where the minutes or hours begin, in UTC. `cost`: money by slot. `sent`: handed over, also in doubt."""

    step: str
    slots: list[datetime]
    lines: list[Line]
    cost: list[float]


async def series_of(
    tx: Transaction,
    campaign: Campaign,
    *,
    step: Literal["minute", "hour"],
    begin: datetime | None,
    end: datetime | None,
) -> Series:
    """Raises Invalid that names the parameter."""
    if step not in SHOWN:
        raise invalid("step", "One of minute, hour.")
    until, since = span(tx.now, begin, end, shown=SHOWN[step])
    if metrics.about_how_many(since, until, step) > SLOTS_MAX:
        raise invalid("from", "These are more than {most:,} points: begin later, or ask by hour.", most=SLOTS_MAX)
    slots = metrics.spans(since, until, step=step, zone=(await settings.read(tx)).timezone)
    found = [] if campaign.source is None else await metrics.history(tx, campaign.source, slots, until=until)
    n: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0] * len(slots))
    cost = [0.0] * len(slots)
    for one in found:
        kind = "sent" if one.kind in metrics.HANDED else one.kind
        n[one.channel, one.variant, kind][one.slot] += one.n
        cost[one.slot] += one.amount
    return Series(step, slots, [Line(*key, sum(counts), counts) for key, counts in sorted(n.items())], cost)


def span(now: datetime, begin: datetime | None, end: datetime | None, *, shown: timedelta) -> tuple[datetime, datetime]:
    """Until when, since when. Up to now and a moment, so that what happens now is in."""
    for name, at in (("from", begin), ("to", end)):
        if at is not None and at.tzinfo is None:
            raise invalid(name, "A time with its zone is needed, such as 2026-12-01T00:00:00Z.")
        if at is not None and not 1900 <= at.year <= 9000:
            raise invalid(name, "A year from 1900 to 9000.")
    until = end or now + timedelta(minutes=1)
    since = begin or until - shown
    if since >= until:
        raise invalid("from", "It is not before the end.")
    return until, since


class Step(Struct):
    """`what`: created, changed, launched, recalled, paused, stopped, resumed, shifted, shifted_back, pilot_done, done,
    cancelled. `details`: such as the reason of a stop, the channel of a shift. Who acted is in the audit log."""

    id: str
    at: datetime
    what: str
    details: dict[str, Any]  # Any: JSON, by `what`


class Timeline(Struct):
    """The newest first."""

    steps: list[Step]
    cursor: str | None


async def timeline_of(tx: Transaction, campaign: Campaign, *, before: int | None, limit: int) -> Timeline:
    limit = max(1, min(limit, STEPS_MAX))
    rows = await store_steps.read(tx, campaign.id, before=before, limit=limit)
    steps = [Step(str(row["id"]), row["at"], row["what"], row["details"]) for row in rows]
    return Timeline(steps, steps[-1].id if len(steps) == limit else None)
