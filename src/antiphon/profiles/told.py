"""What people were told to be: the latest value of each trait by event time, whoever said it in whatever order. Pure.

A `Told` maps a trait to [microseconds since 1970, value]; null means that it was removed. Of two values of one instant
the one whose JSON is greater counts, so that the order in which they came does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

Told = dict[str, tuple[int, Any]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def at_us(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def told(traits: Mapping[str, Any], at: datetime) -> Told:
    us = at_us(at)
    return {name: (us, value) for name, value in traits.items()}


def read(stored: Mapping[str, Any]) -> Told:
    """From its stored form."""
    return {name: (entry[0], entry[1]) for name, entry in stored.items()}


def merge(one: Told, other: Mapping[str, tuple[int, Any]]) -> Told:
    """The later of each; `one` is not changed."""
    merged = dict(one)
    for name, entry in other.items():
        held = merged.get(name)
        if held is None or _later(entry, held):
            merged[name] = entry
    return merged


def fold(all_told: Iterable[Told]) -> dict[str, Any]:
    """The traits of a profile: what holds now, without what was removed."""
    merged: Told = {}
    for one in all_told:
        merged = merge(merged, one) if merged else one
    return {name: value for name, (_, value) in sorted(merged.items()) if value is not None}


def _later(one: tuple[int, Any], other: tuple[int, Any]) -> bool:
    if one[0] != other[0]:
        return one[0] > other[0]
    return one[1] != other[1] and _text(one[1]) > _text(other[1])


def _text(value: Any) -> bytes:
    return msgspec.json.encode(value, order="sorted")
