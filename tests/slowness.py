"""Bounds of time hold for a machine; on another, or on one that others use too, they are as many times as wide."""

from __future__ import annotations

from time import process_time

LOOPS, ORDINARY_S = 300_000, 0.008
"""What a core of an EPYC of 2021 takes for so many multiplications in Python when nobody else uses it."""


def slowness() -> float:
    """How many times slower Python runs here and now; at least 1."""
    begun = process_time()
    for n in range(LOOPS):
        n * n
    return max(1.0, (process_time() - begun) / ORDINARY_S)
