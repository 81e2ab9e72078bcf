"""The debugger's view of what was refused, and imports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import Parameter
from msgspec import Struct

from antiphon import profiles
from antiphon.integrations import http_debugger, http_imports
from antiphon.kernel.errors import Flaw
from antiphon.kernel.http import get
from antiphon.kernel.runtime import Runtime


class RefusedEvent(Struct, frozen=True):
    """`excerpt` is the beginning of what was sent; `flaws` say where it is wrong."""

    id: str
    at: datetime
    source: str
    flaws: Sequence[Flaw]
    excerpt: str


@get("/events/refused", permission="developer.read")
async def refused_events(
    runtime: NamedDependency[Runtime], limit: Annotated[int, Parameter(ge=1, le=200)] = 50
) -> list[RefusedEvent]:
    """What was refused or looked odd, newest first."""
    async with runtime.database.transaction(read_only=True) as tx:
        found = await profiles.newest_refusals(tx, limit=limit)
    return [
        RefusedEvent(id=str(row.id), at=row.at, source=row.source, flaws=row.flaws, excerpt=row.excerpt)
        for row in found
    ]


routes = [refused_events, *http_debugger.routes, *http_imports.routes]
