"""The first screen: key numbers with their history, what is going out, what needs attention. From counters alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from antiphon import channels, content, metrics, orchestration, profiles, segments
from antiphon.campaigns import attention, listing, page, planning, store_listing
from antiphon.campaigns.attention import Facts, Notice
from antiphon.campaigns.records import Campaign
from antiphon.campaigns.view import BudgetView
from antiphon.kernel import settings
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import invalid

KINDS = (
    "sent", "delivered", "opened", "machine_opened", "clicked", "replied", "converted", "failed", "bounced",
    "complained", "opted_out", "person", "event",
)  # fmt: skip
"""`person`: new people. `event`: taken in."""
SLOTS_MAX = {"hour": 800, "day": 400}
GOING_MAX = 100
REFUSED_MAX = 200
SHOWN = {"hour": timedelta(days=1), "day": timedelta(days=30)}
QUARTER_S = 900


class ChannelNumber(Struct):
    channel: str
    total: float
    history: list[float]


class Number(Struct):
    """`before`: the total of as long a time before. `history`: one number for each slot. `cost` is money; `channels`
    are those that have any."""

    kind: str
    total: float
    before: float
    history: list[float]
    channels: list[ChannelNumber]


class Overview(Struct):
    """`slots`: where hours or days of the company's calendar begin, in UTC; the last one may not be over. `empty`: no
    campaign was made yet, so `attention` has the first steps."""

    at: datetime
    timezone: str
    step: str
    slots: list[datetime]
    numbers: list[Number]
    going: list[listing.Line]
    attention: list[Notice]
    empty: bool


class Now(Struct):
    """What is true now: counts `today` by `channel/kind` and the cost, what is going out, what needs attention."""

    today: dict[str, int]
    cost: float
    going: list[listing.Line]
    attention: list[Notice]
    empty: bool


async def overview(
    tx: Transaction, *, begin: datetime | None, end: datetime | None, step: Literal["hour", "day"]
) -> Overview:
    """Raises Invalid that names the parameter."""
    if step not in SHOWN:
        raise invalid("step", "One of hour, day.")
    until, since = page.span(tx.now, begin, end, shown=SHOWN[step])
    if metrics.about_how_many(since, until, step) > SLOTS_MAX[step]:
        raise invalid("from", "These are more than {most} points: begin later, or ask by day.", most=SLOTS_MAX[step])
    zone = (await settings.read(tx)).timezone
    slots = metrics.spans(since, until, step=step, zone=zone)
    found = await metrics.company(tx, slots, until=until)
    earlier = await metrics.company(tx, [_quarter(slots[0] - (until - slots[0]))], until=slots[0])
    going, notices, empty = await _going(tx)
    return Overview(tx.now, zone, step, slots, _numbers(found, earlier, len(slots)), going, notices, empty)


async def now(tx: Transaction) -> Now:
    zone = (await settings.read(tx)).timezone
    day = metrics.begin_of(tx.now, step="day", zone=zone)
    found = await metrics.company(tx, [day], until=tx.now + timedelta(minutes=1))
    today: dict[str, int] = defaultdict(int)
    for one in found:
        today[f"{one.channel}/{_kind(one)}"] += one.n
    going, notices, empty = await _going(tx)
    return Now(dict(today), round(sum(one.amount for one in found), 6), going, notices, empty)


def _kind(one: metrics.Span) -> str:
    return "sent" if one.kind in metrics.HANDED else one.kind


def _quarter(at: datetime) -> datetime:
    return at - timedelta(seconds=at.timestamp() % QUARTER_S)


def _numbers(found: Sequence[metrics.Span], earlier: Sequence[metrics.Span], slots: int) -> list[Number]:
    n: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0] * slots)
    before: dict[str, float] = defaultdict(float)
    for one in found:
        n[_kind(one), one.channel][one.slot] += one.n
        if one.amount:
            n["cost", one.channel][one.slot] += one.amount
    for one in earlier:
        before[_kind(one)] += one.n
        before["cost"] += one.amount
    return [_number(kind, n, before[kind], slots) for kind in (*KINDS, "cost")]


def _number(kind: str, n: dict[tuple[str, str], list[float]], before: float, slots: int) -> Number:
    lines = {channel: counts for (of, channel), counts in sorted(n.items()) if of == kind}
    history = [round(sum(counts[slot] for counts in lines.values()), 6) for slot in range(slots)]
    by_channel = [
        ChannelNumber(channel, round(sum(counts), 6), [round(each, 6) for each in counts])
        for channel, counts in lines.items()
        if channel
    ]
    return Number(kind, round(sum(history), 6), round(before, 6), history, by_channel)


async def _going(tx: Transaction) -> tuple[list[listing.Line], list[Notice], bool]:
    """What runs, waits or is planned, the notices, and whether there was never a campaign."""
    found = await store_listing.going(tx, limit=GOING_MAX)
    shown = [one for one in found if one.state != "draft"]
    has_campaign = bool(found) or await store_listing.any_campaign(tx)
    facts = await _facts(tx, found, has_campaign=has_campaign)
    return await listing.lines(tx, shown), attention.notices(facts), not has_campaign


async def _facts(tx: Transaction, found: Sequence[Campaign], *, has_campaign: bool) -> Facts:
    running = {one.source: one for one in found if one.source is not None and one.state == "running"}
    totals: dict[int, list[metrics.Total]] = defaultdict(list)
    for total in await metrics.totals(tx, [orchestration.SourceId(source) for source in running]):
        totals[running[orchestration.SourceId(total.source)].id].append(total)
    budgets: dict[int, BudgetView] = {}
    for one in running.values():
        if (budget := await page.budget_of(tx, one)) is not None:
            budgets[one.id] = budget
    usual = (await settings.read(tx)).stop_above
    day = await metrics.company(tx, [_quarter(tx.now - timedelta(days=1))], until=tx.now + timedelta(minutes=1))
    return Facts(
        now=tx.now,
        wall=wall_datetime(),
        campaigns=found,
        totals=totals,
        limits={one.id: planning.limits_over(usual, one.plan) for one in running.values()},
        budgets=budgets,
        providers=await channels.providers(tx),
        segments=await segments.list_all(tx),
        refusals=await profiles.newest_refusals(tx, limit=REFUSED_MAX),
        in_doubt=sum(one.n for one in day if one.kind == "in_doubt"),
        has_message=bool(await content.list_all(tx, limit=1)),
        has_people=await profiles.anybody(tx),
        has_campaign=has_campaign,
    )
