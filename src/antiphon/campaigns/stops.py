"""Whether a campaign should stop by itself. Pure: counts in, a sentence out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from antiphon import metrics
from antiphon.campaigns.records import Stopped
from antiphon.kernel.settings import Limits

Watched = Literal["complaints", "bounces", "opt_outs"]
KINDS: Mapping[Watched, str] = {"complaints": "complained", "bounces": "bounced", "opt_outs": "opted_out"}
"""Under which name each is counted: messages that were complained about, attempts that failed because nobody is at the
address, messages that were answered by an opt-out."""
SAID: Mapping[Watched, str] = {
    "complaints": "were reported as spam",
    "bounces": "went to addresses where nobody is",
    "opt_outs": "were answered by an opt-out",
}
ADDRESSED = frozenset({"email", "sms", "voice"})
"""Channels on which dead addresses tell of an old or a bought list. A push that is gone is an app that was deleted."""
GROWTH = 1.1
"""Let go on by hand with a share above its limit, it stops again when the share has grown by more than a tenth."""


def over(
    totals: Iterable[metrics.Total], limits: Limits, tolerated: Mapping[str, float], *, at: datetime
) -> Stopped | None:
    """The first of complaints, bounces and opt-outs that is above its limit, on the channel where it is worst."""
    found = shares(totals, least=limits.least)
    for name in KINDS:
        limit: float | None = getattr(limits, name)
        worst = max(((share, channel) for (kind, channel), share in found.items() if kind == name), default=None)
        if limit is None or worst is None:
            continue
        share, channel = worst
        if share > max(limit, GROWTH * tolerated.get(f"{name}/{channel}", 0.0)):
            because = f"{_percent(share)} of the messages by {channel} {SAID[name]}; the limit is {_percent(limit)}"
            return Stopped(name, at, because, channel, share, limit)
    return None


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def shares(totals: Iterable[metrics.Total], *, least: int) -> dict[tuple[Watched, str], float]:
    """Of each channel by which at least `least` messages were tried. An attempt that was refused at the door was tried
    and is a bounce of it, but was not handed over."""
    counted: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for total in totals:
        if total.channel:
            counted[total.channel][total.kind] += total.n
    found: dict[tuple[Watched, str], float] = {}
    for channel, n in counted.items():
        handed = n["sent"] + n["in_doubt"]
        tried = handed + n["failed"]
        for name, kind in KINDS.items():
            if name == "bounces" and channel not in ADDRESSED:
                continue
            whole = tried if name == "bounces" else handed
            if whole >= least:
                found[name, channel] = min(1.0, n[kind] / whole)
    return found
