"""Chance without a stream: every draw is a hash of what it is about, so no order of arrival changes it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from math import log1p
from typing import TypeVar

T = TypeVar("T")


def draw(*about: object) -> float:
    """A number in [0, 1) that depends on nothing but the arguments."""
    text = "\x1f".join(map(str, about)).encode("utf-8", "surrogatepass")
    return (int.from_bytes(blake2b(text, digest_size=8).digest(), "big") >> 11) / 2**53


def pick(choices: Sequence[T], *about: object) -> T:
    return choices[int(draw(*about) * len(choices))]


def exponential(mean: float, *about: object) -> float:
    """A waiting time with this mean, never more than ten times as long."""
    return min(-mean * log1p(-draw(*about)), 10 * mean)
