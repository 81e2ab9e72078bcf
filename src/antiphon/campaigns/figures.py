"""From counts to rows with rates: pure. Of machines apart; of what nobody can know, nothing is said."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from antiphon import metrics
from antiphon.campaigns import stops

NO_OPENS = frozenset({"sms", "voice"})
NORMAL_95 = 1.959964

Of = Literal["total", "channel", "variant", "both"]


class Rate(Struct):
    """`n` of `of`. The true share lies between `low` and `high` 19 times in 20 (Wilson 1927); null of nothing."""

    n: int
    of: int
    share: float | None
    low: float | None
    high: float | None


class Rates(Struct):
    """Of what was handed over; `bounced` of what was tried. `opened` is null where nobody can know."""

    delivered: Rate
    opened: Rate | None
    clicked: Rate
    converted: Rate
    bounced: Rate
    complained: Rate
    opted_out: Rate


class Row(Struct):
    """Sums `of` everything, of a channel, of a variant, or of both; `""` is the base variant, null: of all together.

    `sent`: handed over, also what may have been (`in_doubt` of them). `opened` and `clicked` are people's.
    """

    of: Of
    channel: str | None
    variant: str | None
    sent: int
    in_doubt: int
    delivered: int
    failed: int
    expired: int
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
    rates: Rates


Key = tuple[Of, str | None, str | None]


def rows(totals: Sequence[metrics.Total]) -> list[Row]:
    """The total first, then channels, variants, both."""
    n: dict[Key, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    cost: dict[Key, float] = defaultdict(float)
    for total in totals:
        if total.channel and ":" not in total.kind:
            for key in _keys(total.channel, total.variant):
                n[key][total.kind] += total.n
                cost[key] += total.amount
                if total.kind == "opened" and total.channel in NO_OPENS:
                    n[key]["opened"] -= total.n
    order: tuple[Of, ...] = ("total", "channel", "variant", "both")
    keys = sorted(n, key=lambda key: (order.index(key[0]), key[1] or "", key[2] or ""))
    return [_row(key, n[key], cost[key]) for key in keys]


def _keys(channel: str, variant: str) -> tuple[Key, ...]:
    return ("total", None, None), ("channel", channel, None), ("variant", None, variant), ("both", channel, variant)


def _row(key: Key, n: Mapping[str, int], cost: float) -> Row:
    of, channel, variant = key
    sent = n.get("sent", 0) + n.get("in_doubt", 0)
    measurable = channel not in NO_OPENS
    count = {name: n.get(kind, 0) for name, kind in stops.KINDS.items()}
    converted = n.get("converted", 0)
    return Row(
        of=of,
        channel=channel,
        variant=variant,
        sent=sent,
        in_doubt=n.get("in_doubt", 0),
        delivered=n.get("delivered", 0),
        failed=n.get("failed", 0),
        expired=n.get("expired", 0),
        opened=n.get("opened", 0) if measurable else None,
        machine_opened=n.get("machine_opened", 0),
        clicked=n.get("clicked", 0),
        machine_clicked=n.get("machine_clicked", 0),
        converted=converted,
        complaints=count["complaints"],
        bounces=count["bounces"],
        opt_outs=count["opt_outs"],
        cost=round(cost, 6),
        cost_per_conversion=cost / converted if converted > 0 else None,
        rates=Rates(
            delivered=rate(n.get("delivered", 0), sent),
            opened=rate(n.get("opened", 0), sent) if measurable else None,
            clicked=rate(n.get("clicked", 0), sent),
            converted=rate(converted, sent),
            bounced=rate(count["bounces"], sent + n.get("failed", 0)),
            complained=rate(count["complaints"], sent),
            opted_out=rate(count["opt_outs"], sent),
        ),
    )


def rate(n: int, of: int) -> Rate:
    """More than all, which a receipt that overtakes its hand-over can make for a moment, counts as all."""
    if of <= 0:
        return Rate(n, of, None, None, None)
    share = min(1.0, max(0.0, n / of))
    low, high = wilson(share, of)
    return Rate(n, of, share, low, high)


def wilson(share: float, of: int) -> tuple[float, float]:
    """The score interval of a share of `of`, 95 %: Wilson, J. Am. Stat. Assoc. 22 (1927), 209."""
    square = NORMAL_95**2 / of
    middle = (share + square / 2) / (1 + square)
    half = NORMAL_95 * math.sqrt(share * (1 - share) / of + square / (4 * of)) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)
