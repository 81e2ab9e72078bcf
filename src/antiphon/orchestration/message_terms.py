"""What a message itself asks for, with the names of segments resolved to what they mean now."""

from __future__ import annotations

from collections.abc import Collection

from antiphon import content, segments
from antiphon.kernel import gsm7, settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, NotFound
from antiphon.kernel.records import Channel
from antiphon.orchestration.terms import BetterThan, Group, Terms


async def terms_of(tx: Transaction, message: content.Message, channels: Collection[str]) -> Terms:
    """For whom it is, and about how many parts it has. Raises Conflict where it names a segment or a brand that is gone
    (UnknownBrand)."""
    (await settings.read(tx)).as_brand(message.brand)
    eligible = message.eligible
    better = eligible.better_than if eligible else None
    return Terms(
        inside=tuple([await _group(tx, name) for name in eligible.in_]) if eligible else (),
        outside=tuple([await _group(tx, name) for name in eligible.not_in]) if eligible else (),
        better_than=BetterThan(better.trait, better.value) if better else None,
        units=_units(message) if Channel.SMS in channels else {},
    )


async def _group(tx: Transaction, name: str) -> Group:
    try:
        segment = await segments.get(tx, name)
    except NotFound as error:
        raise Conflict("The message says who it is for: {why}", why=error) from error
    return Group(segment.id, segment.name)


def _units(message: content.Message) -> dict[str, int]:
    """How many parts a text message has before names are put in: about what it costs."""
    texts = [forms.sms.text for forms in message.locales.values() if forms.sms is not None]
    return {Channel.SMS.value: max((gsm7.segments(text) for text in texts), default=1)}
