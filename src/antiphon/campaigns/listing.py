"""Campaigns as a list: found, sorted, each with how far it is and its key numbers. From counters alone."""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from antiphon import metrics
from antiphon.campaigns import figures, store_listing
from antiphon.campaigns.progress import Progress, progress_of
from antiphon.campaigns.records import Campaign, State, Stopped
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import invalid
from antiphon.kernel.like import holding

PAGE_MAX = 100
Q_CHARS_MAX = 200
Sort = Literal["newest", "name", "planned", "state"]
STATES = get_args(State)
DOWN = frozenset({"newest", "planned"})
"""The latest first."""


class Line(Struct):
    """`planned_at`: when the first are told, as far as it is said. `sent`: handed over. Rates: of that."""

    id: str
    name: str
    state: str
    stage: str
    message: str
    segment: str
    topic: str
    channels: list[str]
    created_at: datetime
    launched_at: datetime | None
    ended_at: datetime | None
    planned_at: datetime | None
    stopped: Stopped | None
    progress: Progress
    sent: int
    delivered: int
    failed: int
    cost: float
    opened: figures.Rate
    clicked: figures.Rate
    converted: figures.Rate


class Page(Struct):
    """`cursor`: for the next page; null at the end."""

    campaigns: list[Line]
    cursor: str | None


async def page(
    tx: Transaction,
    *,
    q: str = "",
    states: Sequence[str] = (),
    sort: Sort = "newest",
    cursor: str = "",
    limit: int = 50,
) -> Page:
    """Raises Invalid that names the parameter. `q`: a part of the name, the message, the segment or the topic."""
    for state in states:
        if state not in STATES:
            raise invalid(
                "state", "There is no state {state}; there are {known}.", state=state[:40], known=", ".join(STATES)
            )
    if sort not in get_args(Sort):
        raise invalid("sort", "One of {known}.", known=", ".join(get_args(Sort)))
    if len(q) > Q_CHARS_MAX:
        raise invalid("q", "At most {most} characters.", most=Q_CHARS_MAX)
    limit = max(1, min(limit, PAGE_MAX))
    found, last = await store_listing.find(
        tx, like=holding(q) or None, states=states, sort=sort, down=sort in DOWN, after=_after(cursor), limit=limit
    )
    following = _cursor(*last) if last is not None and len(found) == limit else None
    return Page(await lines(tx, found), following)


def _cursor(key: str, number: int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([key, number])).decode()


def _after(cursor: str) -> store_listing.Place | None:
    if not cursor:
        return None
    try:
        key, number = msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=tuple[str, int])
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise invalid("cursor", "It is none of ours: take it from the page before.") from None
    return key.replace("\0", ""), max(0, min(number, 2**31 - 1))


async def lines(tx: Transaction, found: Sequence[Campaign]) -> list[Line]:
    """In the order of the campaigns."""
    totals = await metrics.totals(tx, [one.source for one in found if one.source is not None])
    of: dict[int, list[metrics.Total]] = defaultdict(list)
    for total in totals:
        of[total.source].append(total)
    far = await progress_of(tx, found, totals)
    return [_line(one, of[one.source or -1], far[one.id]) for one in found]


def _line(campaign: Campaign, totals: Sequence[metrics.Total], progress: Progress) -> Line:
    rows = figures.rows(totals)
    whole = rows[0] if rows else None
    openable = sum(row.sent for row in rows if row.of == "channel" and row.opened is not None)
    return Line(
        id=str(campaign.id),
        name=campaign.name,
        state=campaign.state,
        stage=campaign.stage,
        message=campaign.message_name,
        segment=campaign.segment_name,
        topic=campaign.topic,
        channels=list(campaign.channels),
        created_at=campaign.created_at,
        launched_at=campaign.launched_at,
        ended_at=campaign.ended_at,
        planned_at=planned_at(campaign),
        stopped=campaign.stopped,
        progress=progress,
        sent=whole.sent if whole else 0,
        delivered=whole.delivered if whole else 0,
        failed=whole.failed if whole else 0,
        cost=whole.cost if whole else 0.0,
        opened=figures.rate((whole.opened or 0) if whole else 0, openable),
        clicked=whole.rates.clicked if whole else figures.rate(0, 0),
        converted=whole.rates.converted if whole else figures.rate(0, 0),
    )


def planned_at(campaign: Campaign) -> datetime | None:
    """Of a draft with a local time: that time in UTC."""
    plan = campaign.plan
    local = plan.send_at.local if plan.send_at is not None else None
    return campaign.starts_at or plan.launch_at or (local.replace(tzinfo=UTC) if local is not None else None)
