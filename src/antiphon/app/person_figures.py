"""Figures of one person: how likely they answer where, what they did how often, whether it is quiet where they live."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from antiphon import metrics, profiles
from antiphon.app.person_views import (
    AddressView,
    BestChannel,
    ChannelFigure,
    EventCount,
    Lifecycle,
    Quiet,
    QuietChannel,
)
from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId, Purpose
from antiphon.kernel.said import worded
from antiphon.metrics import Counts, Population
from antiphon.orchestration.policy import read_policy
from antiphon.orchestration.quiet import quiet_somewhere
from antiphon.orchestration.records import Reach
from antiphon.orchestration.store.whereabouts import NOWHERE, whereabouts
from antiphon.profiles import story

ENOUGH = 5
"""From so many messages of a kind on a channel on, what is told is about the person and not about everybody."""

_PURPOSES = {
    "campaign": Purpose.CAMPAIGN,
    "transactional": Purpose.TRANSACTIONAL,
    "urgent": Purpose.ALERT,
    "code": Purpose.CODE,
}
_CHANNELS = ("email", "sms", "push", "voice", "chat")


async def best_channels(tx: Transaction, id: ProfileId, addresses: list[AddressView]) -> list[BestChannel]:
    """By kind of message. Channels that they never had and can not be reached on are left out."""
    counts = (await metrics.predict(tx, [id]))[id]
    everybody = await metrics.population(tx)
    usable = {one.channel for one in addresses if one.state != "dead" and one.opt_out is None}
    return [_best(kind, purpose, counts, everybody, usable) for kind, purpose in _PURPOSES.items()]


def _best(
    kind: str, purpose: Purpose, counts: Mapping[str, Counts], everybody: Population, usable: set[str]
) -> BestChannel:
    had = {channel for channel in _CHANNELS if metrics.key_of(channel, purpose) in counts}
    figures = [
        _figure(channel, purpose, counts, everybody, is_usable=channel in usable)
        for channel in _CHANNELS
        if channel in usable | had
    ]
    figures.sort(key=lambda one: (not one.is_usable, -one.mean))
    best = figures[0] if figures and figures[0].is_usable else None
    return BestChannel(kind, best.channel if best else None, best is not None and best.sent >= ENOUGH, figures)


def _figure(
    channel: str, purpose: Purpose, counts: Mapping[str, Counts], everybody: Population, *, is_usable: bool
) -> ChannelFigure:
    likely = metrics.interval(metrics.response(counts, everybody, channel, purpose))
    own = counts.get(metrics.key_of(channel, purpose), Counts(0, 0))
    assert likely.low is not None
    assert likely.high is not None
    mean, low, high = (round(number, 4) for number in (likely.mean, likely.low, likely.high))
    return ChannelFigure(channel, mean, low, high, own.sent, own.answered, is_usable)


async def lifecycle(tx: Transaction, id: ProfileId, created_at: datetime, seen_at: datetime | None) -> Lifecycle:
    found, is_whole = await story.sums(tx, id)
    counts = [EventCount(one.name, one.count, one.first_at, one.last_at) for one in found]
    first = min([created_at, *(one.first_at for one in found)])
    return Lifecycle(first, seen_at, max((one.last_at for one in found), default=None), counts, is_whole)


async def quiet(tx: Transaction, id: ProfileId, profile: profiles.Profile) -> Quiet:
    """Of campaigns: nothing else waits for the morning."""
    policy = await read_policy(tx)
    reach = [Reach(one.channel, one.value) for one in profile.addresses]
    where = (await whereabouts(tx, [id], {id: reach})).get(id, NOWHERE)
    zones = list(where.zones) or [(await settings.read(tx)).timezone]
    channels = []
    for channel in sorted({one.channel for one in profile.addresses}):
        found = quiet_somewhere(where.zones, where.regions, channel, Purpose.CAMPAIGN, policy, tx.now, own=where.quiet)
        until, because = found or (None, "")
        channels.append(QuietChannel(channel, until, worded(because)))
    times = [f"{tx.now.astimezone(ZoneInfo(zone)):%H:%M}" for zone in zones]
    own = "–".join(where.quiet) if where.quiet else None
    return Quiet(zones, bool(where.zones), times, own, channels)
