"""A campaign's page: what happened, live; what can be done with it; who got it and who did not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from antiphon import campaigns, content, metrics, orchestration
from antiphon.app.browser import figures
from antiphon.app.browser.frame import SHOWN, Anything, back_to, check_origin, page
from antiphon.app.browser.home import COUNTED_MAX, count_members
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.http import get, post
from antiphon.kernel.runtime import Runtime

ACTS = {
    "launch": campaigns.launch,
    "pause": campaigns.pause,
    "resume": campaigns.resume,
    "cancel": campaigns.cancel,
}
POSSIBLE = {
    "draft": ("launch", "cancel"),
    "running": ("pause", "shift", "cancel"),
    "pilot_done": ("resume", "shift", "cancel"),
    "paused": ("resume", "shift", "cancel"),
}
OUTCOMES = ("open", "waiting", "sent", "delivered", "failed", "dropped", "cancelled")
PAGE = 100
HOURS_MAX = 200


@get("/campaigns/{campaign:str}", permission="staff", **SHOWN)
async def show(
    runtime: NamedDependency[Runtime], campaign: FromPath[str], done: FromQuery[str] = ""
) -> Response[bytes]:
    async with runtime.database.transaction(read_only=True) as tx:
        found = await campaigns.find(tx, campaign)
        view = await campaigns.view(tx, found)
        message = (await content.look_up(tx, str(found.message))).message
        people = (await count_members(tx, [int(found.segment)]))[found.segment]
        return page(
            "campaign.html",
            campaign=found,
            view=view,
            rows=figures.table(view.counts, found.channels, ["", *sorted(message.variants)]),
            sums=figures.sums(view.counts),
            has_cost=any(total.amount for total in view.counts),
            people=min(people, COUNTED_MAX),
            many=people > COUNTED_MAX,
            acts=POSSIBLE.get(found.state, ()),
            done=done if done in (*ACTS, "shift") else "",
            sparks=await _sparks(tx, found),
            to_come=found.state == "running" and found.starts_at is not None and found.starts_at > tx.now,
            lasts=figures.lasts,
            now=tx.now,
        )


@post("/campaigns/{campaign:str}/dry-run", permission="staff", status_code=200, **SHOWN)
async def dry_run(runtime: NamedDependency[Runtime], request: Anything, campaign: FromPath[str]) -> Response[bytes]:
    """What a launch would do now. Nothing is written, so that a reload asks again."""
    check_origin(request, runtime)
    found = await campaigns.dry_run(runtime.database, campaign)
    async with runtime.database.transaction(read_only=True) as tx:
        shown = await campaigns.find(tx, campaign)
    most = max((hour.n for hour in found.hours), default=0)
    return page(
        "dry_run.html", campaign=shown, found=found, hours=found.hours[:HOURS_MAX], most=most, lasts=figures.lasts
    )


@get("/campaigns/{campaign:str}/recent", permission="staff", **SHOWN)
async def recent(runtime: NamedDependency[Runtime], campaign: FromPath[str]) -> Response[bytes]:
    """The last hour alone: what the page fetches again while numbers move."""
    async with runtime.database.transaction(read_only=True) as tx:
        found = await campaigns.find(tx, campaign)
        return page("recent.html", sparks=await _sparks(tx, found))


async def _sparks(tx: Transaction, campaign: campaigns.Campaign) -> list[figures.Spark]:
    if campaign.source is None:
        return []
    since = tx.now - timedelta(minutes=figures.MINUTES)
    return figures.sparks(await metrics.series(tx, campaign.source, since=since), now=tx.now)


@get("/campaigns/{campaign:str}/recipients", permission="staff", **SHOWN)
async def recipients(
    runtime: NamedDependency[Runtime], campaign: FromPath[str], outcome: FromQuery[str] = "", cursor: FromQuery[int] = 0
) -> Response[bytes]:
    if outcome and outcome not in OUTCOMES:
        raise NotFound(f"There is no outcome {outcome[:40]}; there are {', '.join(OUTCOMES)}.")
    async with runtime.database.transaction(read_only=True) as tx:
        found = await campaigns.find(tx, campaign)
        rows: list[orchestration.Recipient] = []
        states: dict[str, int] = {}
        if found.source is not None:
            states = (await orchestration.tally(tx, found.source)).states
            rows = await orchestration.recipients(
                tx, found.source, outcome=outcome or None, after=max(0, cursor), limit=PAGE
            )
    following = rows[-1].profile if len(rows) == PAGE else None
    shown: dict[str, Any] = {"outcomes": OUTCOMES, "states": states, "outcome": outcome, "first": cursor == 0}
    return page("recipients.html", campaign=found, rows=rows, following=following, **shown)


@post("/campaigns/{campaign:str}/act", permission="staff", status_code=303, **SHOWN)
async def act(runtime: NamedDependency[Runtime], request: Anything, campaign: FromPath[str]) -> Response[bytes]:
    """One of launch, pause, resume, cancel, shift: in force when answered."""
    check_origin(request, runtime)
    form = await request.form()
    name, channel = str(form.get("act", "")), str(form.get("channel", ""))
    if name not in ACTS and name != "shift":
        raise NotFound(f"A campaign knows {', '.join(ACTS)} and shift.")

    async def work(tx: Transaction) -> int:
        found = await campaigns.find(tx, campaign)
        if name == "shift":
            return (await campaigns.shift(tx, found, channel=channel, share="rest")).id
        return (await ACTS[name](tx, found)).id

    return back_to(f"/campaigns/{await runtime.database.repeat(work)}?done={name}")


routes = [show, dry_run, recent, recipients, act]
