"""The decision: send now on a channel, wait until a time, or do not send, and why.

One pure function over all open notifications of a person together, so that whatever limits them (caps, quiet
hours, preferences, eligibility, money) composes and "who gets the last place" is decided once: by purpose, then by
priority, then by age.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from antiphon import metrics
from antiphon.kernel.clock import FOREVER
from antiphon.kernel.records import NotificationId, Purpose, SourceId
from antiphon.kernel.said import worded
from antiphon.orchestration import limits
from antiphon.orchestration.conduct import CONDUCT
from antiphon.orchestration.eligible import ineligible
from antiphon.orchestration.fold import FINAL_FROM_QUEUED
from antiphon.orchestration.limits import Used, Wait
from antiphon.orchestration.options import Way, options, topic_of
from antiphon.orchestration.quiet import quiet_somewhere
from antiphon.orchestration.records import (
    Live,
    OpenNotification,
    Option,
    PersonCase,
    Place,
    Policy,
    Reason,
    Told,
    Verdict,
)
from antiphon.orchestration.silence import end_of
from antiphon.orchestration.timing import not_before
from antiphon.orchestration.twins import TWIN, Twin, superfluous

BEING_MOVED = "the person is being put together with another number, or parted from one"

NO_CHANNEL: Mapping[Reason, str] = {
    "opted_out": "the person opted out of every address that could be used",
    "no_consent": "the topic needs a consent that the person has not given",
    "unwanted": "the person does not want this on any of its channels",
    "provider_down": "no provider is enabled for a channel that could be used",
    "over_budget": "it costs more than one message may, on every channel that could be used",
    "unreachable": "the person has no address that works on any of its channels",
}
"""Why no channel may be used; of several reasons the first is named."""


def choose(case: PersonCase, policy: Policy, *, now: datetime) -> list[Verdict]:
    """A verdict for each open notification, the most urgent first."""
    verdicts: list[Verdict] = []
    used, told = Used(limits.standing(case)), list(case.told)
    twins = _twins(case) if len(case.notifications) > 1 or case.notifications[0].told_elsewhere else frozenset()
    for notification in sorted(case.notifications, key=_urgency):
        if notification.id in twins:
            verdicts.append(Verdict(notification.id, "drop", reason="merged", because=TWIN))
            continue
        verdict = _choose_one(case, notification, policy, now=now, used=used, told=told)
        if verdict.place is not None:
            used.take(verdict.place, notification.source)
            address, further = verdict.address or "", verdict.place.further
            told.append(Told(now, notification.source.topic, verdict.channel or "", address, further))
        verdicts.append(verdict)
    return verdicts


def _twins(case: PersonCase) -> frozenset[NotificationId]:
    """Who turned out to have several numbers may have something several times: it goes on once."""
    by_source: dict[SourceId, list[OpenNotification]] = {}
    for notification in case.notifications:
        by_source.setdefault(notification.source.id, []).append(notification)
    return frozenset(
        number
        for together in by_source.values()
        if len({n.number for n in together}) > 1 or any(n.told_elsewhere for n in together)
        for number in superfluous(map(_twin, together), told=any(n.told_elsewhere for n in together))
    )


def _twin(notification: OpenNotification) -> Twin:
    states = {attempt.state for attempt in notification.attempts}
    tried, live = bool(states - FINAL_FROM_QUEUED - {"queued"}), bool(states & Live)
    return Twin(notification.id, notification.created_at, tried=tried, live=live)


def _urgency(notification: OpenNotification) -> tuple[int, int, datetime, int]:
    source = notification.source
    return CONDUCT[source.purpose].lane, -source.terms.priority, notification.created_at, notification.id


def _choose_one(
    case: PersonCase,
    notification: OpenNotification,
    policy: Policy,
    *,
    now: datetime,
    used: Used,
    told: Sequence[Told],
) -> Verdict:
    over = _over(case, notification, now=now)
    if over is not None:
        return over
    first = True
    if notification.attempts:  # what never left is none
        made = tuple(attempt for attempt in notification.attempts if attempt.state not in FINAL_FROM_QUEUED)
        notification, first = replace(notification, attempts=made), not made
    if first and (why := ineligible(case, notification)) is not None:
        return Verdict(notification.id, "drop", reason=why[0], because=why[1])
    looked, possible = options(case, notification, policy, now=now)
    if not possible:
        return _nothing(notification, looked)
    source = notification.source
    if source.state == "paused":
        return _parked(notification, "paused", "its source is paused", looked)
    if first:
        wait = not_before(case, notification, policy, now=now)
        if wait is None and CONDUCT[source.purpose].limited:
            wait = limits.capped(source, policy, used, channel=None, now=now)
        if wait is not None:
            return _wait(notification, wait, looked)
    return _first_allowed(
        case, notification, policy, now=now, looked=looked, possible=possible, first=first, used=used, told=told
    )


def _over(case: PersonCase, notification: OpenNotification, *, now: datetime) -> Verdict | None:
    """What needs no look at any channel."""
    source, attempts = notification.source, notification.attempts
    if attempts and any(attempt.state in Live for attempt in attempts):
        return Verdict(notification.id, "keep", because="an attempt is under way")
    if source.state == "cancelled":
        return Verdict(notification.id, "drop", reason="cancelled", because="its source was cancelled")
    if notification.expires_at is not None and notification.expires_at <= now:
        return _dropped(notification, "expired", "its time is over")
    if (end := _end(notification)) is not None and end <= now:
        return _dropped(notification, "expired", "no further attempt begins so long after it was made")
    if source.kind == "system" and attempts:
        return Verdict(notification.id, "drop", reason="cancelled", because="an answer is tried once, where they wrote")
    if source.terms.once and attempts:
        return _nothing(notification, ())
    if case.moving:
        return _parked(notification, "merged", BEING_MOVED)
    return None


def _end(notification: OpenNotification) -> datetime | None:
    return end_of(notification.source, created_at=notification.created_at, expires_at=notification.expires_at)


def _dropped(notification: OpenNotification, reason: Reason, because: str, options: tuple[Option, ...] = ()) -> Verdict:
    """What was handed over and not heard of stays so: it may have arrived."""
    if any(attempt.state == "expired" for attempt in notification.attempts):
        return Verdict(
            notification.id, "rest", because=worded("handed over and not heard of; {why}", why=because), options=options
        )
    return Verdict(notification.id, "drop", reason=reason, because=because, options=options)


def _parked(notification: OpenNotification, reason: Reason, because: str, options: tuple[Option, ...] = ()) -> Verdict:
    """Whoever ends this decides it anew; else it is looked at when its time is over."""
    return Verdict(notification.id, "wait", until=_end(notification), reason=reason, because=because, options=options)


def _first_allowed(
    case: PersonCase,
    notification: OpenNotification,
    policy: Policy,
    *,
    now: datetime,
    looked: tuple[Option, ...],
    possible: Sequence[Way],
    first: bool,
    used: Used,
    told: Sequence[Told],
) -> Verdict:
    """The best channel that may be used now; when there is none yet, wait for the first."""
    waits: list[Wait] = []
    ready: list[Way] = []
    explores = _explores(notification, policy, possible, first=first)
    for way in possible:
        wait = _not_yet(case, notification, policy, way, now=now, used=used, told=told)
        if wait is None:
            ready.append(way)
            if not explores:
                break
        else:
            waits.append(wait)
            looked = tuple(replace(o, reason=wait.reason) if o.channel == way.option.channel else o for o in looked)
    if not ready:
        return _wait(notification, min(waits, key=lambda each: each.until), looked)
    way, propensity = _draw(notification, ready, policy) if explores else (ready[0], None)
    source, channel = notification.source, way.option.channel
    if (source.id, channel, way.reach.value) in case.shared:
        return _dropped(notification, "duplicate", "somebody else with this address was told", looked)
    if way.option.cost > case.money.get(source.id, way.option.cost) + limits.ROUNDING:
        return _parked(notification, "budget_spent", "the budget is spent", looked)
    return Verdict(
        notification.id,
        "send",
        channel=channel,
        address=way.reach.value,
        provider=way.provider.id,
        because=way.because
        if way is ready[0]
        else worded("tried, so that it is known how {channel} does", channel=worded(channel)),
        options=looked,
        place=Place(now, source.id, source.topic, channel, further=not first)
        if CONDUCT[source.purpose].limited
        else None,
        cost=way.option.cost,
        propensity=propensity,
    )


def _explores(notification: OpenNotification, policy: Policy, possible: Sequence[Way], *, first: bool) -> bool:
    """Nobody's word is explored away: neither the person's nor the operator's."""
    source = notification.source
    return (
        first
        and source.purpose is Purpose.CAMPAIGN
        and len(possible) > 1
        and max(source.terms.explore, policy.exploration) > 0
        and source.prefer is None
        and not topic_of(source, policy).channels
        and not any(way.wish.stated for way in possible)
    )


def _draw(notification: OpenNotification, ready: Sequence[Way], policy: Policy) -> tuple[Way, float]:
    offers = [(way.option.channel, way.predicted.mean, way.predicted.alpha, way.predicted.beta) for way in ready]
    share = max(notification.source.terms.explore, policy.exploration)
    channel, propensity = metrics.explore(notification.id, offers, share)
    return next(way for way in ready if way.option.channel == channel), propensity


def _not_yet(
    case: PersonCase,
    notification: OpenNotification,
    policy: Policy,
    way: Way,
    *,
    now: datetime,
    used: Used,
    told: Sequence[Told],
) -> Wait | None:
    """Why this channel must rest for now: the person paused it, wants no more of it for a while, or sleeps."""
    source, channel = notification.source, way.option.channel
    if (until := way.wish.effect.paused_until) is not None:
        if until >= FOREVER:
            return Wait(until, "unwanted", "paused by the person")
        return Wait(
            until, "unwanted", worded("paused by the person until {until} UTC", until=f"{until:%Y-%m-%d %H:%M}")
        )
    if not CONDUCT[source.purpose].limited:
        return None
    wait = limits.capped(source, policy, used, channel=channel, now=now)
    if wait is None and not notification.attempts:
        wait = limits.wished(way.wish.effect.limits, told, now=now)
    if wait is None:
        wait = limits.lawful(case, policy, channel, told, now=now)
    if wait is not None:
        return wait
    quiet = quiet_somewhere(case.zones, case.regions, channel, source.purpose, policy, now, own=case.quiet)
    return Wait(quiet[0], "quiet_hours", quiet[1]) if quiet is not None else None


def _nothing(notification: OpenNotification, options: tuple[Option, ...]) -> Verdict:
    """No channel is left: `drop` before an attempt, `fail` after proof that none arrived, else `rest`."""
    reasons = [option.reason for option in options if option.reason]
    reason: Reason = next((word for word in NO_CHANNEL if word in reasons), "unreachable")
    if any(attempt.state == "expired" for attempt in notification.attempts):
        because = "handed over and not heard of; no further channel is left"
        return Verdict(notification.id, "rest", because=because, options=options)
    if notification.attempts:
        return Verdict(notification.id, "fail", reason=reason, because="no further channel is left", options=options)
    return Verdict(notification.id, "drop", reason=reason, because=NO_CHANNEL[reason], options=options)


def _wait(notification: OpenNotification, wait: Wait, options: tuple[Option, ...]) -> Verdict:
    """A wait that ends after the message expires is a drop now: nobody is kept waiting for nothing."""
    if (end := _end(notification)) is not None and wait.until >= end:
        return _dropped(
            notification, wait.reason or "expired", worded("{why}, past its end", why=wait.because), options
        )
    return Verdict(notification.id, "wait", until=wait.until, reason=wait.reason, because=wait.because, options=options)
