"""The records of this part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from antiphon.kernel.records import ProfileId, SegmentId
from antiphon.segments.rules import Rule


class Segment(Struct, frozen=True):
    """A rule and who satisfies it. `filling`: its members are being looked up for the first time."""

    id: SegmentId
    name: str
    rule: dict[str, Any]  # Any: the rule document as it was given
    state: Literal["filling", "live"]
    created_at: datetime


class Watched(Struct, frozen=True):
    """A segment as the evaluation sees it: its rule expanded, and what can change it."""

    id: SegmentId
    rule: Rule
    kinds: frozenset[int]
    windowed: bool


class Member(Struct, frozen=True):
    """`external_id` is the owner's name for the profile, if it has one; `entered_at` is None for a past instant."""

    profile: ProfileId
    external_id: str | None
    entered_at: datetime | None


class Preview(Struct, frozen=True):
    """How many, how many of them could be reached per channel, and the first few."""

    count: int
    reach: dict[str, int]
    sample: Sequence[Member]


class Bounds(Struct, frozen=True):
    """The lowest and highest profile id among the members, and how many there are."""

    lowest: ProfileId
    highest: ProfileId
    count: int


class Part(Struct, frozen=True):
    """A place in a rule, such as `rule.all[0]`, and whether it holds."""

    at: str
    holds: bool


class Explanation(Struct, frozen=True):
    """`holds` is the whole rule, now; `member` what is written down. They differ only while work is due."""

    member: bool
    holds: bool
    next_look_at: datetime | None
    parts: Sequence[Part]


class Verification(Struct, frozen=True):
    """How many satisfy the rule, how many of them are no members, how many members do not satisfy it."""

    count: int
    missing: int
    surplus: int
    sample: Sequence[ProfileId]
