"""Ladders: segments of which somebody is in one at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId, SegmentId
from antiphon.segments.store import members, registry
from antiphon.segments.store.registry import queries
from antiphon.segments.topic import TOPIC


class Kept(Struct, frozen=True):
    """`stages` in their order. The last of them are `leaving`: their people go to others, then they are archived."""

    name: str
    stages: Sequence[SegmentId]
    leaving: Sequence[SegmentId]
    created_at: datetime

    @property
    def staying(self) -> list[SegmentId]:
        return [stage for stage in self.stages if stage not in self.leaving]


class Moved(Struct, frozen=True):
    """None: from outside, or to it."""

    before: SegmentId | None
    after: SegmentId | None
    by_rule: bool
    people: int


class Step(Struct, frozen=True):
    at: datetime
    segment: SegmentId
    entered: bool
    cause: str


async def write(tx: Transaction, name: str, stages: Sequence[SegmentId], leaving: Sequence[SegmentId]) -> None:
    await queries.run(tx, "write_ladder", name=name, stages=[*stages, *leaving], leaving=list(leaving))


async def lock(tx: Transaction, name: str) -> Kept | None:
    row = await queries.row(tx, "lock_ladder", name=name)
    return _kept(row) if row is not None else None


async def find(tx: Transaction, name: str) -> Kept | None:
    row = await queries.row(tx, "ladders", name=name, everything=False)
    return _kept(row) if row is not None else None


async def list_all(tx: Transaction) -> list[Kept]:
    return [_kept(row) for row in await queries.rows(tx, "ladders", name="", everything=True)]


def _kept(row: Row) -> Kept:
    return Kept(row["name"], row["stages"], row["leaving"], row["created_at"])


async def delete(tx: Transaction, name: str) -> None:
    await queries.run(tx, "delete_ladder", name=name)


async def take_stage(tx: Transaction, name: str, ladder: str) -> SegmentId | None:
    """An archived stage of this ladder, or one that it has, by its name; None where it is somebody else's."""
    row = await queries.row(tx, "take_stage", name=name, ladder=ladder)
    return SegmentId(row["id"]) if row is not None else None


async def start_next(tx: Transaction, stages: Sequence[SegmentId]) -> bool:
    """Build the first of the stages whose new rule waits; False where none waits. The registry must be held."""
    row = await queries.row(tx, "next_stage", stages=list(stages))
    if row is None:
        return False
    if not row["is_at_work"] and await registry.start_build(tx, SegmentId(row["segment_id"]), estimate_s=None):
        tx.wake(TOPIC)
    return True


async def go_on(tx: Transaction, segment: SegmentId) -> None:
    """A build has ended: if it was a stage's, the next is built. After the last, the stages that leave are archived."""
    row = await queries.row(tx, "ladder_of", segment_id=segment)
    if row is None:
        return
    await registry.hold(tx)
    if not await start_next(tx, row["stages"]) and row["leaving"]:
        await write(tx, row["name"], [stage for stage in row["stages"] if stage not in row["leaving"]], [])
        for stage in row["leaving"]:
            await end_stage(tx, stage)


async def end_stage(tx: Transaction, stage: SegmentId) -> None:
    """Its people are in no stage any more, or in another already. The registry must be held."""
    await registry.drop_draft(tx, stage)
    await registry.archive(tx, stage)
    await members.empty(tx, stage)


async def sizes(tx: Transaction, segments: Sequence[SegmentId]) -> Mapping[SegmentId, int]:
    rows = await queries.rows(tx, "stage_sizes", segments=list(segments))
    return {SegmentId(row["segment_id"]): int(row["members"]) for row in rows}


async def moves(tx: Transaction, stages: Sequence[SegmentId], since: datetime, until: datetime) -> list[Moved]:
    rows = await queries.rows(tx, "stage_moves", stages=list(stages), since=since, until=until)
    return [Moved(row["from_id"], row["to_id"], row["by_rule"], row["people"]) for row in rows]


async def steps(tx: Transaction, stages: Sequence[SegmentId], profile: ProfileId) -> list[Step]:
    rows = await queries.rows(tx, "stages_of_person", stages=list(stages), profile_id=profile)
    return [Step(row["at"], SegmentId(row["segment_id"]), row["entered"], row["cause"]) for row in rows]
