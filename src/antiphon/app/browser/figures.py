"""From counts to what a page shows: rows by channel and variant, shares, small bars. Values in, values out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from antiphon import campaigns, metrics

KINDS = ("sent", "delivered", "opened", "clicked", "converted", "failed")
WATCHED = ("machine_opened", "machine_clicked", "bounced", "complained", "opted_out")
"""What stands apart: what machines did, and what people held against it."""

SUMS = {"sent": ("sent", "in_doubt")}
"""What counts as handed over: also what may have been."""

OF = dict.fromkeys(("delivered", "opened", "clicked", "converted", "failed", *WATCHED), "sent")
"""What a share is a share of: what was handed over. A mail server says nothing of what it delivered, so that a share of
what is known to be delivered would say that nearly everybody opened."""

NOT_MEASURABLE = frozenset((channel, kind) for channel in ("sms", "voice") for kind in ("opened", "machine_opened"))
RECENT = ("delivered", "opened", "clicked", "converted")
MINUTES = 60
BAR_HEIGHT = 48

CHANNELS = {"email": "E-mail", "sms": "SMS", "push": "Push", "voice": "Voice", "chat": "Chat"}
WORDS = {
    "opted_out": "opted out",
    "no_consent": "no consent",
    "unwanted": "does not want this topic there",
    "unreachable": "no address on the chosen channels",
    "suppressed": "suppressed",
    "quiet_hours": "quiet hours where they live",
    "capped": "had enough messages lately",
    "duplicate": "somebody else with this address was told",
    "expired": "too late",
    "not_eligible": "not eligible",
    "held_out": "held out for comparison",
    "paused": "the campaign is paused",
    "cancelled": "the campaign was cancelled",
    "budget_spent": "the budget is spent",
    "provider_down": "no provider is up",
    "over_budget": "over budget",
    "merged": "merged with another profile",
    "in_doubt": "in doubt",
    "pilot_done": "pilot done",
    "failed_all": "failed",
    "dropped": "not sent",
    "send_at": "their time to come",
    "complaints": "complaints",
    "bounces": "bounces",
    "opt_outs": "opt-outs",
}


class Cell(Struct, frozen=True):
    """`n` is None where it cannot be known. `keys` and `of` are summed by the page as numbers come in."""

    kind: str
    n: int | None
    share: float | None
    keys: tuple[str, ...]
    of: tuple[str, ...]


class Row(Struct, frozen=True):
    """`watched`: the cells of what stands apart."""

    channel: str
    variant: str
    cells: list[Cell]
    watched: list[Cell]
    cost: float
    cost_per_conversion: float | None


class Spark(Struct, frozen=True):
    """Minutes of one kind: `bars` are (x, height) in a picture of 60 by `BAR_HEIGHT`; `counts` is its table."""

    kind: str
    total: int
    most: int
    bars: list[tuple[int, float]]
    counts: list[tuple[datetime, int]]


Total = metrics.Total | campaigns.CountView
"""The same numbers, with their source or within one campaign."""


def table(totals: Sequence[Total], channels: Sequence[str], variants: Sequence[str]) -> list[Row]:
    """One row per channel and variant, those without a number yet too, so that live numbers find their place."""
    counts: dict[str, int] = defaultdict(int)
    amounts: dict[tuple[str, str], float] = defaultdict(float)
    for total in totals:
        counts[f"{total.channel}/{total.variant}/{total.kind}"] += total.n
        amounts[total.channel, total.variant] += total.amount
    seen = {(total.channel, total.variant) for total in totals if total.channel}
    pairs = sorted({(channel, variant) for channel in channels for variant in variants} | seen)
    return [_row(channel, variant, counts, amounts[channel, variant]) for channel, variant in pairs]


def _row(channel: str, variant: str, counts: Mapping[str, int], cost: float) -> Row:
    cells = [_cell(channel, variant, kind, counts) for kind in KINDS]
    watched = [_cell(channel, variant, kind, counts) for kind in WATCHED]
    converted = next(cell.n for cell in cells if cell.kind == "converted")
    return Row(channel, variant, cells, watched, cost, cost / converted if cost and converted else None)


def _cell(channel: str, variant: str, kind: str, counts: Mapping[str, int]) -> Cell:
    keys = _keys(channel, variant, kind)
    of = _keys(channel, variant, OF[kind]) if kind in OF else ()
    if (channel, kind) in NOT_MEASURABLE:
        return Cell(kind, None, None, keys, of)
    n = sum(counts.get(key, 0) for key in keys)
    whole = sum(counts.get(key, 0) for key in of)
    return Cell(kind, n, n / whole if whole else None, keys, of)


def _keys(channel: str, variant: str, kind: str) -> tuple[str, ...]:
    return tuple(f"{channel}/{variant}/{name}" for name in SUMS.get(kind, (kind,)))


def sums(totals: Iterable[Total]) -> dict[str, int]:
    """By kind, over all channels and variants."""
    by_kind: dict[str, int] = defaultdict(int)
    for total in totals:
        by_kind[total.kind] += total.n
    return {kind: sum(by_kind[name] for name in SUMS.get(kind, (kind,))) for kind in ("notified", *KINDS)}


def sparks(points: Sequence[metrics.Point], *, now: datetime) -> list[Spark]:
    """The last sixty product minutes of each kind that people ask for."""
    last = now.replace(second=0, microsecond=0)
    minutes = [last - timedelta(minutes=MINUTES - 1 - n) for n in range(MINUTES)]
    found: dict[tuple[str, datetime], int] = defaultdict(int)
    for point in points:
        found[point.kind, point.minute] += point.n
    return [_spark(kind, [(minute, found[kind, minute]) for minute in minutes]) for kind in RECENT]


def _spark(kind: str, counts: list[tuple[datetime, int]]) -> Spark:
    most = max(n for _, n in counts)
    bars = [(x, round(max(2.0, BAR_HEIGHT * n / most), 1)) for x, (_, n) in enumerate(counts) if n]
    return Spark(kind, sum(n for _, n in counts), most, bars, [(minute, n) for minute, n in counts if n])


def number(n: float | None) -> str:
    return "–" if n is None else f"{n:,}" if isinstance(n, int) else f"{n:,.2f}"


def share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def lasts(minutes: float) -> str:
    """A span of time in the unit that reads best."""
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= 2 * size:
            return f"{round(minutes / size)} {name}s"
    return "a minute" if minutes >= 1 else "less than a minute"


def words(word: str) -> str:
    """A word of the contract as people say it; `dropped:unreachable` without its act."""
    plain = word.rpartition(":")[2]
    return WORDS.get(plain, plain.replace("_", " "))


def channel_label(channel: str | None) -> str:
    return CHANNELS.get(channel or "", channel or "")
