"""Which channels a notification may take, and which the person would like best: pure.

For every ticked channel: does the person allow the topic there, is there an address that works and takes this, has it
been tried, is there a provider. What is left is ordered by the person's word, the operator's, the topic's, and by where
the person answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from antiphon.kernel.records import Purpose
from antiphon.orchestration.records import (
    OpenNotification,
    Option,
    PersonCase,
    Policy,
    Reach,
    Reason,
    Responses,
    Source,
)
from antiphon.profiles import Effective, Topic, effective

PRIOR_WEIGHT = 5.0
"""How many messages of a person's own it takes to count as much as what we know of everybody."""

_FOR_MANY = {"email": 0.06, "push": 0.05, "chat": 0.05, "sms": 0.045, "voice": 0.01}
_FOR_ONE = {"email": 0.30, "push": 0.20, "chat": 0.20, "sms": 0.25, "voice": 0.05}
_AT_ONCE = {"push": 0.50, "sms": 0.45, "chat": 0.30, "email": 0.20, "voice": 0.10}
PRIOR: Mapping[Purpose, Mapping[str, float]] = {
    Purpose.CODE: _AT_ONCE | {"sms": 0.60},
    Purpose.ALERT: _AT_ONCE,
    Purpose.REPLY: _FOR_ONE,
    Purpose.TRANSACTIONAL: _FOR_ONE,
    Purpose.SYSTEM: _FOR_ONE,
    Purpose.TEST: _FOR_ONE,
    Purpose.CAMPAIGN: _FOR_MANY,
}
"""Defaults per kind of message, until this person has answered: statements by e-mail, alerts on the phone. Only
their order and their distance matter; they are a starting point, not a measurement."""

CRITICAL = frozenset({Purpose.CODE, Purpose.ALERT, Purpose.SYSTEM})
"""Pass wishes, pauses, quiet hours, caps and missing consent, where their topic is critical or they have none."""


class Wish(Struct, frozen=True):
    """What the person lets us do over a channel to an address. `passed`: they refused, and it is too urgent to heed."""

    effect: Effective
    stated: bool = False
    passed: bool = False

    @property
    def reason(self) -> Reason | None:
        return self.effect.reason


class Way(Struct, frozen=True):
    """A channel that is possible: to which address, what the person said about it, and why it is taken if it is."""

    option: Option
    reach: Reach
    wish: Wish
    because: str


def topic_of(source: Source, policy: Policy) -> Topic:
    return policy.topics.get(source.topic) or Topic(source.topic)


def is_critical(source: Source, topic: Topic) -> bool:
    return source.purpose in CRITICAL and (not topic.name or topic.critical)


def wish(case: PersonCase, source: Source, policy: Policy, channel: str, address: str, *, now: datetime) -> Wish:
    topic = topic_of(source, policy)
    said = effective(case.preferences, topic, channel, now=now, address=address)
    if is_critical(source, topic):
        return Wish(Effective(None, said.why), said.is_stated, passed=said.reason is not None)
    return Wish(said, said.is_stated)


def stops(reach: Reach, source: Source) -> bool:
    """Whether the opt-out of an address holds for this. Only the answer to a STOP or HELP itself passes all: a source
    of the kind `system`, that no caller can make, whatever purpose they name."""
    if reach.opted_out == "marketing":
        return source.purpose is Purpose.CAMPAIGN
    return reach.opted_out is not None and source.kind != "system"


def options(
    case: PersonCase, notification: OpenNotification, policy: Policy, *, now: datetime
) -> tuple[tuple[Option, ...], list[Way]]:
    """Every ticked channel with why not or how likely; and those that are possible, the best first."""
    tried = {attempt.channel for attempt in notification.attempts}
    looked: list[Option] = []
    possible: list[Way] = []
    for channel in notification.source.channels:
        reason, found = _look(case, notification, policy, channel=channel, tried=tried, now=now)
        score = _score(case.responses.get(channel, Responses()), policy, channel, notification.source.purpose)
        option = Option(channel=channel, score=round(score, 4), reason=reason, failed=channel in tried)
        looked.append(option)
        if found is not None:
            reach, said = found
            possible.append(Way(option, reach, said, _because(channel, notification, policy, said)))
    possible.sort(key=lambda way: _rank(way, notification.source, policy))
    return tuple(looked), possible


def _look(
    case: PersonCase, notification: OpenNotification, policy: Policy, *, channel: str, tried: set[str], now: datetime
) -> tuple[Reason | None, tuple[Reach, Wish] | None]:
    """Why this channel is none, or the address to take; the person's own word is the reason named first."""
    source = notification.source
    usable = [reach for reach in case.reach if reach.channel == channel and not reach.dead]
    wishes = {reach: wish(case, source, policy, channel, reach.value, now=now) for reach in usable}
    if not usable:
        return "unreachable", None
    wanted = [reach for reach in usable if wishes[reach].reason is None]
    if not wanted:
        return wishes[usable[0]].reason, None
    allowed = [reach for reach in wanted if not stops(reach, source)]
    if channel in tried:
        failures = [attempt.address for attempt in notification.attempts if attempt.channel == channel]
        allowed = [reach for reach in allowed if reach.value not in failures]
        if not allowed or not _address_failed(notification, channel):
            return "unreachable", None
    if not allowed:
        return "opted_out", None
    if channel not in policy.providers:
        return "provider_down", None
    best = min(allowed, key=lambda reach: _readiness(wishes[reach]))
    return None, (best, wishes[best])


def _readiness(said: Wish) -> tuple[bool, bool, bool]:
    return said.passed, said.effect.paused_until is not None, not said.stated


def _address_failed(notification: OpenNotification, channel: str) -> bool:
    """A second address of a channel is worth a try only when the first was dead, not when the message was refused."""
    return all(a.failure == "address" for a in notification.attempts if a.channel == channel)


def _rank(way: Way, source: Source, policy: Policy) -> tuple[bool, bool, bool, bool, int, float]:
    """Where silence is worse than a double, a channel that is up goes first; then the person's word, the operator's
    shift, the topic's own order, and who answers where."""
    channel, topic = way.option.channel, topic_of(source, policy)
    down = source.failover_on == "silence" and not policy.providers[channel].up
    place = topic.channels.index(channel) if channel in topic.channels else len(topic.channels)
    return down, way.wish.passed, not way.wish.stated, channel != source.prefer, place, -(way.option.score or 0.0)


def _because(channel: str, notification: OpenNotification, policy: Policy, said: Wish) -> str:
    if said.passed:
        return f"it is urgent, so it may go by {channel} although the person does not want that"
    if said.stated:
        return f"the person wants this topic by {channel}"
    if notification.source.prefer == channel:
        return f"the rest was shifted to {channel}"
    if notification.attempts:
        last = notification.attempts[-1]
        return (
            f"{last.channel} {'was not answered in time' if last.state == 'expired' else 'failed'}; {channel} is next"
        )
    if channel in topic_of(notification.source, policy).channels:
        return f"this topic goes by {channel} as long as the person says nothing else"
    return f"the person answers {channel} the most likely"


def _score(responses: Responses, policy: Policy, channel: str, purpose: Purpose) -> float:
    """Expected share of answers: the person's own, drawn towards the default while there are few."""
    prior = policy.prior.get(channel, PRIOR[purpose].get(channel, 0.01))
    return (responses.answered + PRIOR_WEIGHT * prior) / (responses.sent + PRIOR_WEIGHT)
