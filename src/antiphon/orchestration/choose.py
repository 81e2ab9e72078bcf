"""The decision: send now on a channel, wait until a time, or do not send, and why.

One pure function over all open notifications of a person together, so that whatever limits them (caps, quiet
hours, preferences) composes and "who gets the last place" is decided once: by purpose, then by age.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from antiphon.kernel.clock import FOREVER
from antiphon.kernel.records import NotificationId, Purpose, SourceId
from antiphon.orchestration.fold import FINAL_FROM_QUEUED
from antiphon.orchestration.jurisdictions import BY_TELEPHONE, caps_for
from antiphon.orchestration.options import Way, options
from antiphon.orchestration.quiet import quiet_somewhere
from antiphon.orchestration.records import (
    LANES,
    Live,
    OpenNotification,
    Option,
    PersonCase,
    Policy,
    Reason,
    Told,
    Verdict,
)
from antiphon.orchestration.twins import TWIN, Twin, superfluous
from antiphon.profiles import Standing

BEING_MOVED = "the person is being put together with another number, or parted from one"

NO_CHANNEL: Mapping[Reason, str] = {
    "opted_out": "the person opted out of every address that could be used",
    "no_consent": "the topic needs a consent that the person has not given",
    "unwanted": "the person does not want this on any of its channels",
    "provider_down": "no provider is enabled for a channel that could be used",
    "unreachable": "the person has no address that works on any of its channels",
}
"""Why no channel may be used; of several reasons the first is named."""

CAPPED = frozenset({Purpose.CAMPAIGN})


class Wait(Struct, frozen=True):
    """A channel that may be used at that time, and why not before."""

    until: datetime
    reason: Reason
    because: str


def choose(case: PersonCase, policy: Policy, *, now: datetime) -> list[Verdict]:
    """A verdict for each open notification, the most urgent first."""
    verdicts: list[Verdict] = []
    used, told = list(case.capped_at), list(case.told)
    twins = _twins(case)
    for notification in sorted(case.notifications, key=_urgency):
        if notification.id in twins:
            verdicts.append(Verdict(notification.id, "drop", reason="merged", because=TWIN))
            continue
        verdict = _choose_one(case, notification, policy, now=now, used=used, told=told)
        if verdict.counts:
            used.append(now)
        if verdict.act == "send" and notification.source.purpose in CAPPED:
            told.append(Told(now, notification.source.topic, verdict.channel or "", verdict.address or ""))
        verdicts.append(verdict)
    return verdicts


def _twins(case: PersonCase) -> set[NotificationId]:
    """Who turned out to have several numbers may have something several times: it goes on once."""
    by_source: dict[SourceId, list[OpenNotification]] = {}
    for notification in case.notifications:
        by_source.setdefault(notification.source.id, []).append(notification)
    return {
        number
        for together in by_source.values()
        if len({n.number for n in together}) > 1 or together[0].told_elsewhere
        for number in superfluous(map(_twin, together), told=any(n.told_elsewhere for n in together))
    }


def _twin(notification: OpenNotification) -> Twin:
    states = {attempt.state for attempt in notification.attempts}
    tried, live = bool(states - FINAL_FROM_QUEUED - {"queued"}), bool(states & Live)
    return Twin(notification.id, notification.created_at, tried=tried, live=live)


def _urgency(notification: OpenNotification) -> tuple[int, datetime, int]:
    return LANES[notification.source.purpose], notification.created_at, notification.id


def _choose_one(
    case: PersonCase,
    notification: OpenNotification,
    policy: Policy,
    *,
    now: datetime,
    used: Sequence[datetime],
    told: Sequence[Told],
) -> Verdict:
    source = notification.source
    if any(attempt.state in Live for attempt in notification.attempts):
        return Verdict(notification.id, "keep", because="an attempt is under way")
    if source.state == "cancelled":
        return Verdict(notification.id, "drop", reason="cancelled", because="its source was cancelled")
    if notification.expires_at is not None and notification.expires_at <= now:
        return Verdict(notification.id, "drop", reason="expired", because="its time is over")
    if source.kind == "system" and notification.attempts:
        return Verdict(notification.id, "drop", reason="cancelled", because="an answer is tried once, where they wrote")
    if case.moving:
        return Verdict(notification.id, "wait", reason="merged", because=BEING_MOVED)
    made = tuple(attempt for attempt in notification.attempts if attempt.state not in FINAL_FROM_QUEUED)
    first = not notification.attempts
    notification = replace(notification, attempts=made)  # what never left is no attempt
    looked, possible = options(case, notification, policy, now=now)
    if not possible:
        return _nothing(notification, looked)
    if source.state == "paused":
        return Verdict(notification.id, "wait", reason="paused", because="its source is paused", options=looked)
    if first and (until := _capped_until(source.purpose, policy, used, now=now)) is not None:
        because = f"{len(used)} messages in the period of the frequency cap"
        return _wait(notification, until, "capped", because, looked)
    return _first_allowed(
        case, notification, policy, now=now, options=looked, possible=possible, first=first, told=told
    )


def _first_allowed(
    case: PersonCase,
    notification: OpenNotification,
    policy: Policy,
    *,
    now: datetime,
    options: tuple[Option, ...],
    possible: Sequence[Way],
    first: bool,
    told: Sequence[Told],
) -> Verdict:
    """The best channel that may be used now; when there is none yet, wait for the first."""
    waits: list[Wait] = []
    for way in possible:
        channel = way.option.channel
        wait = _not_yet(case, notification, policy, way, now=now, told=told)
        if wait is not None:
            waits.append(wait)
            options = tuple(replace(o, reason=wait.reason) if o.channel == channel else o for o in options)
            continue
        return Verdict(
            notification.id,
            "send",
            channel=channel,
            address=way.reach.value,
            provider=policy.providers[channel].id,
            because=way.because,
            options=options,
            counts=first and notification.source.purpose in CAPPED,
        )
    wait = min(waits, key=lambda each: each.until)
    return _wait(notification, wait.until, wait.reason, wait.because, options)


def _not_yet(
    case: PersonCase,
    notification: OpenNotification,
    policy: Policy,
    way: Way,
    *,
    now: datetime,
    told: Sequence[Told],
) -> Wait | None:
    """Why this channel must rest for now: the person paused it, wants no more of it for a while, or sleeps."""
    source = notification.source
    if (until := way.wish.effect.paused_until) is not None:
        end = "" if until >= FOREVER else f" until {until:%Y-%m-%d %H:%M} UTC"
        return Wait(until, "unwanted", f"paused by the person{end}")
    if source.purpose in CAPPED and not notification.attempts:
        for limit in way.wish.effect.limits:
            if (until := _limited_until(limit, told, now=now)) is not None:
                return Wait(until, "capped", f"the person wants at most {limit.limit_count} in such a time")
        if (until := _lawful_until(case, policy, way.option.channel, told, now=now)) is not None:
            return Wait(until, "capped", "the law where the person lives lets no more through in such a time")
    quiet = quiet_somewhere(case.zones, case.regions, way.option.channel, source.purpose, policy, now)
    return Wait(quiet[0], "quiet_hours", quiet[1]) if quiet is not None else None


def _limited_until(limit: Standing, told: Sequence[Told], *, now: datetime) -> datetime | None:
    """What the person asked for, counted over whatever the wish is about: a topic, a channel, all."""
    assert limit.limit_count is not None
    assert limit.limit_s is not None
    within = timedelta(seconds=limit.limit_s)
    used = [each.at for each in told if limit.covers(each.topic, each.channel, each.address)]
    return _room_at(used, limit.limit_count, within, now=now)


def _lawful_until(
    case: PersonCase, policy: Policy, channel: str, told: Sequence[Told], *, now: datetime
) -> datetime | None:
    used = [each.at for each in told if each.channel in BY_TELEPHONE]
    rooms = [
        _room_at(used, cap.count, timedelta(seconds=cap.within_s), now=now)
        for cap in caps_for(case.regions, channel, now, settings=policy.jurisdictions)
    ]
    return max((room for room in rooms if room is not None), default=None)


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


def _capped_until(purpose: Purpose, policy: Policy, used: Sequence[datetime], *, now: datetime) -> datetime | None:
    cap = policy.frequency_cap
    if cap is None or purpose not in CAPPED:
        return None
    return _room_at(used, cap.count, timedelta(seconds=cap.within_s), now=now)


def _room_at(used: Sequence[datetime], count: int, within: timedelta, *, now: datetime) -> datetime | None:
    """When one more fits into `count` in any period of this length; None: now."""
    if count < 1:
        return now + within
    recent = sorted(at for at in used if at > now - within)
    return recent[-count] + within if len(recent) >= count else None


def _wait(
    notification: OpenNotification, until: datetime, reason: Reason, because: str, options: tuple[Option, ...]
) -> Verdict:
    """A wait that ends after the message expires is a drop now: nobody is kept waiting for nothing."""
    if notification.expires_at is not None and until >= notification.expires_at:
        return Verdict(notification.id, "drop", reason=reason, because=f"{because}, past its end", options=options)
    return Verdict(notification.id, "wait", until=until, reason=reason, because=because, options=options)
