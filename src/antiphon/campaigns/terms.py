"""What orchestration is told of a campaign: its source, with names resolved to what they mean now."""

from __future__ import annotations

from typing import Any

from antiphon import content, orchestration, segments
from antiphon.campaigns import store
from antiphon.campaigns.records import Campaign
from antiphon.kernel import gsm7, settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, NotFound
from antiphon.kernel.records import Channel, Purpose, SourceId


async def make_source(tx: Transaction, campaign: Campaign) -> SourceId:
    """Raises Conflict where the message names a segment that is gone, or what it follows was not launched."""
    return await orchestration.make_source(tx, **(await _asked(tx, campaign)))


async def draft_source(tx: Transaction, campaign: Campaign) -> orchestration.Source:
    """The same, not stored."""
    return orchestration.Source(id=SourceId(0), state="running", **(await _asked(tx, campaign, strict=False)))


async def _asked(tx: Transaction, campaign: Campaign, *, strict: bool = True) -> dict[str, Any]:
    """What `make_source` and `Source` have in common, by name."""
    stored = await content.find(tx, str(campaign.message))
    return {
        "kind": "campaign",
        "name": campaign.name,
        "message": stored.id,
        "version": stored.version,
        "topic": campaign.topic,
        "purpose": stored.message.purpose or Purpose.CAMPAIGN,
        "channels": campaign.channels,
        "failover_on": campaign.failover_on,
        "terms": await _terms(tx, campaign, stored.message, strict=strict),
    }


async def _terms(tx: Transaction, campaign: Campaign, message: content.Message, *, strict: bool) -> orchestration.Terms:
    plan, eligible = campaign.plan, message.eligible
    inside = [await _group(tx, name) for name in eligible.in_] if eligible else []
    outside = [await _group(tx, name) for name in eligible.not_in] if eligible else []
    better = eligible.better_than if eligible else None
    return orchestration.Terms(
        priority=plan.priority,
        inside=tuple(inside),
        outside=(*plan.exclude, *outside),
        better_than=orchestration.BetterThan(better.trait, better.value) if better else None,
        follow=await _follow(tx, campaign, strict=strict),
        send_at=plan.send_at,
        give_up_s=plan.expires_in_s,
        cost_max=plan.cost_max,
        budget=plan.budget,
        explore=(await settings.read(tx)).exploration,
        units=_units(message, campaign),
    )


async def _group(tx: Transaction, name: str) -> orchestration.Group:
    try:
        segment = await segments.get(tx, name)
    except NotFound as error:
        raise Conflict(f"The message says who it is for: {error}") from error
    return orchestration.Group(segment.id, segment.name)


async def _follow(tx: Transaction, campaign: Campaign, *, strict: bool) -> orchestration.Follow | None:
    wanted = campaign.plan.follow
    if wanted is None:
        return None
    followed = await store.find(tx, str(wanted.campaign))
    if followed is None or followed.source is None:
        if strict:
            raise Conflict(f"It follows {wanted.name}, which was not launched: launch that one first.")
        return None  # a dry run before that: nobody has seen anything of it
    return orchestration.Follow(followed.source, followed.name, wanted.unless)


def _units(message: content.Message, campaign: Campaign) -> dict[str, int]:
    """How many parts a text message has before names are put in: about what it costs."""
    if Channel.SMS not in campaign.channels:
        return {}
    texts = [forms.sms.text for forms in message.locales.values() if forms.sms is not None]
    return {Channel.SMS.value: max((gsm7.segments(text) for text in texts), default=1)}
