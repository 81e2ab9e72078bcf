"""What is asked of ladders: who is on which stage, who moved, how somebody came along."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import ProfileId, SegmentId
from antiphon.segments.records import Segment
from antiphon.segments.store import ladders as store
from antiphon.segments.store import members, registry


class UnknownLadder(NotFound):
    """There is no ladder of this name."""

    code = "unknown_ladder"


class Stage(Struct, frozen=True):
    """`rule` is the stage's own: the live one, else the one that is to be."""

    name: str
    rule: dict[str, Any]  # Any: a rule, without version
    members: int
    segment: Segment


class Ladder(Struct, frozen=True):
    """`stages` in their order. `leaving`: stages that were taken away, and are there until the others are built."""

    name: str
    stages: Sequence[Stage]
    leaving: Sequence[str]
    is_building: bool
    created_at: datetime


class Move(Struct, frozen=True):
    """So many went from `before` to `after`; None is outside. `by_rule`: because the ladder was changed."""

    before: str | None
    after: str | None
    by_rule: bool
    people: int


class Stay(Struct, frozen=True):
    """Somebody was on a stage from one instant to another; `since` is None where it was so from the beginning.

    `cause` is why they came: happened, time, rule (the ladder was changed), merge; empty where it is not known.
    """

    stage: str
    since: datetime | None
    until: datetime | None
    cause: str


async def get(tx: Transaction, name: str) -> Ladder:
    """Raises UnknownLadder."""
    return await _ladder(tx, await _kept(tx, name))


async def list_all(tx: Transaction) -> list[Ladder]:
    return [await _ladder(tx, kept) for kept in await store.list_all(tx)]


async def moves(tx: Transaction, name: str, since: datetime, until: datetime) -> list[Move]:
    """Who went where in `[since, until)`. First members and merged people went nowhere. Raises UnknownLadder."""
    kept = await _kept(tx, name)
    names = await _names(tx, kept)
    found = await store.moves(tx, kept.stages, since, until)
    return [Move(names.get(each.before), names.get(each.after), each.by_rule, each.people) for each in found]


async def history(tx: Transaction, name: str, profile: ProfileId) -> list[Stay]:
    """The stages that somebody was on, the oldest first. Raises UnknownLadder."""
    kept = await _kept(tx, name)
    names = await _names(tx, kept)
    stays: list[Stay] = []
    open_stays: dict[SegmentId, tuple[datetime | None, str]] = {}
    for step in await store.steps(tx, kept.stages, profile):
        if step.entered:
            open_stays[step.segment] = (step.at, step.cause)
        else:
            since, cause = open_stays.pop(step.segment, (None, ""))
            stays.append(Stay(names[step.segment], since, step.at, cause))
    for (stage, _), since in (await members.members_among(tx, kept.stages, [profile])).items():
        _, cause = open_stays.get(stage, (since, ""))
        stays.append(Stay(names[stage], since, None, cause))
    return stays


async def _kept(tx: Transaction, name: str) -> store.Kept:
    kept = await store.find(tx, name)
    if kept is None:
        raise UnknownLadder('There is no ladder "{name}".', name=name)
    return kept


async def _ladder(tx: Transaction, kept: store.Kept) -> Ladder:
    segments = await _segments(tx, kept)
    sizes = await store.sizes(tx, kept.stages)
    stages = [
        Stage(_short(kept, each), own_rule(each), sizes.get(each.id, 0), each)
        for each in segments
        if each.id not in kept.leaving
    ]
    leaving = [_short(kept, each) for each in segments if each.id in kept.leaving]
    is_building = bool(leaving) or any(each.draft is not None or each.build is not None for each in segments)
    return Ladder(kept.name, stages, leaving, is_building, kept.created_at)


async def _segments(tx: Transaction, kept: store.Kept) -> list[Segment]:
    found = await registry.find(tx, [str(stage) for stage in kept.stages])
    return [found[str(stage)] for stage in kept.stages]


async def _names(tx: Transaction, kept: store.Kept) -> dict[SegmentId | None, str]:
    return {segment.id: _short(kept, segment) for segment in await _segments(tx, kept)}


def _short(kept: store.Kept, segment: Segment) -> str:
    return segment.name.removeprefix(f"{kept.name}: ")


def own_rule(stage: Segment) -> dict[str, Any]:  # Any: a rule
    """What the stage was given, without the stages before it."""
    assert stage.rule is not None, "a stage has a rule"
    own: dict[str, Any] = stage.rule["rule"]["all"][0]
    return own
