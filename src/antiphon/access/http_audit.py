"""The audit log over HTTP: pages for the screen, the whole as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from antiphon.access import audit, store_audit
from antiphon.access.records import AuditAsked, AuditLine
from antiphon.kernel import csv_cells
from antiphon.kernel.digits import number_in
from antiphon.kernel.errors import invalid
from antiphon.kernel.http import get
from antiphon.kernel.runtime import Runtime

LINES_MAX = 500
COLUMNS = ("at", "actor_kind", "actor_id", "actor", "act", "target", "detail", "address", "status", "session", "id")

From = Annotated[datetime | None, QueryParameter(name="from")]
Until = Annotated[datetime | None, QueryParameter(name="to")]
Limit = Annotated[int, QueryParameter(ge=1, le=LINES_MAX)]


class AuditLines(Struct):
    """The newest first. `cursor` is null on the last page."""

    lines: list[AuditLine]
    cursor: str | None


@get("/audit", permission="audit.read")
async def list_lines(
    runtime: NamedDependency[Runtime],
    actor: FromQuery[str] = "",
    act: FromQuery[str] = "",
    since: From = None,
    until: Until = None,
    cursor: FromQuery[str] = "",
    limit: Limit = 100,
) -> AuditLines:
    """Who changed what. `actor` is `staff:12`, `key:3` or a kind alone; `act` is `campaigns.launch` or `campaigns`."""
    asked = _asked(actor, act, since, until)
    async with runtime.database.transaction(read_only=True) as tx:
        found = list(await store_audit.page(tx, asked, before=_before(cursor), limit=limit + 1))
    shown = found[:limit]
    return AuditLines(shown, shown[-1].id if len(found) > limit else None)


@get("/audit/export", permission="audit.read", media_type="text/csv")
async def export(
    runtime: NamedDependency[Runtime],
    actor: FromQuery[str] = "",
    act: FromQuery[str] = "",
    since: From = None,
    until: Until = None,
    form: Annotated[Literal["csv", "jsonl"], QueryParameter(name="format")] = "csv",
) -> Stream:
    """All of it as a file, the newest first: CSV, or a JSON document a line."""
    pages = audit.read(runtime.database, _asked(actor, act, since, until))
    name = f"audit.{form}"
    return Stream(
        _csv(pages) if form == "csv" else _json_lines(pages),
        media_type="text/csv" if form == "csv" else "application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _csv(pages: AsyncIterator[list[AuditLine]]) -> AsyncIterator[str]:
    yield csv_cells.lines([COLUMNS])
    async for lines in pages:
        yield csv_cells.lines([[_cell(getattr(line, column)) for column in COLUMNS] for line in lines])


async def _json_lines(pages: AsyncIterator[list[AuditLine]]) -> AsyncIterator[bytes]:
    async for lines in pages:
        yield b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode().strip('"')


def _asked(actor: str, act: str, since: datetime | None, until: datetime | None) -> AuditAsked:
    kind, _, number = actor.partition(":")
    if actor and (kind not in ("staff", "key", "command", "nobody") or number_in(number or "0") is None):
        raise invalid("actor", "An actor is staff, key, command or nobody, or one of them such as staff:12 or key:3.")
    for name, at in (("from", since), ("to", until)):
        if at is not None and at.tzinfo is None:
            raise invalid(name, "A time needs its zone, such as 2026-01-31T12:00:00Z.")
    return AuditAsked(kind or None, int(number) if number else None, audit.clean(act) or None, since, until)


def _before(cursor: str) -> int | None:
    if (before := number_in(cursor)) is None and cursor:
        raise invalid("cursor", "It is not a cursor that we gave.")
    return before


routes = [list_lines, export]
