"""The live debugger over HTTP."""

from __future__ import annotations

from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from antiphon.integrations import debugger
from antiphon.kernel.http import get
from antiphon.kernel.runtime import Runtime


@get("/debugger", permission="developer.read")
async def show(
    runtime: NamedDependency[Runtime],
    kind: FromQuery[debugger.Kind | None] = None,
    q: Annotated[str, QueryParameter(max_length=200)] = "",
    cursor: Annotated[str | None, QueryParameter(max_length=100)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> debugger.Page:
    """What came in last, newest first: calls, single events that were refused, webhooks, messages."""
    async with runtime.database.transaction(read_only=True) as tx:
        return await debugger.read(tx, kind=kind, q=q, cursor=cursor, limit=limit)


routes = [show]
