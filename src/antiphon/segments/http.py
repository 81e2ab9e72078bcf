"""Segments over HTTP. A segment is named by its id or its name; ids are strings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from antiphon.kernel.digits import number_in
from antiphon.kernel.errors import invalid
from antiphon.kernel.http import get
from antiphon.kernel.paths import segment_after
from antiphon.kernel.runtime import Runtime
from antiphon.segments import (
    ask,
    http_asking,
    http_fields,
    http_ladders,
    http_lists,
    http_making,
    http_presets,
    records,
)
from antiphon.segments.http_asking import aware

Anything = Request[Any, Any, Any]


class MemberView(Struct):
    profile: str
    external_id: str | None
    entered_at: datetime | None


class Members(Struct):
    """`cursor` is null on the last page."""

    members: list[MemberView]
    cursor: str | None


@get("/segments/{segment:str}/members", permission="segments.read")
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
        found = await ask.members(tx, segment_after(request, "segments"), cursor=after, limit=limit, as_of=aware(as_of))
    return Members([_member(member) for member in found], str(found[-1].profile) if len(found) == limit else None)


def _member(member: records.Member) -> MemberView:
    return MemberView(str(member.profile), member.external_id, member.entered_at)


def _after(cursor: str) -> int:
    if (after := number_in(cursor or "0")) is None:
        raise invalid("cursor", "It is not a cursor that we gave.")
    return after


_parts = (http_fields, http_asking, http_making, http_lists, http_ladders, http_presets)
routes = [members, *(route for part in _parts for route in part.routes)]
