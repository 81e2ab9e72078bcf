"""The decision: send now on a channel, wait until a time, or do not send, and why.

One pure function over all open notifications of a person together, so that whatever limits them (caps, quiet
hours, preferences) composes and "who gets the last place" is decided once: by purpose, then by age.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from antiphon.kernel.records import NotificationId, Purpose, SourceId
from antiphon.orchestration.fold import FINAL_FROM_QUEUED
from antiphon.orchestration.quiet import quiet_somewhere
from antiphon.orchestration.records import (
    LANES,
    Live,
    OpenNotification,
    Option,
    PersonCase,
    Policy,
    Reach,
    Reason,
    Responses,
    Source,
    Verdict,
)
from antiphon.orchestration.twins import TWIN, Twin, superfluous

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

BEING_MOVED = "the person is being put together with another number, or parted from one"

CAPPED = frozenset({Purpose.CAMPAIGN})


def choose(case: PersonCase, policy: Policy, *, now: datetime) -> list[Verdict]:
    """A verdict for each open notification, the most urgent first."""
    verdicts: list[Verdict] = []
    used = list(case.capped_at)
    twins = _twins(case)
    for notification in sorted(case.notifications, key=_urgency):
        if notification.id in twins:
            verdicts.append(Verdict(notification.id, "drop", reason="merged", because=TWIN))
            continue
        verdict = _choose_one(case, notification, policy, now=now, used=used)
        if verdict.counts:
            used.append(now)
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
    case: PersonCase, notification: OpenNotification, policy: Policy, *, now: datetime, used: Sequence[datetime]
) -> Verdict:
    source = notification.source
    if any(attempt.state in Live for attempt in notification.attempts):
        return Verdict(notification.id, "keep", because="an attempt is under way")
    if source.state == "cancelled":
        return Verdict(notification.id, "drop", reason="cancelled", because="its source was cancelled")
    if notification.expires_at is not None and notification.expires_at <= now:
        return Verdict(notification.id, "drop", reason="expired", because="its time is over")
    if case.moving:
        return Verdict(notification.id, "wait", reason="merged", because=BEING_MOVED)
    made = tuple(attempt for attempt in notification.attempts if attempt.state not in FINAL_FROM_QUEUED)
    first = not notification.attempts
    notification = replace(notification, attempts=made)  # what never left is no attempt
    options, possible = _options(case, notification, policy)
    if not possible:
        return _nothing(notification, options)
    if source.state == "paused":
        return Verdict(notification.id, "wait", reason="paused", because="its source is paused", options=options)
    if first and (until := _capped_until(source.purpose, policy, used, now=now)) is not None:
        because = f"{len(used)} messages in the period of the frequency cap"
        return _wait(notification, until, "capped", because, options)
    return _first_allowed(case, notification, policy, now=now, options=options, possible=possible, first=first)


def _first_allowed(
    case: PersonCase,
    notification: OpenNotification,
    policy: Policy,
    *,
    now: datetime,
    options: tuple[Option, ...],
    possible: Sequence[tuple[Option, Reach, str]],
    first: bool,
) -> Verdict:
    """The best channel that is not quiet; when all are quiet, wait for the first that wakes."""
    waits: list[tuple[datetime, str]] = []
    for option, reach, because in possible:
        purpose = notification.source.purpose
        quiet = quiet_somewhere(case.zones, case.regions, option.channel, purpose, policy, now)
        if quiet is not None:
            waits.append(quiet)
            options = tuple(replace(o, reason="quiet_hours") if o.channel == option.channel else o for o in options)
            continue
        return Verdict(
            notification.id,
            "send",
            channel=option.channel,
            address=reach.value,
            provider=policy.providers[option.channel].id,
            because=because,
            options=options,
            counts=first and notification.source.purpose in CAPPED,
        )
    until, why = min(waits)
    return _wait(notification, until, "quiet_hours", why, options)


def _options(
    case: PersonCase, notification: OpenNotification, policy: Policy
) -> tuple[tuple[Option, ...], list[tuple[Option, Reach, str]]]:
    """Every ticked channel with why not or how likely; and those that are possible, the best first."""
    stated = {channel for channel, state in notification.preferences.items() if state == "wanted"}
    tried = {attempt.channel for attempt in notification.attempts}
    looked: list[Option] = []
    possible: list[tuple[Option, Reach, str]] = []
    for channel in notification.source.channels:
        reason, reach = _why_not(case, notification, policy, channel=channel, stated=stated, tried=tried)
        score = _score(case.responses.get(channel, Responses()), policy, channel, notification.source.purpose)
        option = Option(channel=channel, score=round(score, 4), reason=reason, failed=channel in tried)
        looked.append(option)
        if reach is not None:
            possible.append((option, reach, _because(channel, notification, stated)))
    possible.sort(key=lambda entry: _rank(entry[0], notification.source, policy, stated))
    return tuple(looked), possible


def _rank(option: Option, source: Source, policy: Policy, stated: set[str]) -> tuple[bool, bool, bool, float]:
    """Where silence is worse than a double, a channel that is up goes first; then the person's word, the operator's
    shift, and who answers where."""
    down = source.failover_on == "silence" and not policy.providers[option.channel].up
    return down, option.channel not in stated, option.channel != source.prefer, -(option.score or 0.0)


def _why_not(
    case: PersonCase,
    notification: OpenNotification,
    policy: Policy,
    *,
    channel: str,
    stated: set[str],
    tried: set[str],
) -> tuple[Reason | None, Reach | None]:
    addresses = [reach for reach in case.reach if reach.channel == channel]
    usable = [reach for reach in addresses if not reach.dead]
    allowed = [reach for reach in usable if not reach.opted_out]
    if notification.preferences.get(channel) == "unwanted" or (stated and channel not in stated):
        return "unwanted", None
    if channel in tried:
        failures = [attempt.address for attempt in notification.attempts if attempt.channel == channel]
        allowed = [reach for reach in allowed if reach.value not in failures]
        if not allowed or not _address_failed(notification, channel):
            return "unreachable", None
    if not usable:
        return "unreachable", None
    if not allowed:
        return "opted_out", None
    return (None, allowed[0]) if channel in policy.providers else ("provider_down", None)


def _address_failed(notification: OpenNotification, channel: str) -> bool:
    """A second address of a channel is worth a try only when the first was dead, not when the message was refused."""
    return all(a.failure == "address" for a in notification.attempts if a.channel == channel)


def _because(channel: str, notification: OpenNotification, stated: set[str]) -> str:
    if channel in stated:
        return f"the person wants this topic by {channel}"
    if notification.source.prefer == channel:
        return f"the rest was shifted to {channel}"
    if notification.attempts:
        last = notification.attempts[-1]
        return (
            f"{last.channel} {'was not answered in time' if last.state == 'expired' else 'failed'}; {channel} is next"
        )
    return f"the person answers {channel} the most likely"


def _score(responses: Responses, policy: Policy, channel: str, purpose: Purpose) -> float:
    """Expected share of answers: the person's own, drawn towards the default while there are few."""
    prior = policy.prior.get(channel, PRIOR[purpose].get(channel, 0.01))
    return (responses.answered + PRIOR_WEIGHT * prior) / (responses.sent + PRIOR_WEIGHT)


def _nothing(notification: OpenNotification, options: tuple[Option, ...]) -> Verdict:
    """No channel is left: `drop` before an attempt, `fail` after proof that none arrived, else `rest`."""
    reasons = [option.reason for option in options if option.reason]
    order: tuple[Reason, ...] = ("opted_out", "unwanted", "provider_down", "unreachable")
    reason: Reason = next((word for word in order if word in reasons), "unreachable")
    if any(attempt.state == "expired" for attempt in notification.attempts):
        because = "handed over and not heard of; no further channel is left"
        return Verdict(notification.id, "rest", because=because, options=options)
    if notification.attempts:
        return Verdict(notification.id, "fail", reason=reason, because="no further channel is left", options=options)
    return Verdict(notification.id, "drop", reason=reason, because="no channel may be used", options=options)


def _capped_until(purpose: Purpose, policy: Policy, used: Sequence[datetime], *, now: datetime) -> datetime | None:
    cap = policy.frequency_cap
    if cap is None or purpose not in CAPPED:
        return None
    within = timedelta(seconds=cap.within_s)
    if cap.count < 1:
        return now + within
    recent = sorted(at for at in used if at > now - within)
    return recent[-cap.count] + within if len(recent) >= cap.count else None


def _wait(
    notification: OpenNotification, until: datetime, reason: Reason, because: str, options: tuple[Option, ...]
) -> Verdict:
    """A wait that ends after the message expires is a drop now: nobody is kept waiting for nothing."""
    if notification.expires_at is not None and until >= notification.expires_at:
        return Verdict(notification.id, "drop", reason=reason, because=f"{because}, past its end", options=options)
    return Verdict(notification.id, "wait", until=until, reason=reason, because=because, options=options)
