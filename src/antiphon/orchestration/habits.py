"""What is usual in a country: which channels people answer there, and which senders operators let through.

Data with dates in data/habits.toml, not code. What the operator's own receipts say goes before it in time: a habit only
moves what is expected of people of whom little is known.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from importlib import resources

from msgspec import Struct, convert

from antiphon.kernel.settings import Settings


class Habit(Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """`channels`: how much likelier than elsewhere a channel is answered. `names`: whether a text message may come from
    a name instead of a number."""

    country: str
    since: date
    source: str
    checked: bool
    until: date | None = None
    channels: dict[str, float] = {}
    names: bool = True
    note: str = ""


@cache
def habits() -> tuple[Habit, ...]:
    text = resources.files(__package__).joinpath("data/habits.toml").read_text("utf-8")
    return tuple(convert(tomllib.loads(text)["habit"], list[Habit]))


@lru_cache(maxsize=16)
def multipliers(day: date) -> Mapping[str, Mapping[str, float]]:
    """By country, of those in force on that day."""
    return {each.country: each.channels for each in habits() if each.channels and _in_force(each, day)}


@lru_cache(maxsize=16)
def nameless(day: date) -> frozenset[str]:
    """Countries whose operators refuse or replace a name as the sender of a text message."""
    return frozenset(each.country for each in habits() if not each.names and _in_force(each, day))


def _in_force(habit: Habit, day: date) -> bool:
    return habit.since <= day and (habit.until is None or day < habit.until)


def sender_of(settings: Settings, channel: str, region: str | None) -> str:
    """From whom a message comes in a region: what the operator set for it, else for everywhere."""
    own = settings.senders.get(region.partition("-")[0]) if region else None
    if channel == "sms":
        return (own.sms if own else "") or settings.sender_sms
    return (own.email if own else "") or settings.sender_email
