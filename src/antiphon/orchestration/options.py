"""Which ways a notification may take, and which the person would like best: pure.

For every ticked channel: does the person allow the topic there, is there an address that works and takes this, may this
be said there now, has it been tried, is there a provider, is it too dear. What is left is ordered by the person's word,
the operator's, the topic's, and by where the person answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from antiphon import metrics
from antiphon.kernel.records import Purpose
from antiphon.kernel.said import worded
from antiphon.orchestration.conduct import CONDUCT, CRITICAL
from antiphon.orchestration.records import (
    Attempt,
    OpenNotification,
    Option,
    PersonCase,
    Policy,
    ProviderChoice,
    Reach,
    Reason,
    Source,
)
from antiphon.orchestration.routes import route
from antiphon.orchestration.zones import region_near
from antiphon.profiles import Effective, Topic, effective

__all__ = ["CRITICAL", "Way", "Wish", "is_critical", "options", "stops", "topic_of", "wish"]

ELSEWHERE = frozenset({"temporary", "policy"})
"""What failed by these may go through another provider, to the same address: it says nothing of the address."""


class Wish(Struct, frozen=True):
    """What the person lets us do over a channel to an address. `passed`: they refused, and it is too urgent to heed."""

    effect: Effective
    stated: bool = False
    passed: bool = False

    @property
    def reason(self) -> Reason | None:
        return self.effect.reason


class Way(Struct, frozen=True):
    """A channel that is possible: to which address, by whom, what the person said about it, why it is taken if it is.

    `again`: it was not answered in time before, by another provider. `worth`: what orders those that are alike.
    """

    option: Option
    reach: Reach
    provider: ProviderChoice
    wish: Wish
    because: str
    worth: float
    predicted: metrics.Predicted
    again: bool = False


def topic_of(source: Source, policy: Policy) -> Topic:
    return policy.topics.get(source.topic) or Topic(source.topic)


def is_critical(source: Source, topic: Topic) -> bool:
    return CONDUCT[source.purpose].passes == "critical" and (not topic.name or topic.critical)


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
    looked: list[Option] = []
    possible: list[Way] = []
    tried = notification.attempts
    for channel in notification.source.channels:
        predicted = metrics.response(case.counts, policy.population, channel, notification.source.purpose)
        found = _look(case, notification, policy, channel=channel, now=now)
        score = round(_at_home(case, policy, channel, predicted.mean), 4)
        failed = bool(tried) and any(attempt.channel == channel for attempt in tried)
        if isinstance(found, str):
            looked.append(Option(channel=channel, score=score, reason=found, failed=failed))
            continue
        reach, _, provider = found
        cost = _cost(notification.source, provider, reach, case)
        dear = notification.source.terms.cost_max is not None and cost > notification.source.terms.cost_max
        option = Option(channel, score, "over_budget" if dear else None, failed, round(cost, 6))
        looked.append(option)
        if not dear:
            possible.append(_way(option, found, notification, policy, predicted))
    possible.sort(key=lambda way: _rank(way, notification.source, policy))
    return tuple(looked), possible


def _way(
    option: Option,
    found: tuple[Reach, Wish, ProviderChoice],
    notification: OpenNotification,
    policy: Policy,
    predicted: metrics.Predicted,
) -> Way:
    reach, said, provider = found
    tried = notification.attempts
    again = bool(tried) and any(a.channel == option.channel and a.state == "expired" for a in tried)
    worth = (option.score or 0.0) - (option.cost / policy.answer_worth if policy.answer_worth else 0.0)
    because = _because(option.channel, notification, policy, said)
    return Way(option, reach, provider, said, because, worth, predicted, again)


def _look(
    case: PersonCase, notification: OpenNotification, policy: Policy, *, channel: str, now: datetime
) -> Reason | tuple[Reach, Wish, ProviderChoice]:
    """Why this channel is none, or the address to take and by whom; the person's own word is the reason named first."""
    source = notification.source
    usable = [reach for reach in case.reach if reach.channel == channel and not reach.dead]
    if not usable:
        return "unreachable"
    wishes = {reach: wish(case, source, policy, channel, reach.value, now=now) for reach in usable}
    wanted = [reach for reach in usable if wishes[reach].reason is None]
    if not wanted:
        return wishes[usable[0]].reason or "unwanted"
    allowed = [reach for reach in wanted if reach.opted_out is None or not stops(reach, source)]
    if not allowed:
        return "opted_out"
    sayable = [reach for reach in allowed if not reach.windowed or may_be_said(reach, source, now)]
    if not sayable:
        return "unreachable"
    if not policy.providers.get(channel):
        return "provider_down"
    ways = list(_routes(sayable, notification, policy, channel))
    if not ways:
        return "unreachable"
    reach, provider = min(ways, key=lambda way: _readiness(wishes[way[0]])) if len(ways) > 1 else ways[0]
    return reach, wishes[reach], provider


def may_be_said(reach: Reach, source: Source, now: datetime) -> bool:
    """On a channel with windows: anything while one is open, what a human writes while that one is, else templates."""
    if not reach.windowed or reach.channel in source.terms.templates:
        return True
    window = reach.window
    if window is None or window.until <= now:
        return False
    return window.kind == "free" or source.purpose is Purpose.REPLY


def _routes(
    sayable: list[Reach], notification: OpenNotification, policy: Policy, channel: str
) -> Iterator[tuple[Reach, ProviderChoice]]:
    """What has not been tried: another address only where the first was dead, another provider only where it was the
    provider that failed, or, where silence is worse than a double, nothing was heard."""
    tried = (
        [attempt for attempt in notification.attempts if attempt.channel == channel] if notification.attempts else ()
    )
    if not tried:
        cheapest = channel in policy.cheapest
        for reach in sayable:
            region = region_near(reach.value) if cheapest and channel in _BY_NUMBER else None
            choice = route(policy.providers[channel], notification.id, region=region, cheapest=cheapest)
            if choice is not None:
                yield reach, choice
        return
    silent = notification.source.failover_on == "silence"
    if any(not _may_go_elsewhere(a.failure, a.state, silent=silent) for a in tried):
        return
    all_dead = all(attempt.failure == "address" for attempt in tried)
    for reach in sayable:
        mine = [attempt for attempt in tried if attempt.address == reach.value]
        if (tried and not mine and not all_dead) or any(a.failure == "address" for a in mine):
            continue
        cheapest = channel in policy.cheapest
        provider = route(
            policy.providers[channel],
            notification.id,
            burnt={attempt.provider for attempt in mine} if mine else (),
            region=region_near(reach.value) if cheapest and channel in _BY_NUMBER else None,
            cheapest=cheapest,
        )
        if provider is not None and (not mine or provider.up):
            yield reach, provider


def _may_go_elsewhere(failure: str | None, state: str, *, silent: bool) -> bool:
    if state == "expired":
        return silent
    return failure == "address" or failure in ELSEWHERE


_BY_NUMBER = frozenset({"sms", "voice"})


def _cost(source: Source, provider: ProviderChoice, reach: Reach, case: PersonCase) -> float:
    """By where the number is; several parts cost several times."""
    if not provider.costs and not provider.unit_cost:
        return 0.0
    region = region_near(reach.value) if provider.costs and reach.channel in _BY_NUMBER else None
    if region is None and provider.costs and case.regions:
        region = case.regions[0]
    return provider.cost(region) * source.terms.units.get(reach.channel, 1)


def _at_home(case: PersonCase, policy: Policy, channel: str, mean: float) -> float:
    """Where a channel is used more, or hardly at all, than elsewhere."""
    if not policy.habits or not case.regions:
        return mean
    country = case.regions[0].partition("-")[0]
    return min(1.0, mean * policy.habits.get(country, {}).get(channel, 1.0))


def _readiness(said: Wish) -> tuple[bool, bool, bool]:
    return said.passed, said.effect.paused_until is not None, not said.stated


def _rank(way: Way, source: Source, policy: Policy) -> tuple[bool, bool, bool, bool, bool, int, float, float]:
    """Where silence is worse than a double, a channel that is up goes first; then the person's word, the operator's
    shift, the topic's own order, who answers where, and the price."""
    channel, topic = way.option.channel, topic_of(source, policy)
    down = source.failover_on == "silence" and not way.provider.up
    place = topic.channels.index(channel) if channel in topic.channels else len(topic.channels)
    return (
        down,
        way.again,
        way.wish.passed,
        not way.wish.stated,
        channel != source.prefer,
        place,
        -way.worth,
        way.option.cost,
    )


def _because(channel: str, notification: OpenNotification, policy: Policy, said: Wish) -> str:
    way = worded(channel)
    if said.passed:
        return worded("it is urgent, so it may go by {channel} although the person does not want that", channel=way)
    if notification.attempts:
        return _next(notification.attempts[-1], channel)
    if said.stated:
        return worded("the person wants this topic by {channel}", channel=way)
    if notification.source.prefer == channel:
        return worded("the rest was shifted to {channel}", channel=way)
    if channel in topic_of(notification.source, policy).channels:
        return worded("this topic goes by {channel} as long as the person says nothing else", channel=way)
    return worded("the person answers {channel} the most likely", channel=way)


def _next(last: Attempt, channel: str) -> str:
    if last.channel != channel:
        follows = worded(channel)
    else:
        follows = worded("another address") if last.failure == "address" else worded("another provider")
    if last.state == "expired":
        return worded("{channel} was not answered in time; {next} is next", channel=worded(last.channel), next=follows)
    return worded("{channel} failed; {next} is next", channel=worded(last.channel), next=follows)
