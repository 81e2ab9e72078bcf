"""Campaigns over HTTP."""

from __future__ import annotations

from datetime import datetime

from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from antiphon import content, metrics, orchestration, segments
from antiphon.campaigns import steer, store
from antiphon.campaigns.records import Campaign
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.http import get, post
from antiphon.kernel.records import FailoverOn
from antiphon.kernel.runtime import Runtime


class Pilot(Struct, forbid_unknown_fields=True):
    share: float


class NewCampaign(Struct, forbid_unknown_fields=True):
    """`message` and `segment` by id or name. `topic`: the message's unless given."""

    name: str
    message: str
    segment: str
    channels: list[str]
    topic: str | None = None
    pilot: Pilot | None = None
    failover_on: FailoverOn = "definite"


class Shift(Struct, forbid_unknown_fields=True):
    channel: str
    share: str = "rest"


class CountView(Struct):
    """`amount` is money: what the messages cost."""

    channel: str
    variant: str
    kind: str
    n: int
    amount: float


class CampaignView(Struct):
    """`counts`: what happened so far, by channel and variant. `notifications`: people by state; `reasons`: why not.

    `doubles`: people to whom more than one attempt is known to have arrived.
    """

    id: str
    name: str
    state: str
    stage: str
    message: str
    segment: str
    channels: list[str]
    topic: str
    failover_on: FailoverOn
    pilot: Pilot | None
    created_at: datetime
    launched_at: datetime | None
    ended_at: datetime | None
    prefer: str | None = None
    counts: list[CountView] = []
    notifications: dict[str, int] = {}
    reasons: dict[str, int] = {}
    doubles: int = 0


class Recipients(Struct):
    recipients: list[orchestration.Recipient]
    cursor: str | None


@post("/campaigns", permission="admin")
async def create(runtime: NamedDependency[Runtime], data: JSONBody[NewCampaign]) -> CampaignView:
    async with runtime.database.transaction() as tx:
        campaign = await steer.create(
            tx,
            name=data.name,
            message=data.message,
            segment=data.segment,
            channels=data.channels,
            topic=data.topic,
            pilot_share=data.pilot.share if data.pilot else None,
            failover_on=data.failover_on,
        )
        return await view(tx, campaign)


@get("/campaigns", permission="read")
async def list_all(runtime: NamedDependency[Runtime]) -> list[CampaignView]:
    async with runtime.database.transaction(read_only=True) as tx:
        return [await view(tx, campaign, counted=False) for campaign in await store.list_all(tx)]


@get("/campaigns/{campaign:str}", permission="read")
async def show(runtime: NamedDependency[Runtime], campaign: FromPath[str]) -> CampaignView:
    async with runtime.database.transaction(read_only=True) as tx:
        return await view(tx, await steer.find(tx, campaign))


@get("/campaigns/{campaign:str}/recipients", permission="read")
async def recipients(
    runtime: NamedDependency[Runtime],
    campaign: FromPath[str],
    outcome: FromQuery[str | None] = None,
    cursor: FromQuery[int] = 0,
    limit: FromQuery[int] = 100,
) -> Recipients:
    async with runtime.database.transaction(read_only=True) as tx:
        found = await steer.find(tx, campaign)
        limit = max(1, min(limit, 1_000))
        rows = []
        if found.source is not None:
            rows = await orchestration.recipients(tx, found.source, outcome=outcome, after=cursor, limit=limit)
    return Recipients(rows, rows[-1].profile if len(rows) == limit else None)


@post("/campaigns/{campaign:str}/shift", permission="admin", status_code=200)
async def shift(runtime: NamedDependency[Runtime], campaign: FromPath[str], data: JSONBody[Shift]) -> CampaignView:
    async def work(tx: Transaction) -> CampaignView:
        found = await steer.find(tx, campaign)
        return await view(tx, await steer.shift(tx, found, channel=data.channel, share=data.share))

    return await runtime.database.repeat(work)


ACTS = {"launch": steer.launch, "pause": steer.pause, "resume": steer.resume, "cancel": steer.cancel}


@post("/campaigns/{campaign:str}/{act:str}", permission="admin", status_code=200)
async def act(runtime: NamedDependency[Runtime], campaign: FromPath[str], act: FromPath[str]) -> CampaignView:
    """`launch`, `pause`, `resume` or `cancel`."""
    if act not in ACTS:
        raise NotFound(f"A campaign knows {', '.join(ACTS)} and shift, not {act}.")

    async def work(tx: Transaction) -> CampaignView:
        return await view(tx, await ACTS[act](tx, await steer.find(tx, campaign)))

    return await runtime.database.repeat(work)


async def view(tx: Transaction, campaign: Campaign, *, counted: bool = True) -> CampaignView:
    """With `counted`, the numbers too."""
    message = await content.find(tx, str(campaign.message))
    segment = await segments.get(tx, str(campaign.segment))
    shown = CampaignView(
        id=str(campaign.id),
        name=campaign.name,
        state=campaign.state,
        stage=campaign.stage,
        message=message.name,
        segment=segment.name,
        channels=list(campaign.channels),
        topic=campaign.topic,
        failover_on=campaign.failover_on,
        pilot=None if campaign.pilot_share is None else Pilot(campaign.pilot_share),
        created_at=campaign.created_at,
        launched_at=campaign.launched_at,
        ended_at=campaign.ended_at,
    )
    if counted and campaign.source is not None:
        totals = await metrics.totals(tx, [campaign.source])
        shown.counts = [CountView(total.channel, total.variant, total.kind, total.n, total.amount) for total in totals]
        tally = await orchestration.tally(tx, campaign.source)
        shown.notifications, shown.reasons, shown.doubles = tally.states, tally.reasons, tally.doubles
        shown.prefer = tally.prefer
    return shown


routes = [create, list_all, show, recipients, shift, act]
