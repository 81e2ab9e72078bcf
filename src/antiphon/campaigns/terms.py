"""What orchestration is told of a campaign: its source, with names resolved to what they mean now."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from antiphon import content, orchestration
from antiphon.campaigns import store
from antiphon.campaigns.records import Campaign
from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict
from antiphon.kernel.records import Purpose, SourceId


async def make_source(tx: Transaction, campaign: Campaign) -> SourceId:
    """Raises Conflict where the message names a segment that is gone, or what it follows was not launched."""
    return await orchestration.make_source(tx, **(await _asked(tx, campaign)))


async def draft_source(tx: Transaction, campaign: Campaign) -> orchestration.Source:
    """The same, not stored."""
    return orchestration.Source(id=SourceId(0), state="running", **(await _asked(tx, campaign, strict=False)))


async def said_by(tx: Transaction, campaign: Campaign) -> content.Stored:
    """What it says: the version that it was launched with; before that the newest. Raises Conflict for one that cannot
    be begun to be sent."""
    if campaign.source is not None:
        return await orchestration.said_by(tx, campaign.source)
    return await content.find(tx, str(campaign.message))


async def _asked(tx: Transaction, campaign: Campaign, *, strict: bool = True) -> dict[str, Any]:
    """What `make_source` and `Source` have in common, by name."""
    stored = await said_by(tx, campaign)
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
    """What the message says of itself, and what the campaign asks for."""
    plan = campaign.plan
    own = await orchestration.terms_of(tx, message, campaign.channels)
    return replace(
        own,
        priority=plan.priority,
        outside=(*plan.exclude, *own.outside),
        follow=await _follow(tx, campaign, strict=strict),
        send_at=plan.send_at,
        give_up_s=plan.expires_in_s,
        cost_max=plan.cost_max,
        budget=plan.budget,
        explore=(await settings.read(tx)).exploration,
    )


async def _follow(tx: Transaction, campaign: Campaign, *, strict: bool) -> orchestration.Follow | None:
    wanted = campaign.plan.follow
    if wanted is None:
        return None
    followed = await store.find(tx, str(wanted.campaign))
    if followed is None or followed.source is None:
        if strict:
            raise Conflict("It follows {name}, which was not launched: launch that one first.", name=wanted.name)
        return None  # a dry run before that: nobody has seen anything of it
    return orchestration.Follow(followed.source, followed.name, wanted.unless)
