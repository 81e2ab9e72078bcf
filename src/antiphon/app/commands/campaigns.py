"""Campaigns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter, validators

from antiphon.app.commands.answers import print_line, tell
from antiphon.app.commands.context import current
from antiphon.app.commands.inputs import File, read_record
from antiphon.app.commands.invocation import ask, change, within

if TYPE_CHECKING:
    from antiphon.campaigns import Campaign, CampaignView, DryRun
    from antiphon.kernel.db import Transaction

app = App(name="campaigns", help="Campaigns: one message to a segment, started and steered.")
DRY_RUN_WITHIN_S = 120.0
Limit = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=20_000))]
COLUMNS = ("id", "name", "state", "stage", "message", "segment", "channels", "launched_at", "ended_at")


@app.command
def create(file: File, /) -> None:
    """Make a draft.

    Parameters
    ----------
    file
        JSON with name, message, segment, channels, and maybe topic, pilot, failover_on, launch_at, send_at, throttle,
        exclude, priority, budget, cost_max, follow, stop_above, recall_s, expires_in; `-` reads the standard input.
    """
    from antiphon import campaigns

    new = read_record(file, campaigns.NewCampaign)
    made = change(lambda tx: campaigns.make(tx, new))
    tell({"id": str(made.id), "name": made.name, "state": made.state})


@app.command
def edit(campaign: str, file: File, /) -> None:
    """Change a draft; of a launched one its budget, throttle and stop_above.

    Parameters
    ----------
    campaign
        Id or name.
    file
        JSON with what is to be another; what is not in it stays. `-` reads the standard input.
    """
    from antiphon import campaigns

    changes = read_record(file, campaigns.Changes)

    async def work(tx: Transaction, found: Campaign) -> Campaign:
        return await campaigns.change(tx, found, changes)

    _act(campaign, work)


@app.command
def copy(campaign: str, /, *, name: str | None = None) -> None:
    """Make a draft that says the same.

    Parameters
    ----------
    campaign
        Id or name.
    name
        Of the copy; the campaign's and (copy) if not given.
    """
    from antiphon import campaigns

    async def work(tx: Transaction) -> Campaign:
        return await campaigns.copy(tx, await campaigns.find(tx, campaign), name=name)

    made = change(work)
    tell({"id": str(made.id), "name": made.name, "state": made.state})


@app.command(name="dry-run")
def dry_run(campaign: str, /, *, limit: Limit = 20_000) -> None:
    """Who would get it, on what, when, at what cost, and who not and why. Nothing is written.

    Parameters
    ----------
    campaign
        Id or name.
    limit
        At most so many people are looked at, drawn at random.
    """
    from antiphon import campaigns

    found = within(
        lambda runtime: campaigns.dry_run(runtime.database, campaign, limit=limit, within_s=DRY_RUN_WITHIN_S)
    )
    if current.get().json:
        tell(found)
    else:
        _tell_dry_run(found)


def _tell_dry_run(found: DryRun) -> None:
    of = "all" if found.exact else f"a sample of {found.looked_at:,}; shares are right to within {found.margin:.1%}"
    print_line(f"{found.campaign}: {found.told:,} of {found.people:,} people would get it (looked at {of}).")
    print_line(f"It would cost {found.cost:,.2f}" + (f" of {found.budget:,.2f}." if found.budget is not None else "."))
    begin, asked = f"{found.starts_at:%Y-%m-%d %H:%M} UTC", f"{found.at:%Y-%m-%d %H:%M} UTC"
    print_line(f"Decided for its start, {begin}, as things stood at {asked}.")
    if found.pilot is not None:
        print_line(f"About {found.pilot:,} of them are in the pilot.")
    if found.minutes is not None:
        print_line(f"At its pace it lasts {found.minutes:,.0f} minutes.")
    for title, parts in (("now", found.channels), ("later", found.later), ("not", found.not_told)):
        for part in parts:
            example = part.examples[0] if part.examples else None
            said = f"  such as {example.person}: {example.because}" if example else ""
            print_line(f"{title:<6}{part.name:<16}{part.n:>12,}{said}")


@app.command(name="list")
def list_all() -> None:
    """The campaigns there are, without their numbers."""
    from antiphon import campaigns

    async def read(tx: Transaction) -> list[CampaignView]:
        return [await campaigns.view(tx, campaign, counted=False) for campaign in await campaigns.list_all(tx)]

    tell(ask(read), columns=COLUMNS)


@app.command
def show(campaign: str, /) -> None:
    """A campaign and its numbers.

    Parameters
    ----------
    campaign
        Id or name.
    """
    from antiphon import campaigns

    async def read(tx: Transaction) -> CampaignView:
        return await campaigns.view(tx, await campaigns.find(tx, campaign))

    tell(ask(read))


@app.command
def launch(campaign: str, /) -> None:
    """Start a draft: its pilot first, if it has one.

    Parameters
    ----------
    campaign
        Id or name.
    """
    from antiphon import campaigns

    _act(campaign, campaigns.launch)


@app.command
def pause(campaign: str, /) -> None:
    """Hold it: whatever has not left when this returns stays.

    Parameters
    ----------
    campaign
        Id or name.
    """
    from antiphon import campaigns

    _act(campaign, campaigns.pause)


@app.command
def resume(campaign: str, /) -> None:
    """Go on after a pause, or with the rest after a pilot.

    Parameters
    ----------
    campaign
        Id or name.
    """
    from antiphon import campaigns

    _act(campaign, campaigns.resume)


@app.command
def cancel(campaign: str, /) -> None:
    """End it for good: whatever has not left stays.

    Parameters
    ----------
    campaign
        Id or name.
    """
    from antiphon import campaigns

    _act(campaign, campaigns.cancel)


@app.command
def shift(campaign: str, /, *, channel: str, share: Literal["rest"] = "rest") -> None:
    """The rest takes this channel, but who stated a channel for the topic keeps it.

    Parameters
    ----------
    campaign
        Id or name.
    channel
        One of the campaign's.
    share
        Everybody who has no notification of this campaign yet.
    """
    from antiphon import campaigns

    async def work(tx: Transaction, found: Campaign) -> Campaign:
        return await campaigns.shift(tx, found, channel=channel, share=share)

    _act(campaign, work)


def _act(campaign: str, act: Callable[[Transaction, Campaign], Awaitable[Campaign]]) -> None:
    from antiphon import campaigns

    async def work(tx: Transaction) -> CampaignView:
        return await campaigns.view(tx, await act(tx, await campaigns.find(tx, campaign)))

    tell(change(work))
