"""How well a provider works, 0 to 1, with a sentence why; and after what time its silence means something. Pure.

What happened lately is held against what is usual for this account: how many answers are refusals of its own, how many
of the messages that it took were reported delivered by now, how long that took. The second finds who accepts
and loses. Times are product time, seconds ago.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import floor, log2

from msgspec import Struct

from antiphon.kernel.said import worded

SLOT_S = 10.0
RECENT_S = 1800.0
"""How far back what is recent may lie where there is little traffic."""
LATELY_S = 600.0
KEEP_S = 7 * 86_400.0
GROUPS_S = ((7200.0, 300.0), (86_400.0, 3600.0), (float("inf"), 86_400.0))
"""How long the groups are in which it is looked for what is usual, by age."""
ENOUGH, FEW = 50, 10
"""So many are looked at, the newest; of fewer than `FEW` nothing is concluded."""
USUAL_MIN = 50
REPORTS_MIN = 0.2
"""Who reports less than this share as delivered is not expected to."""
PATIENCE = 2.0
"""A report may take so many times as long as usual before it is missed."""
SILENCE_MIN = 200
SILENCE_S: Mapping[str, float] = {"push": 60, "chat": 120, "sms": 180, "voice": 60, "email": 3600}
SILENCE_DEFAULT_S = 300.0

BOUNDS = 45
Slots = Mapping[str, Mapping[float, int]]
"""By kind: seconds since the slot ended → how many."""


def slot_of(at: datetime) -> datetime:
    return at - timedelta(seconds=at.timestamp() % SLOT_S)


def latency_kind(latency_s: float) -> str:
    """Counted by half powers of two of a second, from half a second to weeks."""
    return f"latency:{min(BOUNDS, max(0, floor(2 * log2(max(latency_s, 0.5))) + 2))}"


def upper_s(kind: str) -> float:
    """The longest latency of a kind."""
    return float(2 ** ((int(kind.removeprefix("latency:")) - 1) / 2))


class Usual(Struct, frozen=True):
    """`delivered`: share of what was taken that is reported delivered in the end; None: it does not report, or too
    little is known. `latency`: how many, by upper bound in seconds. `troubled`: share of answers that are refusals of
    its own."""

    delivered: float | None = None
    latency: tuple[tuple[float, int], ...] = ()
    troubled: float = 0.02

    def by(self, age_s: float) -> float:
        """The share of deliveries that is reported within that time."""
        total = sum(n for _, n in self.latency)
        return sum(n for upper, n in self.latency if upper <= age_s) / total if total else 0.0

    def quantile_s(self, share: float) -> float:
        total, seen = sum(n for _, n in self.latency), 0
        for upper, n in self.latency:
            seen += n
            if seen >= share * total:
                return upper
        return 0.0


def usual(slots: Slots) -> Usual:
    """What an account, or several alike, did before the last minute."""
    latency: Counter[float] = Counter()
    for kind, counts in slots.items():
        if kind.startswith("latency:"):
            latency[upper_s(kind)] += sum(counts.values())
    answers = {kind: _older(slots.get(kind, {})) for kind in ("accepted", "refused", "temporary", "policy", "doubt")}
    troubled = answers["temporary"] + answers["policy"] + answers["doubt"]
    total = sum(answers.values())
    delivered = _usually_delivered(slots)
    if sum(latency.values()) < USUAL_MIN or (delivered or 0.0) < REPORTS_MIN:
        delivered = None
    return Usual(delivered, tuple(sorted(latency.items())), min(0.5, troubled / total) if total >= USUAL_MIN else 0.02)


def _older(counts: Mapping[float, int]) -> int:
    return sum(n for age, n in counts.items() if age > 60)


def _usually_delivered(slots: Slots) -> float | None:
    """The best share of any five minutes, hour or day: what was lost for long does not become usual."""
    taken: defaultdict[tuple[float, float], int] = defaultdict(int)
    arrived: defaultdict[tuple[float, float], int] = defaultdict(int)
    for kind, sums in (("accepted", taken), ("delivered", arrived)):
        for age, n in slots.get(kind, {}).items():
            length = next(length for upto, length in GROUPS_S if age < upto)
            sums[length, age // length] += n
    shares = [min(1.0, arrived[group] / n) for group, n in taken.items() if n >= USUAL_MIN]
    return max(shares, default=None)


class Finding(Struct, frozen=True):
    health: float = 1.0
    why: str = ""


def judge(slots: Slots, usual: Usual) -> Finding:
    found = (_by_answers(slots, usual), _by_deliveries(slots, usual), _by_latency(slots, usual))
    worst = min(found, key=lambda finding: finding.health)
    return worst if worst.health < 1.0 else Finding()  # what rounds to well is well


def _by_answers(slots: Slots, usual: Usual) -> Finding:
    troubled = total = 0
    for age in _newest(slots, ("accepted", "refused", "temporary", "policy", "doubt")):
        bad = sum(slots.get(kind, {}).get(age, 0) for kind in ("temporary", "policy", "doubt"))
        troubled += bad
        total += bad + sum(slots.get(kind, {}).get(age, 0) for kind in ("accepted", "refused"))
        if total >= ENOUGH and age > SLOT_S:
            break
    share = troubled / total if total else 0.0
    if total < FEW or share <= usual.troubled:
        return Finding()
    health = 1.0 - (share - usual.troubled) / (1.0 - usual.troubled)
    why = worded(
        "{share:.0%} of the last {n} answers were refusals or doubts; usual are {usual:.0%}.",
        share=share,
        n=total,
        usual=usual.troubled,
    )
    return Finding(round(health, 3), why)


def _by_deliveries(slots: Slots, usual: Usual) -> Finding:
    """Newest first, until so many should have been reported by now."""
    if usual.delivered is None:
        return Finding()
    expected, reported = 0.0, 0
    for age in _newest(slots, ("accepted",)):
        due = slots["accepted"][age] * usual.delivered * usual.by(age / PATIENCE)
        if due > 0:
            expected += due
            reported += slots.get("delivered", {}).get(age, 0)
        if expected >= ENOUGH:
            break
    if expected < FEW or reported >= expected:
        return Finding()
    why = worded(
        "Of the last messages that it took, {n} were reported delivered; usual by now are {usual:.0f}.",
        n=reported,
        usual=expected,
    )
    return Finding(round(reported / expected, 3), why)


def _by_latency(slots: Slots, usual: Usual) -> Finding:
    lately: Counter[float] = Counter()
    before: Counter[float] = Counter()
    for kind, counts in slots.items():
        if kind.startswith("latency:"):
            for age, n in counts.items():
                (lately if age <= LATELY_S else before)[upper_s(kind)] += n
    if sum(lately.values()) < FEW or sum(before.values()) < USUAL_MIN:
        return Finding()
    now_s = Usual(latency=tuple(sorted(lately.items()))).quantile_s(0.5)
    usual_s = Usual(latency=tuple(sorted(before.items()))).quantile_s(0.95)
    if now_s <= 2 * usual_s:
        return Finding()
    why = worded(
        "Half of the deliveries take more than {n:.0f} s; usual are {usual:.0f} s at most.",
        n=now_s / 2**0.5,
        usual=usual_s,
    )
    return Finding(round(max(0.2, 2 * usual_s / now_s), 3), why)


def _newest(slots: Slots, kinds: Sequence[str]) -> Iterable[float]:
    return sorted({age for kind in kinds for age in slots.get(kind, {}) if age <= RECENT_S})


def silence_s(channel: str, usual: Usual) -> float | None:
    """Half as long again as all but one in 200 deliveries take, near the channel's default; None: little is known."""
    if sum(n for _, n in usual.latency) < SILENCE_MIN:
        return None
    default = SILENCE_S.get(channel, SILENCE_DEFAULT_S)
    return min(4 * default, max(default / 4, 1.5 * usual.quantile_s(0.995)))
