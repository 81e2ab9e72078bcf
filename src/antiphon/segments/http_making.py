"""Making and changing segments over HTTP: drafts, versions, archive. Rules are JSON, or a text in words."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon.kernel.http import author_of, delete, get, post, put
from antiphon.kernel.paths import segment_after
from antiphon.kernel.runtime import Runtime
from antiphon.segments import ask, editing, history, making
from antiphon.segments.cautions import retention_notes
from antiphon.segments.language.parse import parse
from antiphon.segments.records_asked import Caution
from antiphon.segments.views import SegmentView, VersionView, fields_of, segment_view, version_view

WAIT_S = 10.0
"""So long an answer waits for a build; a worker goes on."""

Anything = Request[Any, Any, Any]
Rule = dict[str, Any] | str  # Any: a rule document, see docs/reference/rules.md


class NewSegment(Struct, forbid_unknown_fields=True):
    """`publish: false` keeps it a draft, without members."""

    name: str
    rule: Rule
    publish: bool = True


class NewRule(Struct, forbid_unknown_fields=True):
    rule: Rule


class OldVersion(Struct, forbid_unknown_fields=True):
    version: int


class SegmentPage(SegmentView, kw_only=True):
    """`warnings`: parts of the rule that ask for what is not kept any more."""

    count: int
    warnings: list[Caution]


class Segments(Struct):
    segments: list[SegmentView]


class Versions(Struct):
    """The newest first."""

    versions: list[VersionView]


@post("/segments", permission="segments.write")
async def create(runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[NewSegment]) -> SegmentView:
    """Answers once the members are known, or after ten seconds while a worker goes on. 409 where the name is taken."""
    made = await runtime.database.repeat(
        lambda tx: editing.create_draft(tx, data.name, data.rule, by=author_of(request))
    )
    if data.publish:
        made = await making.publish(runtime.database, str(made.id), wait_s=WAIT_S)
    return segment_view(made)


@get("/segments", permission="segments.read")
async def list_all(runtime: NamedDependency[Runtime]) -> Segments:
    async with runtime.database.transaction(read_only=True) as tx:
        return Segments([segment_view(segment) for segment in await ask.list_all(tx)])


@get("/segments/{segment:str}", permission="segments.read")
async def show(runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str]) -> SegmentPage:
    async with runtime.database.transaction(read_only=True) as tx:
        found = await history.live(tx, named(request))
        rule = found.segment.rule
        warnings = await retention_notes(tx, parse(rule)) if rule is not None else []
    return SegmentPage(**fields_of(found.segment), count=found.size, warnings=warnings)


@put("/segments/{segment:str}/draft", permission="segments.write")
async def save_draft(
    runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str], data: JSONBody[NewRule]
) -> SegmentView:
    """The rule that the segment may become. A draft there was is written over; nothing is worked by it."""
    name = named(request)
    saved = await runtime.database.repeat(lambda tx: editing.save_draft(tx, name, data.rule, by=author_of(request)))
    return segment_view(saved)


@delete("/segments/{segment:str}/draft", permission="segments.write", status_code=200)
async def discard_draft(runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str]) -> SegmentView:
    """A segment that never was published goes with its draft."""
    name = named(request)
    return segment_view(await runtime.database.repeat(lambda tx: making.discard_draft(tx, name)))


@post("/segments/{segment:str}/publish", permission="segments.write", status_code=200)
async def publish(runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str]) -> SegmentView:
    """Builds the draft while the old version serves. Answers when it is live, or after ten seconds with `build`."""
    return segment_view(await making.publish(runtime.database, named(request), wait_s=WAIT_S))


@get("/segments/{segment:str}/versions", permission="segments.read")
async def versions(runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str]) -> Versions:
    async with runtime.database.transaction(read_only=True) as tx:
        return Versions([version_view(found) for found in await making.versions(tx, named(request))])


@post("/segments/{segment:str}/revert", permission="segments.write", status_code=200)
async def revert(
    runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str], data: JSONBody[OldVersion]
) -> SegmentView:
    """The rule of an old version becomes the draft."""
    name = named(request)
    reverted = await runtime.database.repeat(lambda tx: editing.revert(tx, name, data.version, by=author_of(request)))
    return segment_view(reverted)


@delete("/segments/{segment:str}", permission="segments.write", status_code=200)
async def archive(runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str]) -> SegmentView:
    """It has no members any more; its name, versions and history stay. 409 where something names it."""
    return segment_view(await making.archive(runtime.database, named(request)))


@post("/segments/{segment:str}/restore", permission="segments.write", status_code=200)
async def restore(runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str]) -> SegmentView:
    """Its last rule is built anew; a list comes back empty."""
    return segment_view(await making.restore(runtime.database, named(request), wait_s=WAIT_S))


def named(request: Anything) -> str:
    return segment_after(request, "segments")


routes = [create, list_all, show, save_draft, discard_draft, publish, versions, revert, archive, restore]
