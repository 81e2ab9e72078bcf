"""why, watch and openapi: what is known, and what goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from antiphon.app.commands.answers import tell, tell_json
from antiphon.app.commands.context import current
from antiphon.app.commands.invocation import ask, within

if TYPE_CHECKING:
    from antiphon.campaigns import CampaignView
    from antiphon.kernel.db import Transaction
    from antiphon.kernel.runtime import Runtime
    from antiphon.orchestration import NotificationView, Replayed, SourceId

COLUMNS = ("id", "source", "state", "reason", "channel", "created_at", "because")
AGAIN = ("at", "same", "act", "reason", "channel", "because")
LOOK_S = 1.0
ENDED = ("done", "cancelled")


def why(profile: str, /, *, campaign: str | None = None, again: str | None = None) -> None:
    """What a person was told or not, and why; the newest first.

    Parameters
    ----------
    profile
        `kind:value`, such as `external_id:42` or `email:jo@shop.example`, or `id:number`.
    campaign
        Only of this campaign: id or name.
    again
        The id of one of these notifications: its kept decisions are made again from what they read.
    """
    if again is not None:
        replayed = ask(lambda tx: _again(tx, again))
        tell(replayed if current.get().json else [_line(each) for each in replayed], columns=AGAIN)
        return
    found = ask(lambda tx: _why(tx, profile, campaign))
    if current.get().json:
        tell(found)
        return
    tell([_row(each) for each in found], columns=COLUMNS)


async def _again(tx: Transaction, notification: str) -> list[Replayed]:
    from antiphon import orchestration
    from antiphon.kernel.digits import number_in
    from antiphon.kernel.errors import NotFound
    from antiphon.kernel.records import NotificationId

    if (number := number_in(notification)) is None:
        raise NotFound(f"There is no notification {notification}.")
    return await orchestration.replay(tx, NotificationId(number))


def _line(each: Replayed) -> dict[str, object]:
    said = each.decision
    return {
        "at": each.at,
        "same": each.same,
        **{name: said.get(name) for name in ("act", "reason", "channel", "because")},
    }


async def _why(tx: Transaction, profile: str, campaign: str | None) -> list[NotificationView]:
    from antiphon import campaigns, orchestration, profiles

    person = await profiles.find_named(tx, profile)
    source: SourceId | None = None
    if campaign is not None:
        found = await campaigns.find(tx, campaign)
        if found.source is None:
            return []
        source = found.source
    return await orchestration.why(tx, person, source=source)


def _row(view: NotificationView) -> dict[str, object]:
    return {
        "id": view.id,
        "source": view.source,
        "state": view.state,
        "reason": view.reason,
        "channel": view.channel,
        "created_at": view.created_at,
        "because": (view.decision or {}).get("because"),
    }


def watch(*, campaign: str | None = None) -> None:
    """Live numbers, until Ctrl-C or until the campaign has ended.

    With --json, one JSON document a line, one for each change.

    Parameters
    ----------
    campaign
        Id or name; all that have not ended if not given.
    """
    within(lambda runtime: _watch(runtime, campaign))


async def _watch(runtime: Runtime, wanted: str | None) -> None:
    from antiphon.app.commands.screen import shown

    with shown(is_json=current.get().json, tell=tell_json) as show:
        while True:
            async with runtime.database.transaction(read_only=True) as tx:
                topic, views = await _look(tx, wanted)
            show(views)
            if wanted is not None and views[0].state in ENDED:
                return
            await runtime.database.sleep(topic, LOOK_S)


async def _look(tx: Transaction, wanted: str | None) -> tuple[str, list[CampaignView]]:
    """What to sleep on, and what is so now."""
    from antiphon import campaigns

    if wanted is not None:
        found = await campaigns.find(tx, wanted)
        return f"source:{found.source}", [await campaigns.view(tx, found)]
    running = [each for each in await campaigns.list_all(tx) if each.state not in ENDED]
    return "counts", [await campaigns.view(tx, each) for each in running]


def openapi() -> None:
    """The OpenAPI document of the HTTP interface, as JSON. Needs no database."""
    from antiphon.app import web

    tell_json(web.openapi())
