"""Questions about segments over HTTP: previews, explanations, histories, sizes, overlaps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from antiphon import profiles
from antiphon.kernel.digits import number_in
from antiphon.kernel.errors import invalid
from antiphon.kernel.http import get, post
from antiphon.kernel.paths import segment_after
from antiphon.kernel.runtime import Runtime
from antiphon.segments import history, lane, records_asked
from antiphon.segments.editing import reading
from antiphon.segments.explain import explain
from antiphon.segments.overlaps import overlaps
from antiphon.segments.preview import draft_of
from antiphon.segments.preview import preview as preview_of
from antiphon.segments.preview import preview_draft as preview_draft_of

_SKIP_MAX = 1_000_000
Anything = Request[Any, Any, Any]


class Question(Struct, forbid_unknown_fields=True):
    """`rule` is a rule document or a rule in words. `as_of` asks about another instant than now.

    `estimate`: judge some thousand people and say the margin, however costly the rule is.
    """

    rule: dict[str, Any] | str  # Any: a rule document, see docs/reference/rules.md
    as_of: datetime | None = None
    estimate: bool = False


class PersonView(Struct):
    """`entered_at` is always null: nobody has entered what is not kept."""

    profile: str
    external_id: str | None
    name: str | None
    entered_at: datetime | None = None


class PreviewView(Struct):
    """`margin` and `reach_margin`: 19 times of 20 the true number lies so near. 0 where it is exact."""

    count: int
    exact: bool
    margin: int
    reach: dict[str, int]
    reach_by_topic: dict[str, dict[str, int]]
    reach_exact: bool
    reach_margin: int
    sample: list[PersonView]
    warnings: list[records_asked.Caution]


class MoverView(Struct):
    """Somebody who would enter or leave; `at` and `text` are the part of the draft that decides."""

    profile: str
    external_id: str | None
    name: str | None
    at: str
    text: str


class DraftPreviewView(Struct):
    """`count` is how many are in now, `draft_count` how many would be."""

    count: int
    draft_count: int
    enter: int
    leave: int
    entering: list[MoverView]
    leaving: list[MoverView]
    warnings: list[records_asked.Caution]


class Moves(Struct):
    """The newest first. `cursor` is null on the last page."""

    moves: list[records_asked.Moved]
    cursor: str | None


class Sizes(Struct):
    points: list[records_asked.Size]


class OverlapView(Struct):
    """`both` people are in both: this `share` of the segment that was asked about, and `of_other` of the other."""

    id: str
    name: str
    size: int
    both: int
    share: float
    of_other: float


class Overlaps(Struct):
    """The largest first."""

    overlaps: list[OverlapView]


@post("/segments/preview", permission="segments.read", status_code=200)
async def preview_rule(runtime: NamedDependency[Runtime], data: JSONBody[Question]) -> PreviewView:
    """400 with the code rule_too_slow where it takes too long; then ask for an estimate."""
    with reading(data.rule) as document:
        found = await lane.ask(
            runtime.database,
            lambda tx: preview_of(tx, document, aware(data.as_of), estimate=data.estimate),
            rule=document,
        )
    return PreviewView(
        found.count,
        found.exact,
        found.margin,
        found.reach,
        found.reach_by_topic,
        found.reach_exact,
        found.reach_margin,
        [PersonView(str(person.profile), person.external_id, person.name) for person in found.sample],
        list(found.warnings),
    )


@get("/segments/{segment:str}/draft/preview", permission="segments.read")
async def preview_draft(
    runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str]
) -> DraftPreviewView:
    """Who would enter and leave if the draft were published now. 409 where there is none."""
    name = segment_after(request, "segments")
    async with runtime.database.transaction(read_only=True) as tx:
        document = await draft_of(tx, name)
    found = await lane.ask(runtime.database, lambda tx: preview_draft_of(tx, name), rule=document)
    return DraftPreviewView(
        found.count,
        found.draft_count,
        found.enter,
        found.leave,
        [_mover(mover) for mover in found.entering],
        [_mover(mover) for mover in found.leaving],
        list(found.warnings),
    )


@get("/segments/{segment:str}/explain/{who:str}", permission="segments.read")
async def explain_one(
    runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str], who: FromPath[str]
) -> records_asked.Explanation:
    """`who` is `kind:value`, percent-encoded, or `id:number`."""
    async with runtime.database.transaction(read_only=True) as tx:
        profile = await profiles.find_named(tx, segment_after(request, "explain"))
        return await explain(tx, segment_after(request, "segments"), profile)


@get("/segments/{segment:str}/history/{who:str}", permission="segments.read")
async def history_of_one(
    runtime: NamedDependency[Runtime],
    request: Anything,
    segment: FromPath[str],
    who: FromPath[str],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = 100,
) -> Moves:
    """When somebody entered and left, and why."""
    skip = _skip(cursor)
    async with runtime.database.transaction(read_only=True) as tx:
        profile = await profiles.find_named(tx, segment_after(request, "history"))
        found = await history.moves(tx, segment_after(request, "segments"), profile, skip=skip, limit=limit)
    return Moves(found, str(skip + limit) if len(found) == limit else None)


@get("/segments/{segment:str}/size", permission="segments.read")
async def size(
    runtime: NamedDependency[Runtime],
    request: Anything,
    segment: FromPath[str],
    begin: Annotated[datetime | None, QueryParameter(name="from")] = None,
    to: FromQuery[datetime | None] = None,
    step: FromQuery[str] = "day",
) -> Sizes:
    """How many were in at the end of each hour or day, and how many entered and left in it."""
    async with runtime.database.transaction(read_only=True) as tx:
        name = segment_after(request, "segments")
        return Sizes(await history.size(tx, name, begin=aware(begin), end=aware(to), step=step))


@get("/segments/{segment:str}/overlaps", permission="segments.read")
async def overlaps_of(runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str]) -> Overlaps:
    """How many people it shares with every other segment."""
    async with runtime.database.transaction(read_only=True) as tx:
        found = await overlaps(tx, segment_after(request, "segments"))
    return Overlaps(
        [OverlapView(str(o.segment), o.name, o.size, o.both, o.share, o.of_other) for o in found],
    )


def _mover(mover: records_asked.Mover) -> MoverView:
    return MoverView(str(mover.profile), mover.external_id, mover.name, mover.at, mover.text)


def _skip(cursor: str) -> int:
    if (skip := number_in(cursor or "0", most=_SKIP_MAX)) is None:
        raise invalid("cursor", "It is not a cursor that we gave.")
    return skip


def aware(at: datetime | None) -> datetime | None:
    """RFC 3339; without an offset it is UTC."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


routes = [preview_rule, preview_draft, explain_one, history_of_one, size, overlaps_of]
