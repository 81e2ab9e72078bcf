"""How far campaigns are: from counters and tallies alone, whatever the number of people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from antiphon import metrics, segments
from antiphon.campaigns.records import Campaign
from antiphon.kernel.db import Transaction

LATELY = timedelta(minutes=5)
OVER = frozenset({"done", "cancelled"})


class Progress(Struct):
    """`told`: people taken in, `people`: of how many about, `share`: 0 to 1.

    `per_minute`: messages handed over, lately. `expected_end`: of one that runs, at its throttle or as fast as it told
    people so far; null while nobody can know.
    """

    told: int
    people: int
    share: float | None
    per_minute: float
    expected_end: datetime | None


async def progress_of(
    tx: Transaction, found: Sequence[Campaign], totals: Iterable[metrics.Total]
) -> dict[int, Progress]:
    """By campaign."""
    told: dict[int, int] = defaultdict(int)
    for total in totals:
        if total.kind == "notified":
            told[total.source] += total.n
    sources = [one.source for one in found if one.source is not None and one.state == "running"]
    sent = await metrics.lately(tx, sources, since=tx.now - LATELY) if sources else {}
    sizes = await segments.sizes(tx, {one.segment for one in found if one.state not in OVER})
    return {
        one.id: _progress(
            one,
            told[one.source or -1],
            people=sizes.get(one.segment, 0),
            sent=sent.get(one.source or -1, 0),
            now=tx.now,
        )
        for one in found
    }


def _progress(campaign: Campaign, told: int, *, people: int, sent: int, now: datetime) -> Progress:
    if campaign.state in OVER:
        return Progress(told, told, 1.0 if campaign.state == "done" else None, 0.0, None)
    if campaign.stage == "pilot":
        people = round(people * (campaign.pilot_share or 0.0))
    people = max(people, told)
    began = campaign.starts_at or now
    minutes = min(LATELY, max(timedelta(minutes=1), now - began)) / timedelta(minutes=1)
    return Progress(
        told=told,
        people=people,
        share=told / people if people else None,
        per_minute=round(sent / minutes, 1),
        expected_end=_expected_end(campaign, told, left=people - told, now=now),
    )


def _expected_end(campaign: Campaign, told: int, *, left: int, now: datetime) -> datetime | None:
    if campaign.state != "running" or campaign.starts_at is None:
        return None
    begin = max(now, campaign.starts_at)
    if campaign.plan.per_minute is not None:
        return _rounded(begin + timedelta(minutes=left / campaign.plan.per_minute))
    spent = now - campaign.starts_at
    if not told or left <= 0 or spent < timedelta(seconds=5):
        return None
    return _rounded(now + spent * (left / told))


def _rounded(at: datetime) -> datetime:
    """To ten seconds: nobody knows it better, and a number that moves without end is no news."""
    return at.replace(microsecond=0) - timedelta(seconds=at.second % 10)
