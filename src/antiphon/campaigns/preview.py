"""What a shift of the rest would do: decided for a sample as it stands and as it would be. Nothing is written."""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from antiphon import metrics, orchestration
from antiphon.campaigns import figures, rehearsal, rules, store, store_steps, terms
from antiphon.campaigns.records import Campaign
from antiphon.campaigns.shifting import check_shift
from antiphon.campaigns.steer import find, source_of
from antiphon.campaigns.work import variants_of
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Conflict
from antiphon.kernel.records import ProfileId

SAMPLE = 2_000
DRAWN = 10_000
"""So many of the segment are drawn, to have a sample of the rest: they are numbers only."""
WITHIN_S = 4.0
STATED = "the person wants this topic by"


class Expected(Struct):
    """People of the rest who take `channel`, and what follows from how it did so far. `conversion`: that share, of whom
    it was sent to. Conversions and their bounds (95 %) are null while nobody was sent anything by it."""

    channel: str
    people: int
    cost: float
    conversion: figures.Rate
    conversions: float | None
    low: float | None
    high: float | None


class Plan(Struct):
    """`not_told`: would wait or not be told. Conversions: of the channels of which something is known; `known` is the
    share of the people told by these."""

    channels: list[Expected]
    people: int
    not_told: int
    cost: float
    conversions: float | None
    low: float | None
    high: float | None
    known: float | None


class ShiftPreview(Struct):
    """`rest`: how many have no notification of it, about. `keep`: of these, who stated a channel for the topic and keep
    it. `looked_at` of them; each share is right to within `margin`, 19 times in 20."""

    channel: str
    rest: int
    looked_at: int
    margin: float
    keep: int
    as_planned: Plan
    shifted: Plan


class _Sums:
    def __init__(self) -> None:
        self.people: dict[str, int] = defaultdict(int)
        self.cost: dict[str, float] = defaultdict(float)
        self.not_told = 0
        self.keep = 0

    def add(self, decided: Sequence[orchestration.Rehearsed], *, channel: str) -> None:
        for one in decided:
            verdict = one.verdict
            if verdict.act != "send" or verdict.channel is None:
                self.not_told += 1
                continue
            self.people[verdict.channel] += 1
            self.cost[verdict.channel] += verdict.cost
            self.keep += verdict.channel != channel and verdict.because.startswith(STATED)


async def preview_shift(
    database: Database, campaign: str, *, channel: str, share: str, within_s: float = WITHIN_S
) -> ShiftPreview:
    """Raises NotFound, Invalid for a channel that it has not, Conflict for one that is over or was not launched."""
    began = time.monotonic()
    async with database.transaction(read_only=True) as tx:
        found = await find(tx, campaign)
        check_shift(found, channel, share)
        if found.state not in ("running", "paused", "pilot_done"):
            raise Conflict(
                "The campaign {name} is {state}: there is no rest to shift.", name=found.name, state=found.state
            )
        draft = await terms.draft_source(tx, found)
        planned = replace(draft, prefer=found.shifted.channel if found.shifted else None)
        total, drawn = await rehearsal.draw(tx, found.segment, DRAWN)
        rest = await _rest(tx, found, drawn)
        totals = await metrics.totals(tx, [source_of(found)])
    before, after, looked_at = _Sums(), _Sums(), 0
    for batch in rehearsal.batches(rest[:SAMPLE]):
        if looked_at and time.monotonic() - began > within_s:
            break
        async with database.transaction(read_only=True) as tx:
            await store.bound_statements(tx, most_s=rehearsal.STATEMENT_S)
            variants = await variants_of(tx, found, batch)
            before.add(await orchestration.rehearse(tx, planned, batch, variants), channel=channel)
            shifted = replace(draft, prefer=channel)
            after.add(await orchestration.rehearse(tx, shifted, batch, variants), channel=channel)
        looked_at += len(batch)
    people = round(total * len(rest) / len(drawn)) if drawn else 0
    scale = people / looked_at if looked_at else 0.0
    known = {row.channel or "": row.rates.converted for row in figures.rows(totals) if row.of == "channel"}
    return ShiftPreview(
        channel=channel,
        rest=people,
        looked_at=looked_at,
        margin=rehearsal.margin(looked_at, people),
        keep=round(scale * after.keep),
        as_planned=_plan(before, known, scale),
        shifted=_plan(after, known, scale),
    )


async def _rest(tx: Transaction, campaign: Campaign, drawn: Sequence[ProfileId]) -> list[ProfileId]:
    """Of these, who was not walked to yet. Who joined after the walk had passed their number is not seen."""
    unwalked = await store_steps.read_unwalked(tx, campaign.id)
    starts = [start for start, _ in unwalked]
    share = campaign.pilot_share

    def is_left(profile: ProfileId) -> bool:
        at = bisect_right(starts, profile) - 1
        to_come = at >= 0 and profile < unwalked[at][1]
        if share is None or campaign.stage == "all":
            return to_come
        in_pilot = rules.in_pilot(campaign.id, profile, share)
        return (to_come if in_pilot else True) if campaign.stage == "pilot" else to_come and not in_pilot

    return [profile for profile in drawn if is_left(profile)]


def _plan(sums: _Sums, known: dict[str, figures.Rate], scale: float) -> Plan:
    expected = [
        _expected(channel, scale * n, scale * sums.cost[channel], known.get(channel, figures.rate(0, 0)))
        for channel, n in sorted(sums.people.items())
    ]
    told = sum(one.people for one in expected)
    sure = [one for one in expected if one.conversions is not None]
    middle = sum(one.conversions or 0.0 for one in sure)
    below = math.sqrt(sum(((one.conversions or 0.0) - (one.low or 0.0)) ** 2 for one in sure))
    above = math.sqrt(sum(((one.high or 0.0) - (one.conversions or 0.0)) ** 2 for one in sure))
    return Plan(
        channels=expected,
        people=told,
        not_told=round(scale * sums.not_told),
        cost=round(sum(one.cost for one in expected), 6),
        conversions=round(middle, 1) if sure else None,
        low=round(middle - below, 1) if sure else None,
        high=round(middle + above, 1) if sure else None,
        known=sum(one.people for one in sure) / told if told else None,
    )


def _expected(channel: str, people: float, cost: float, conversion: figures.Rate) -> Expected:
    def of(share: float | None) -> float | None:
        return None if share is None else round(people * share, 1)

    return Expected(
        channel,
        round(people),
        round(cost, 6),
        conversion,
        of(conversion.share),
        of(conversion.low),
        of(conversion.high),
    )
