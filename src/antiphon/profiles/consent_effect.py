"""What follows for one topic on one channel from what stands: pure. The decision and the pages ask the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from antiphon.profiles.consent_fold import EVERY, RESUMED, Standing
from antiphon.profiles.consent_records import Effective, Reason, Topic, Why


def effective(
    preferences: Iterable[Standing], topic: Topic, channel: str, *, now: datetime, address: str = ""
) -> Effective:
    """Whether the person lets us send this topic over this channel to this address.

    The narrowest wish decides: topic and channel before the topic alone, before the channel alone, before everything;
    what was said for this address goes before what was said for any. Where nobody spoke: once the topic has a channel
    that is wanted, its other channels are not used; else the topic's default; else it is wanted. What needs consent
    is sent only with it, whatever else is wanted. A message without a topic is `Topic("")`: only `*` is about it.
    """
    standing = [row for row in preferences if row.topic in (topic.name, EVERY)]
    here = sorted((row for row in standing if row.covers(topic.name, channel, address)), key=_breadth)
    wishes = [row for row in here if row.state is not None and not row.is_over(now)]
    reason, why = _wish(wishes, standing, topic, channel, now)
    return Effective(
        reason="no_consent" if reason is None and not _has_consent(wishes, topic) else reason,
        why=why,
        by=wishes[0] if why == "stated" else None,
        paused_until=_paused_until(here, now),
        limits=tuple(row for row in here if row.limit_count is not None),
    )


def _breadth(row: Standing) -> tuple[bool, bool, bool]:
    return row.topic == EVERY, row.channel == EVERY, row.address == ""


def _wish(
    wishes: Sequence[Standing], standing: Iterable[Standing], topic: Topic, channel: str, now: datetime
) -> tuple[Reason | None, Why]:
    if wishes:
        return ("unwanted" if wishes[0].state == "unwanted" else None), "stated"
    if any(row.state == "wanted" and row.topic != EVERY and not row.is_over(now) for row in standing):
        return "unwanted", "other_channel"
    if topic.state == "unwanted" or (topic.channels and channel not in topic.channels):
        return "unwanted" if topic.needs == "nothing" else "no_consent", "topic"
    return None, "company" if topic == Topic(topic.name) else "topic"


def _has_consent(wishes: Iterable[Standing], topic: Topic) -> bool:
    """From the narrowest wish outwards, up to a withdrawal: an older, broader yes does not outlive it."""
    if topic.needs == "nothing":
        return True
    for row in wishes:
        if row.state == "unwanted":
            return False
        if row.basis == "consent" and (row.confirmed or topic.needs == "consent"):
            return True
    return False


def _paused_until(here: Iterable[Standing], now: datetime) -> datetime | None:
    """The latest of all pauses that hold here, up to where the person made an exception."""
    found = now
    for row in here:
        if row.paused_until == RESUMED:
            break
        if row.paused_until is not None:
            found = max(found, row.paused_until)
    return found if found > now else None
