"""Segments and their versions, and computed traits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

from antiphon.kernel.db import Queries, Row, Transaction
from antiphon.kernel.digits import INTEGER_MAX, number_in
from antiphon.kernel.records import SegmentId
from antiphon.segments.records import Build, Segment, Version

queries = Queries("segments")


class Edge(Struct, frozen=True):
    """A version and the segments that it names."""

    segment: SegmentId
    name: str
    needs: Sequence[SegmentId]
    state: str


class Live(Struct, frozen=True):
    """A live version, what can change it, and what it names."""

    segment: SegmentId
    version: int
    kinds: frozenset[int]
    needs: frozenset[SegmentId]


async def share(tx: Transaction) -> None:
    await queries.run(tx, "share_registry")


async def hold(tx: Transaction) -> None:
    await queries.run(tx, "hold_registry")


async def hold_names(tx: Transaction) -> None:
    await queries.run(tx, "hold_names")


async def keep_plans(tx: Transaction) -> None:
    await queries.run(tx, "keep_plans")


async def lock(tx: Transaction, segment: SegmentId) -> None:
    await queries.run(tx, "lock_segment", segment_id=segment)


async def add(tx: Transaction, name: str, *, kind: str, stage_of: str | None = None) -> SegmentId | None:
    """None where the name is taken."""
    row = await queries.row(tx, "add_segment", name=name, kind=kind, stage_of=stage_of)
    return SegmentId(row["id"]) if row is not None else None


async def find(tx: Transaction, named: Collection[str]) -> dict[str, Segment]:
    """Segments by what they were called: a name or an id."""
    ids = [int(name) for name in named if is_id(name)]
    rows = await queries.rows(tx, "find_segments", names=list(named), ids=ids, everything=False)
    found = [_segment(row) for row in rows]
    by_name = {segment.name: segment for segment in found}
    by_id = {str(segment.id): segment for segment in found}
    return {name: segment for name in named if (segment := by_name.get(name) or by_id.get(name)) is not None}


def is_id(name: str) -> bool:
    return number_in(name, most=INTEGER_MAX) is not None


async def list_all(tx: Transaction) -> list[Segment]:
    return [_segment(row) for row in await queries.rows(tx, "find_segments", names=[], ids=[], everything=True)]


def _segment(row: Row) -> Segment:
    at_work = row["next_state"] == "building" or bool(row["phase"])
    build = Build(row["phase"], row["done"], row["steps"], row["estimate_s"]) if at_work else None
    if row["archived_at"] is not None:
        state = "archived"
    elif row["kind"] == "list" or row["version"] > 0:
        state = "live"
    else:
        state = "building" if row["next_state"] == "building" else "draft"
    return Segment(
        id=SegmentId(row["id"]),
        name=row["name"],
        kind=row["kind"],
        state=state,  # type: ignore[arg-type]  # one of the four above
        version=row["version"],
        rule=row["live_rule"] or row["next_rule"],
        draft=row["next_version"] if row["next_state"] == "draft" else None,
        created_at=row["created_at"],
        stage_of=row["stage_of"],
        build=build,
    )


async def names(tx: Transaction) -> dict[str, SegmentId]:
    """By name and by number."""
    found: dict[str, SegmentId] = {}
    rows = await queries.rows(tx, "segment_names")
    found.update((str(row["id"]), SegmentId(row["id"])) for row in rows)
    found.update((row["name"], SegmentId(row["id"])) for row in rows)
    return found


async def save_draft(
    tx: Transaction, segment: SegmentId, rule: object, *, kinds: Collection[int], needs: Collection[SegmentId], by: str
) -> int | None:
    """The number of the version; None while one is being built."""
    row = await queries.row(
        tx, "save_draft", segment_id=segment, rule=rule, kinds=sorted(kinds), needs=sorted(needs), by=by
    )
    return int(row["version"]) if row is not None else None


async def drop_draft(tx: Transaction, segment: SegmentId) -> bool:
    return await queries.row(tx, "drop_draft", segment_id=segment) is not None


async def start_build(tx: Transaction, segment: SegmentId, *, estimate_s: float | None) -> bool:
    """False where there is no draft."""
    return await queries.row(tx, "start_build", segment_id=segment, estimate_s=estimate_s) is not None


async def versions(tx: Transaction, segment: SegmentId) -> list[Version]:
    return [Version(**row) for row in await queries.rows(tx, "list_versions", segment_id=segment)]


async def live(tx: Transaction) -> list[Live]:
    return [
        Live(SegmentId(row["segment_id"]), row["version"], frozenset(row["kinds"]), frozenset(row["needs"]))
        for row in await queries.rows(tx, "watched_versions")
    ]


async def rules(tx: Transaction, wanted: Collection[tuple[SegmentId, int]]) -> dict[tuple[SegmentId, int], Any]:
    """Rule documents by segment and version."""
    if not wanted:
        return {}
    segments, numbers = zip(*wanted, strict=True)
    rows = await queries.rows(tx, "rules_of", segments=list(segments), versions=list(numbers))
    return {(SegmentId(row["segment_id"]), row["version"]): row["rule"] for row in rows}


async def rule_of(tx: Transaction, segment: SegmentId, version: int) -> Any:
    return await queries.value(tx, "rule_of_version", segment_id=segment, version=version)


async def unbuilt_needs(tx: Transaction, segment: SegmentId) -> list[SegmentId]:
    return [SegmentId(row["id"]) for row in await queries.rows(tx, "unbuilt_needs", segment_id=segment)]


async def unpublished_needs(tx: Transaction, segment: SegmentId) -> list[str]:
    return [row["name"] for row in await queries.rows(tx, "unpublished_needs", segment_id=segment)]


async def edges(tx: Transaction) -> list[Edge]:
    return [
        Edge(SegmentId(row["segment_id"]), row["name"], row["needs"], row["state"])
        for row in await queries.rows(tx, "needs_of_all")
    ]


async def archive(tx: Transaction, segment: SegmentId) -> None:
    await queries.run(tx, "archive", segment_id=segment)


async def lock_archived(tx: Transaction, segment: SegmentId) -> bool:
    return await queries.row(tx, "lock_archived", segment_id=segment) is not None


async def unarchive(tx: Transaction, segment: SegmentId) -> None:
    await queries.run(tx, "unarchive", segment_id=segment)


async def delete(tx: Transaction, segment: SegmentId) -> None:
    await queries.run(tx, "delete_segment", segment_id=segment)


async def set_computed(tx: Transaction, name: str, definition: object) -> None:
    await queries.run(tx, "set_computed", name=name, definition=definition)


async def drop_computed(tx: Transaction, name: str) -> bool:
    return await queries.row(tx, "drop_computed", name=name) is not None


async def computed(tx: Transaction) -> Mapping[str, Any]:
    """Definitions by name."""
    return {row["name"]: row["definition"] for row in await queries.rows(tx, "computed_traits")}


async def naming_computed(tx: Transaction, name: str) -> list[str]:
    """Segments whose rule, live or to come, names it."""
    return [row["name"] for row in await queries.rows(tx, "rules_naming_computed", name=name)]
