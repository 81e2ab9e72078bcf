"""When it suits the person: a time of day where they live, or the hour at which they answer. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from antiphon import metrics
from antiphon.kernel.said import worded
from antiphon.orchestration.limits import Wait
from antiphon.orchestration.quiet import zone
from antiphon.orchestration.records import OpenNotification, PersonCase, Policy


def not_before(case: PersonCase, notification: OpenNotification, policy: Policy, *, now: datetime) -> Wait | None:
    """Where they may live in several zones, the first is theirs: quiet hours look after the others."""
    send_at = notification.source.terms.send_at
    if send_at is None:
        return None
    place = zone(case.zones[0] if case.zones else None, policy.timezone)
    if send_at.local is not None:
        until = send_at.local.replace(tzinfo=place).astimezone(UTC)
        why = worded("it is sent at {time} where the person lives", time=f"{send_at.local:%H:%M}")
        return Wait(until, None, why) if until > now else None
    if send_at.best_hour:
        return _best_hour(case.hours, notification, policy, place, within_s=send_at.within_s, now=now)
    return None


def _best_hour(
    hours: Sequence[int],
    notification: OpenNotification,
    policy: Policy,
    place: ZoneInfo,
    *,
    within_s: float,
    now: datetime,
) -> Wait | None:
    if not hours:
        return None
    best = metrics.best_hour(metrics.Hours(tuple(hours)), policy.population.hours)
    if best is None:
        return None
    local = now.astimezone(place)
    at = local.replace(hour=best, minute=0, second=0, microsecond=0)
    if local.hour == best:
        return None
    until = (at if at > local else at + timedelta(days=1)).astimezone(UTC)
    if until > notification.created_at + timedelta(seconds=within_s):
        return None
    return Wait(until, None, worded("the person answers most around {hour}:00", hour=best))
