"""Campaigns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal

from cyclopts import App

from antiphon.app.commands.answers import tell
from antiphon.app.commands.inputs import File, read_record
from antiphon.app.commands.invocation import ask, change

if TYPE_CHECKING:
    from antiphon.campaigns import Campaign, CampaignView
    from antiphon.kernel.db import Transaction

app = App(name="campaigns", help="Campaigns: one message to a segment, started and steered.")
COLUMNS = ("id", "name", "state", "stage", "message", "segment", "channels", "launched_at", "ended_at")


@app.command
def create(file: File, /) -> None:
    """Make a draft.

    Parameters
    ----------
    file
        JSON with name, message, segment, channels, and maybe topic, pilot, failover_on; `-` reads the standard input.
    """
    from antiphon import campaigns
    from antiphon.campaigns import NewCampaign

    new = read_record(file, NewCampaign)
    made = change(
        lambda tx: campaigns.create(
            tx,
            name=new.name,
            message=new.message,
            segment=new.segment,
            channels=new.channels,
            topic=new.topic,
            pilot_share=new.pilot.share if new.pilot else None,
            failover_on=new.failover_on,
        )
    )
    tell({"id": str(made.id), "name": made.name, "state": made.state})


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
