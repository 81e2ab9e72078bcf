"""How much a provider and who receives behind it may be given now: a token bucket per account, a learned pace per
receiving mail system. Pure, on wall time; the rows are one budget for all processes."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct
from msgspec.structs import replace

BURST_S = 1.0
"""The bucket holds what a second brings, and one message at least."""

FLOOR, TOP = 0.1, 1e6
"""No receiver is given up below one message in ten seconds: it would never show that it takes more."""
NEAR = 0.9
"""Up to this share of where it last deferred the pace rises fast, above it slowly."""
RISE_FAST, RISE_SLOW, RISE_CALM = 0.1, 0.002, 0.03
"""Messages a second more for each message taken. Fast: doubled in some 7 s of full use. Slow: 1 % more in some 5 s, and
15 times as much when it has deferred nothing for `CALM_S`: it may take far more than it did once."""
CALM_S = 20.0
LESS = 0.8
"""After a cut, this share of what was too much is held to be near what it takes."""
HOLD_S = 5.0
"""After a cut, deferrals of what was under way count no more for so long."""
WINDOW_S = 10.0
SLOT_AHEAD_S = 5.0
"""Slots are given out so far ahead. Further ahead would be at a pace that is out of date by then."""
SLOT_BURST_S = 0.25
"""Slots that nobody took are kept for so long."""


def refill(tokens: float, *, per_second: float, elapsed_s: float) -> float:
    return min(max(1.0, per_second * BURST_S), tokens + per_second * max(0.0, elapsed_s))


class Pace(Struct, frozen=True):
    """A receiver's pace. `held_s`: until deferrals count again; `calm_s`: since the last one."""

    per_second: float
    ceiling: float
    held_s: float = 0.0
    calm_s: float = 0.0


def first_pace(recent: float) -> Pace:
    """It deferred for the first time. `recent`: messages a second that it took in the last seconds."""
    return Pace(min(max(recent, FLOOR), TOP), TOP, held_s=HOLD_S)


def learn(pace: Pace, *, taken: int, deferred: int, backlog_s: float = 0.0) -> Pace:
    """Halved where it defers, raised a little by each message that it takes. `backlog_s`: how far ahead slots of the
    old pace are given out: so long deferrals tell nothing new."""
    if not deferred:
        return _risen(pace, taken)
    if pace.held_s > 0:
        return pace
    half = max(FLOOR, pace.per_second / 2)
    return Pace(half, max(half, LESS * pace.per_second), held_s=max(HOLD_S, backlog_s))


def _risen(pace: Pace, taken: int) -> Pace:
    fast = min(float(taken), max(0.0, NEAR * pace.ceiling - pace.per_second) / RISE_FAST)
    slow = RISE_SLOW + (RISE_CALM - RISE_SLOW) * min(1.0, pace.calm_s / CALM_S) ** 2
    rate = min(TOP, pace.per_second + fast * RISE_FAST + (taken - fast) * slow)
    return replace(pace, per_second=rate, ceiling=max(pace.ceiling, rate))


def waits(first_s: float, *, per_second: float, reserved: int, tail_s: float, n: int) -> list[float]:
    """Of `n` to one receiver: the first `reserved` have a slot each; the others come again at half of their time."""
    slots = [max(0.0, first_s + i / per_second) for i in range(reserved)]
    behind_s = tail_s - first_s
    later = [max(SLOT_AHEAD_S + 1.0, first_s + 0.5 * (behind_s + i / per_second)) for i in range(n - reserved)]
    return slots + later


class Recent:
    """What each receiver took in the last seconds, as far as this process knows: two spans of five seconds."""

    def __init__(self) -> None:
        self._now: Counter[str] = Counter()
        self._before: Counter[str] = Counter()
        self._since = self._since_before = 0.0

    def add(self, taken: Counter[str], at: float) -> None:
        if at - self._since >= WINDOW_S / 2:
            stale = at - self._since >= WINDOW_S
            self._before, self._since_before = (Counter(), at) if stale else (self._now, self._since)
            self._now, self._since = Counter(), at
        self._now.update(taken)

    def per_second(self, receiver: str, at: float) -> float:
        return (self._now[receiver] + self._before[receiver]) / max(1.0, at - self._since_before)
