"""Campaigns over HTTP."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon.campaigns import http_list, http_live, http_overview, rehearsal, shifting, steer
from antiphon.campaigns.asked import Changes, NewCampaign
from antiphon.campaigns.rehearsal import DryRun
from antiphon.campaigns.view import CampaignView, view
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.http import get, patch, post
from antiphon.kernel.runtime import Runtime


class Shift(Struct, forbid_unknown_fields=True):
    """`undo_s`: for so long nobody more is decided, and `undo-shift` takes it back."""

    channel: str
    share: str = "rest"
    undo_s: float = 0.0


class Copy(Struct, forbid_unknown_fields=True):
    """`name`: that of the campaign and (copy) if not given."""

    name: str | None = None


class Limit(Struct, forbid_unknown_fields=True):
    """At most so many people are looked at."""

    limit: int = rehearsal.SAMPLE_MAX


@post("/campaigns", permission="campaigns.write")
async def create(runtime: NamedDependency[Runtime], data: JSONBody[NewCampaign]) -> CampaignView:
    async with runtime.database.transaction() as tx:
        return await view(tx, await steer.make(tx, data))


@get("/campaigns/{campaign:str}", permission="campaigns.read")
async def show(runtime: NamedDependency[Runtime], campaign: FromPath[str]) -> CampaignView:
    async with runtime.database.transaction(read_only=True) as tx:
        return await view(tx, await steer.find(tx, campaign))


@patch("/campaigns/{campaign:str}", permission="campaigns.write")
async def change(runtime: NamedDependency[Runtime], campaign: FromPath[str], data: JSONBody[Changes]) -> CampaignView:
    """What is not named stays. Of a draft everything; of a launched one `budget`, `throttle` and `stop_above`."""

    async def work(tx: Transaction) -> CampaignView:
        return await view(tx, await steer.change(tx, await steer.find(tx, campaign), data))

    return await runtime.database.repeat(work)


@post("/campaigns/{campaign:str}/shift", permission="campaigns.launch", status_code=200)
async def shift(runtime: NamedDependency[Runtime], campaign: FromPath[str], data: JSONBody[Shift]) -> CampaignView:
    async def work(tx: Transaction) -> CampaignView:
        found = await steer.find(tx, campaign)
        return await view(
            tx, await shifting.shift(tx, found, channel=data.channel, share=data.share, undo_s=data.undo_s)
        )

    return await runtime.database.repeat(work)


@post("/campaigns/{campaign:str}/copy", permission="campaigns.write")
async def copy(runtime: NamedDependency[Runtime], campaign: FromPath[str], data: JSONBody[Copy]) -> CampaignView:
    """A draft that says the same."""

    async def work(tx: Transaction) -> CampaignView:
        return await view(tx, await steer.copy(tx, await steer.find(tx, campaign), name=data.name))

    return await runtime.database.repeat(work)


@post("/campaigns/{campaign:str}/dry-run", permission="campaigns.read", status_code=200)
async def dry_run(runtime: NamedDependency[Runtime], campaign: FromPath[str], data: JSONBody[Limit]) -> DryRun:
    """Who would get it, on what, when, at what cost, and who not and why. Nothing is written."""
    return await rehearsal.dry_run(runtime.database, campaign, limit=data.limit)


ACTS = {"launch": steer.launch, "pause": steer.pause, "resume": steer.resume, "cancel": steer.cancel}


@post("/campaigns/{campaign:str}/{act:str}", permission="campaigns.launch", status_code=200)
async def act(runtime: NamedDependency[Runtime], campaign: FromPath[str], act: FromPath[str]) -> CampaignView:
    """`launch`, `pause`, `resume` or `cancel`."""
    if act not in ACTS:
        raise NotFound(
            "A campaign knows {known}, copy, dry-run, recall, shift and undo-shift, not {act}.",
            known=", ".join(ACTS),
            act=act,
        )

    async def work(tx: Transaction) -> CampaignView:
        return await view(tx, await ACTS[act](tx, await steer.find(tx, campaign)))

    return await runtime.database.repeat(work)


routes = [create, show, change, shift, copy, dry_run, act, *http_list.routes, *http_live.routes, *http_overview.routes]
