"""What the live page of a campaign asks for, and what can be taken back from it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from antiphon import orchestration
from antiphon.campaigns import page, preview, shifting, steer
from antiphon.campaigns.preview import ShiftPreview
from antiphon.campaigns.view import CampaignView, view
from antiphon.kernel.db import Transaction
from antiphon.kernel.digits import number_in
from antiphon.kernel.errors import invalid
from antiphon.kernel.http import get, post, principal_of
from antiphon.kernel.runtime import Runtime


class ShiftAsked(Struct, forbid_unknown_fields=True):
    channel: str
    share: str = "rest"


class Failovers(Struct):
    """The newest first."""

    failovers: list[orchestration.Failover]
    cursor: str | None


@get("/campaigns/{campaign:str}/figures", permission="campaigns.read")
async def figures(runtime: NamedDependency[Runtime], campaign: FromPath[str]) -> page.Figures:
    """Rows by channel and variant with rates, how far it is, how near its limits: from counters, at any size."""
    async with runtime.database.transaction(read_only=True) as tx:
        return await page.page_of(tx, await steer.find(tx, campaign))


@get("/campaigns/{campaign:str}/series", permission="campaigns.read")
async def series(
    runtime: NamedDependency[Runtime],
    campaign: FromPath[str],
    step: FromQuery[Literal["minute", "hour"]] = "minute",
    begin: Annotated[datetime | None, QueryParameter(name="from")] = None,
    end: Annotated[datetime | None, QueryParameter(name="to")] = None,
) -> page.Series:
    """What happened when, by channel, variant and kind."""
    async with runtime.database.transaction(read_only=True) as tx:
        found = await steer.find(tx, campaign)
        return await page.series_of(tx, found, step=step, begin=begin, end=end)


@get("/campaigns/{campaign:str}/timeline", permission="campaigns.read")
async def timeline(
    runtime: NamedDependency[Runtime],
    campaign: FromPath[str],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = 50,
) -> page.Timeline:
    """What was done with it and what it did by itself, the newest first."""
    async with runtime.database.transaction(read_only=True) as tx:
        found = await steer.find(tx, campaign)
        return await page.timeline_of(tx, found, before=_number(cursor), limit=limit)


@get("/campaigns/{campaign:str}/failovers", permission="campaigns.read")
async def failovers(
    runtime: NamedDependency[Runtime],
    request: Request[Any, Any, Any],
    campaign: FromPath[str],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = 50,
) -> Failovers:
    """Who was told another way after one had failed, on what evidence, and what became of it. Addresses want
    people.read."""
    addresses = "people.read" in principal_of(request).may
    limit, before = max(1, min(limit, 200)), _number(cursor)
    async with runtime.database.transaction(read_only=True) as tx:
        found = await steer.find(tx, campaign)
        rows = []
        if found.source is not None:
            rows = await orchestration.failovers(tx, found.source, addresses=addresses, before=before, limit=limit)
    return Failovers(rows, rows[-1].id if len(rows) == limit else None)


def _number(cursor: str) -> int | None:
    if not cursor:
        return None
    if (number := number_in(cursor)) is None:
        raise invalid("cursor", "It is none of ours: take it from the page before.")
    return number


@post("/campaigns/{campaign:str}/shift/preview", permission="campaigns.read", status_code=200)
async def preview_shift(
    runtime: NamedDependency[Runtime], campaign: FromPath[str], data: JSONBody[ShiftAsked]
) -> ShiftPreview:
    """Who of the rest would take which channel, what it costs, what to expect by how the channels did. Nothing is
    written."""
    return await preview.preview_shift(runtime.database, campaign, channel=data.channel, share=data.share)


@post("/campaigns/{campaign:str}/undo-shift", permission="campaigns.launch", status_code=200)
async def undo_shift(runtime: NamedDependency[Runtime], campaign: FromPath[str]) -> CampaignView:
    """Within the `undo_s` of the shift: as if it had not been."""

    async def work(tx: Transaction) -> CampaignView:
        return await view(tx, await shifting.undo_shift(tx, await steer.find(tx, campaign)))

    return await runtime.database.repeat(work)


@post("/campaigns/{campaign:str}/recall", permission="campaigns.launch", status_code=200)
async def recall(runtime: NamedDependency[Runtime], campaign: FromPath[str]) -> CampaignView:
    """While nobody was decided: a draft again, as if it had not been launched."""

    async def work(tx: Transaction) -> CampaignView:
        return await view(tx, await shifting.recall(tx, await steer.find(tx, campaign)))

    return await runtime.database.repeat(work)


routes = [figures, series, timeline, failovers, preview_shift, undo_shift, recall]
