"""The first screen over HTTP, in one request."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from antiphon.campaigns import overview
from antiphon.kernel.http import get
from antiphon.kernel.runtime import Runtime


@get("/overview", permission="campaigns.read")
async def show(
    runtime: NamedDependency[Runtime],
    step: FromQuery[Literal["hour", "day"]] = "hour",
    begin: Annotated[datetime | None, QueryParameter(name="from")] = None,
    end: Annotated[datetime | None, QueryParameter(name="to")] = None,
) -> overview.Overview:
    """Key numbers with their history by channel, what is going out now, what needs attention."""
    async with runtime.database.transaction(read_only=True) as tx:
        return await overview.overview(tx, begin=begin, end=end, step=step)


routes = [show]
