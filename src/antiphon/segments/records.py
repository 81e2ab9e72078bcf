"""The records of this part."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from antiphon.kernel.records import ProfileId, SegmentId
from antiphon.segments.language.rules import Rule

State = Literal["draft", "building", "live", "archived"]
Cause = Literal["happened", "time", "rule", "list", "merge"]
"""Why somebody entered or left: something happened, time passed, a new version of the rule, by hand, two were one."""


class Build(Struct, frozen=True):
    """How far a new version is: `done` of `steps` of a phase (looking, timers, applying), and the seconds foreseen."""

    phase: str
    done: int
    steps: int
    estimate_s: float | None


class Segment(Struct, frozen=True):
    """A name for people who belong together.

    `draft`: it has no version yet; `building`: its first members are being looked up; `live`. `rule` is the live one,
    else the one that is to be; a list has none. While `build` is set and the state is live, the old version serves.
    """

    id: SegmentId
    name: str
    kind: Literal["rule", "list"]
    state: State
    version: int
    rule: dict[str, Any] | None  # Any: the rule document as it was given
    draft: int | None  # the number of the version that is being written
    created_at: datetime
    stage_of: str | None
    build: Build | None


class Version(Struct, frozen=True):
    version: int
    rule: dict[str, Any]  # Any: the rule document as it was given
    state: Literal["draft", "building", "live", "past"]
    by: str
    created_at: datetime
    changed_at: datetime
    published_at: datetime | None


class Watched(Struct, frozen=True):
    """A live segment as the evaluation sees it: its rule, what can change it, which segments it names.

    `remembers`: those of whose entries and exits it speaks.
    """

    id: SegmentId
    rule: Rule
    kinds: frozenset[int]
    needs: frozenset[SegmentId]
    remembers: frozenset[SegmentId]


class Change(Struct, frozen=True):
    """Somebody is to enter or leave. `leaf` is the part of the rule that decided, such as `rule.all[0]`."""

    segment: SegmentId
    profile: ProfileId
    entered: bool
    cause: Cause
    leaf: str = ""


class Member(Struct, frozen=True):
    """`external_id` is the owner's name for the profile, if it has one; `entered_at` is None for a past instant."""

    profile: ProfileId
    external_id: str | None
    entered_at: datetime | None


class Bounds(Struct, frozen=True):
    """The lowest and highest profile id among the members, and how many there are."""

    lowest: ProfileId
    highest: ProfileId
    count: int
