"""What happened when: counts by span of time, of a source or of the whole company."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import SourceId
from antiphon.metrics import store_history as store

Step = Literal["minute", "hour", "day"]
_LENGTHS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
HANDED = ("sent", "in_doubt")
"""What counts as handed over: also what may have been."""


class Span(Struct, frozen=True):
    """Counts within the span that begins at `slots[slot]`; `amount` is money."""

    slot: int
    channel: str
    variant: str
    kind: str
    n: int
    amount: float


def spans(begin: datetime, end: datetime, *, step: Step, zone: str) -> list[datetime]:
    """Where the minutes, hours or days of a calendar begin that lie between, or in which `begin` lies; in UTC."""
    at = begin_of(begin, step=step, zone=zone)
    found = []
    while at < end:
        found.append(at)
        # A day is 23 to 25 hours long: well into the next one, and back to where that begins.
        at = begin_of(at + _LENGTHS[step] * (1.5 if step == "day" else 1), step=step, zone=zone)
    return found


def begin_of(at: datetime, *, step: Step, zone: str) -> datetime:
    """Of the minute, hour or day in which `at` lies."""
    here = at.astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    if step != "minute":
        here = here.replace(minute=0)
    if step == "day":
        here = here.replace(hour=0, fold=0)
    return here.astimezone(ZoneInfo("UTC"))


def about_how_many(begin: datetime, end: datetime, step: Step) -> float:
    return (end - begin) / _LENGTHS[step]


async def company(tx: Transaction, slots: Sequence[datetime], *, until: datetime) -> list[Span]:
    """Everything that was counted, and what came in (`person`, `event`, `replied`). Spans begin on quarters."""
    rows = await store.read_company(tx, slots, until=until)
    return [Span(row["slot"], row["channel"], "", row["kind"], row["n"], row["amount"]) for row in rows]


async def history(tx: Transaction, source: SourceId, slots: Sequence[datetime], *, until: datetime) -> list[Span]:
    rows = await store.read_history(tx, source, slots, until=until)
    return [Span(row["slot"], row["channel"], row["variant"], row["kind"], row["n"], row["amount"]) for row in rows]


async def lately(
    tx: Transaction, sources: Sequence[SourceId], *, since: datetime, kinds: Sequence[str] = HANDED
) -> dict[int, int]:
    """How many of these kinds each source had; those that had none are missing."""
    rows = await store.read_lately(tx, sources, since=since, kinds=kinds)
    return {row["source_id"]: row["n"] for row in rows}
