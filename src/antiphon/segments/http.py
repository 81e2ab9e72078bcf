"""Segments over HTTP. A segment is named by its id or its name; ids are strings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from antiphon import profiles
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound, invalid
from antiphon.kernel.http import get, post
from antiphon.kernel.paths import segment_after
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.kernel.runtime import Runtime
from antiphon.segments import ask, making, records
from antiphon.segments.explain import explain
from antiphon.segments.preview import preview as preview_rule

_CURSOR_MAX = 2**63 - 1
CREATE_WAIT_S = 10.0
Anything = Request[Any, Any, Any]
Rule = dict[str, Any]  # Any: a rule document, see docs/reference/rules.md


class NewSegment(Struct, forbid_unknown_fields=True):
    name: str
    rule: Rule


class Question(Struct, forbid_unknown_fields=True):
    """`as_of` asks about another instant than now."""

    rule: Rule
    as_of: datetime | None = None


class SegmentView(Struct):
    """`state` is building until the first members are found, then live."""

    id: str
    name: str
    rule: Rule | None
    state: str
    created_at: datetime


class SegmentPage(SegmentView):
    count: int


class Segments(Struct):
    segments: list[SegmentView]


class MemberView(Struct):
    profile: str
    external_id: str | None
    entered_at: datetime | None


class Members(Struct):
    """`cursor` is null on the last page."""

    members: list[MemberView]
    cursor: str | None


class PreviewView(Struct):
    """`reach` counts those with an active address that is not opted out, per channel."""

    count: int
    reach: dict[str, int]
    sample: list[MemberView]


@post("/segments", permission="admin")
async def create(runtime: NamedDependency[Runtime], data: JSONBody[NewSegment]) -> SegmentView:
    """Answers once the members are known. 409 where the name is taken."""
    return _view(await making.create(runtime.database, data.name, data.rule, wait_s=CREATE_WAIT_S))


@get("/segments", permission="read")
async def list_all(runtime: NamedDependency[Runtime]) -> Segments:
    async with runtime.database.transaction(read_only=True) as tx:
        return Segments([_view(segment) for segment in await ask.list_all(tx)])


@post("/segments/preview", permission="read", status_code=200)
async def preview(runtime: NamedDependency[Runtime], data: JSONBody[Question]) -> PreviewView:
    async with runtime.database.transaction(read_only=True) as tx:
        found = await preview_rule(tx, data.rule, _aware(data.as_of))
    return PreviewView(found.count, found.reach, [_member(member) for member in found.sample])


@get("/segments/{segment:str}", permission="read")
async def show(runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str]) -> SegmentPage:
    async with runtime.database.transaction(read_only=True) as tx:
        found = await ask.get(tx, segment_after(request, "segments"))
        span = await ask.bounds(tx, found.id)
    count = span.count if span is not None else 0
    return SegmentPage(str(found.id), found.name, found.rule, found.state, found.created_at, count)


@get("/segments/{segment:str}/members", permission="read")
async def members(
    runtime: NamedDependency[Runtime],
    request: Anything,
    segment: FromPath[str],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = 100,
    as_of: FromQuery[datetime | None] = None,
) -> Members:
    after = _after(cursor)
    async with runtime.database.transaction(read_only=True) as tx:
        found = await ask.members(
            tx, segment_after(request, "segments"), cursor=after, limit=limit, as_of=_aware(as_of)
        )
    return Members([_member(member) for member in found], str(found[-1].profile) if len(found) == limit else None)


@get("/segments/{segment:str}/explain/{who:str}", permission="read")
async def explain_one(
    runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str], who: FromPath[str]
) -> records.Explanation:
    """`who` is `kind:value`, percent-encoded."""
    async with runtime.database.transaction(read_only=True) as tx:
        return await explain(
            tx, segment_after(request, "segments"), await _profile(tx, segment_after(request, "explain"))
        )


async def _profile(tx: Transaction, who: str) -> ProfileId:
    kind, colon, value = who.partition(":")
    if not colon:
        raise invalid("who", "A profile is named by kind:value, such as external_id:42.")
    identifier: Identifier = profiles.normalise(kind, value)
    found = await profiles.find(tx, [identifier])
    if identifier not in found:
        raise NotFound("There is no such profile.")
    return found[identifier]


def _view(segment: records.Segment) -> SegmentView:
    return SegmentView(str(segment.id), segment.name, segment.rule, segment.state, segment.created_at)


def _member(member: records.Member) -> MemberView:
    return MemberView(str(member.profile), member.external_id, member.entered_at)


def _after(cursor: str) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20 and int(cursor) <= _CURSOR_MAX):
        raise invalid("cursor", "It is not a cursor that we gave.")
    return int(cursor)


def _aware(at: datetime | None) -> datetime | None:
    """RFC 3339; without an offset it is UTC."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


routes = [create, list_all, preview, show, members, explain_one]
