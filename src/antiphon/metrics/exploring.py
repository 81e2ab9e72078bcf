"""Now and then a message takes another channel than the best known: else nobody would learn that it got better. Pure.

Which one is a hash of the notification, so a decision that is made again is the same.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from math import erf, sqrt

EXPLORED_MAX = 0.1
"""No more than every tenth message."""

WORTH = 0.5
"""What is tried has at least half the expected answers of the best: so at most `share` / 2 of all answers are lost."""

CHANCE_MIN = 0.05
"""And it is at least this likely to be the better one: what is known to be worse is not tried."""

Offer = tuple[str, float, float, float]
"""Channel, mean, alpha, beta: of `response`."""


def explore(notification_id: int, options: Sequence[Offer], share: float) -> tuple[str, float]:
    """The channel, and the propensity: how likely that channel was to be taken. Raises ValueError without options.

    With probability `share` one of the others that are worth it, each as likely as its chance to be the better one.
    """
    if not options:
        raise ValueError("nothing to choose from")
    best = max(options, key=lambda option: option[1])
    chances = {other[0]: chance for other in options if other is not best and (chance := _chance(other, best))}
    share = min(max(share, 0.0), EXPLORED_MAX) if chances else 0.0
    at = _draw(notification_id)
    if at >= share:
        return best[0], 1.0 - share
    channels, total = list(chances), sum(chances.values())
    place = bisect_right(list(accumulate(chances.values())), at / share * total)
    channel = channels[min(place, len(channels) - 1)]
    return channel, share * chances[channel] / total


def _chance(other: Offer, best: Offer) -> float:
    """How likely `other` is the better one, both taken as normal; 0 where it is not to be tried."""
    if other[1] < WORTH * best[1]:
        return 0.0
    apart = sqrt(2 * (_variance(other) + _variance(best)))
    chance = (1 + erf((other[1] - best[1]) / apart)) / 2
    return chance if chance >= CHANCE_MIN else 0.0


def _variance(option: Offer) -> float:
    _, mean, alpha, beta = option
    return mean * (1 - mean) / (alpha + beta + 1)


def _draw(notification_id: int) -> float:
    digest = blake2b(b"explore:%d" % notification_id, digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53
