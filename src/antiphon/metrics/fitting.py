"""What is known of everybody in a cell: the Beta distribution from which people's own shares look drawn. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import exp, log
from typing import NamedTuple

from antiphon.metrics.predicting import Prior

STRENGTH = 5.0
"""How many messages of a person's own weigh as much as the default, while nothing is known of how people differ."""

_WORTH = 20.0
"""The default counts like so many answers-or-not of people in general: gone after some hundred."""

_SPREAD = 1.0
"""The strength is within a factor of e² of STRENGTH, until people's numbers say otherwise."""

_STRENGTHS = (0.5, 2000.0)
_ROUNDS_MAX = 30
_GOLDEN = (5**0.5 - 1) / 2


class _Tally(NamedTuple):
    """How many people had more than j answers, more than j without an answer, more than j messages."""

    answered: list[int]
    silent: list[int]
    sent: list[int]


def default_prior(mean: float) -> Prior:
    return Prior(alpha=mean * STRENGTH, beta=(1 - mean) * STRENGTH, people=0)


def fit(grid: Mapping[tuple[int, int], int], default: float) -> Prior:
    """`grid`: how many people got so many messages and answered so many of them; `default`: the share assumed before.

    The most likely Beta-binomial, with as much of the default as `_WORTH` and `_SPREAD` say. The likelihood of a grid
    is a sum over j (Minka, Estimating a Dirichlet distribution, 2000, on the Pólya distribution): after one pass over
    the grid it costs the same for ten people and for ten million.
    """
    tally = _tally(grid)

    def goodness(place: float, strength: float) -> float:
        mean, total = 1 / (1 + exp(-place)), exp(strength)
        weak = _WORTH * (default * log(mean) + (1 - default) * log(1 - mean))
        return weak - ((strength - log(STRENGTH)) / _SPREAD) ** 2 / 2 + _likelihood(tally, mean * total, total)

    place, strength = log(default / (1 - default)), log(STRENGTH)
    lowest, highest = log(_STRENGTHS[0]), log(_STRENGTHS[1])
    for _ in range(_ROUNDS_MAX):
        before = place, strength
        place = _best(partial(goodness, strength=strength), max(place - 3, -12.0), min(place + 3, 12.0))
        strength = _best(partial(goodness, place), lowest, highest)
        if abs(place - before[0]) + abs(strength - before[1]) < 1e-4:
            break
    mean, total = 1 / (1 + exp(-place)), exp(strength)
    people = sum(people for (sent, _), people in grid.items() if sent > 0)
    return Prior(alpha=mean * total, beta=(1 - mean) * total, people=people)


def _tally(grid: Mapping[tuple[int, int], int]) -> _Tally:
    longest = max((sent for sent, _ in grid), default=0)
    tally = _Tally([0] * longest, [0] * longest, [0] * longest)
    for (sent, answered), people in grid.items():
        for counts, n in zip(tally, (answered, sent - answered, sent), strict=True):
            if n:
                counts[n - 1] += people
    for counts in tally:
        for j in range(longest - 2, -1, -1):
            counts[j] += counts[j + 1]
    return tally


def _likelihood(tally: _Tally, alpha: float, total: float) -> float:
    beta = total - alpha
    answered = sum(n * log(alpha + j) for j, n in enumerate(tally.answered) if n)
    silent = sum(n * log(beta + j) for j, n in enumerate(tally.silent) if n)
    return answered + silent - sum(n * log(total + j) for j, n in enumerate(tally.sent) if n)


def _best(goodness: Callable[[float], float], low: float, high: float) -> float:
    """Where it is highest between `low` and `high`, to 1e-5: the golden section."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = goodness(left), goodness(right)
    for _ in range(40):
        if high - low < 1e-5:
            break
        if at_left > at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = goodness(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = goodness(right)
    return (low + high) / 2
