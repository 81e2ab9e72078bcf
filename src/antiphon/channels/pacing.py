"""How much a provider may be given now: a token bucket on wall time, one row for all processes."""

from __future__ import annotations

BURST_S = 1.0
"""The bucket holds what a second brings, and one message at least."""

BREAKER_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""How long a provider that could not be reached is left alone, by failures in a row."""


def refill(tokens: float, *, per_second: float, elapsed_s: float) -> float:
    return min(max(1.0, per_second * BURST_S), tokens + per_second * max(0.0, elapsed_s))


def pause_s(failures: int) -> float:
    return BREAKER_S[min(max(failures, 1), len(BREAKER_S)) - 1]
