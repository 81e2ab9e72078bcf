"""From what was asked to a plan: every flaw is named with its place, every name becomes a number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import UNSET

from antiphon import orchestration, segments
from antiphon.campaigns import store
from antiphon.campaigns.asked import NewCampaign, SendAt, StopAbove
from antiphon.campaigns.records import Followed, Plan
from antiphon.kernel import durations, settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Flaw, Invalid, NotFound
from antiphon.kernel.records import SegmentId
from antiphon.kernel.said import worded
from antiphon.kernel.settings import Limits

AHEAD_MAX = timedelta(days=2 * 366)
EXCLUDED_MAX = 20
PRIORITY_MAX = 10
PER_MINUTE_MAX = 1_000_000
MONEY_MAX = 1e12
RECALL_S_MAX = 86_400
WITHIN_S_MAX = 7 * 86_400
LEAST_MAX = 1_000_000
FIRST_ZONE = timedelta(hours=14)
LAST_ZONE = timedelta(hours=12)
"""A local time is reached in UTC+14 first and in UTC-12 last."""


async def plan_of(tx: Transaction, asked: NewCampaign, *, audience: SegmentId, itself: int = 0) -> Plan:
    """Raises Invalid with every flaw. `itself`: the campaign that it is for, when there is one."""
    flaws = [*_flaws(asked, now=tx.now)]
    exclude, wrong = await _groups(tx, asked.exclude, audience)
    flaws += wrong
    follow = None
    if asked.follow is not None:
        found = await store.find(tx, asked.follow.campaign)
        if found is None or found.id == itself:
            said = (
                worded("A campaign cannot follow itself.")
                if found
                else worded("There is no campaign {id_or_name}.", id_or_name=asked.follow.campaign)
            )
            flaws.append(Flaw("follow.campaign", said))
        else:
            follow = Followed(found.id, found.name, asked.follow.unless)
    send_at, wrong = _send_at(asked.send_at, now=tx.now)
    flaws += wrong
    expires_in_s, wrong = _seconds(asked.expires_in, at="expires_in")
    flaws += wrong
    if flaws:
        raise Invalid("The input is not valid.", flaws=flaws)
    return Plan(
        launch_at=asked.launch_at,
        send_at=send_at,
        per_minute=asked.throttle.per_minute if asked.throttle else None,
        exclude=exclude,
        priority=asked.priority,
        budget=asked.budget,
        cost_max=asked.cost_max,
        follow=follow,
        stop_above=said_of(asked.stop_above),
        recall_s=asked.recall_s,
        expires_in_s=expires_in_s,
    )


def _flaws(asked: NewCampaign, *, now: datetime) -> Iterator[Flaw]:
    at = asked.launch_at
    if at is not None:
        if at.tzinfo is None:
            yield Flaw("launch_at", "A time needs its zone, such as 2026-12-01T09:00:00Z; send_at.local has none.")
        elif not now < at < now + AHEAD_MAX:
            yield Flaw("launch_at", "A time to come is needed, at most two years ahead.")
        if asked.send_at is not None and asked.send_at.local is not None:
            yield Flaw("send_at.local", "It says when by itself: leave launch_at out.")
    if asked.throttle is not None and not 1 <= asked.throttle.per_minute <= PER_MINUTE_MAX:
        yield Flaw("throttle.per_minute", worded("A number from 1 to {most:,}.", most=PER_MINUTE_MAX))
    if abs(asked.priority) > PRIORITY_MAX:
        yield Flaw("priority", worded("A number from -{most} to {most}.", most=PRIORITY_MAX))
    for name, money in (("budget", asked.budget), ("cost_max", asked.cost_max)):
        if money is not None and not (math.isfinite(money) and 0 <= money <= MONEY_MAX):
            yield Flaw(name, "Money: not negative.")
    if asked.recall_s is not None and not 0 <= asked.recall_s <= RECALL_S_MAX:
        yield Flaw("recall_s", worded("From 0 to {most:,} seconds.", most=RECALL_S_MAX))
    yield from _flaws_of_limits(asked.stop_above)


def _flaws_of_limits(asked: StopAbove | None) -> Iterator[Flaw]:
    for name, value in said_of(asked).items():
        if name == "least":
            if value is not None and not 1 <= value <= LEAST_MAX:
                yield Flaw("stop_above.least", worded("A number from 1 to {most:,}.", most=LEAST_MAX))
        elif value is not None and not 0 < value <= 1:
            yield Flaw(f"stop_above.{name}", "A share above 0 and at most 1, or null for no limit.")


def said_of(asked: StopAbove | None) -> dict[str, int | float | None]:
    if asked is None:
        return {}
    every = {name: getattr(asked, name) for name in asked.__struct_fields__}
    return {name: value for name, value in every.items() if value is not UNSET}


async def _groups(
    tx: Transaction, names: list[str], audience: SegmentId
) -> tuple[tuple[orchestration.Group, ...], list[Flaw]]:
    if len(names) > EXCLUDED_MAX:
        return (), [Flaw("exclude", worded("At most {most} segments.", most=EXCLUDED_MAX))]
    found: dict[int, orchestration.Group] = {}
    flaws = []
    for n, name in enumerate(names):
        try:
            segment = await segments.get(tx, name)
        except NotFound as error:
            flaws.append(Flaw(f"exclude[{n}]", str(error)))
            continue
        if segment.id == audience:
            flaws.append(Flaw(f"exclude[{n}]", "It is the audience itself: nobody would be left."))
        found[segment.id] = orchestration.Group(segment.id, segment.name)
    return tuple(found.values()), flaws


def _send_at(asked: SendAt | None, *, now: datetime) -> tuple[orchestration.SendAt | None, list[Flaw]]:
    if asked is None:
        return None, []
    if (asked.local is not None) == asked.best_hour:
        return None, [Flaw("send_at", "Either `local` or `best_hour`.")]
    if asked.best_hour:
        within_s, flaws = _seconds(asked.within or "24h", at="send_at.within")
        if within_s is not None and not 3600 <= within_s <= WITHIN_S_MAX:
            flaws.append(Flaw("send_at.within", "From an hour to seven days."))
        return orchestration.SendAt(best_hour=True, within_s=within_s or 0.0), flaws
    if asked.within is not None:
        return None, [Flaw("send_at.within", "It belongs to `best_hour`.")]
    try:
        local = datetime.fromisoformat(asked.local or "")
    except ValueError:
        local = None
    if local is None or local.tzinfo is not None:
        return None, [Flaw("send_at.local", "A time of day without a zone is needed, such as 2026-12-01T09:00.")]
    here = now.replace(tzinfo=None)
    if not here - LAST_ZONE < local < here + AHEAD_MAX:
        return None, [Flaw("send_at.local", "It is over everywhere, or more than two years ahead.")]
    return orchestration.SendAt(local=local), []


def _seconds(text: str | None, *, at: str) -> tuple[int | None, list[Flaw]]:
    try:
        return (None if text is None else durations.parse(text, at=at)), []
    except Invalid as error:
        return None, list(error.flaws)


async def limits_of(tx: Transaction, plan: Plan) -> Limits:
    """What this campaign says of its limits, over what the settings say."""
    return limits_over((await settings.read(tx)).stop_above, plan)


def limits_over(usual: Limits, plan: Plan) -> Limits:
    return msgspec.convert(msgspec.to_builtins(usual) | plan.stop_above, Limits, strict=False)


async def start_of(tx: Transaction, plan: Plan) -> datetime:
    """When a campaign that is launched now begins to tell people.

    With a local time, that is when the first zone on earth reaches it: until then people come and go.
    """
    recall_s = (await settings.read(tx)).recall_s if plan.recall_s is None else plan.recall_s
    times = [tx.now + timedelta(seconds=recall_s)]
    if plan.launch_at is not None:
        times.append(plan.launch_at)
    if plan.send_at is not None and plan.send_at.local is not None:
        times.append(plan.send_at.local.replace(tzinfo=UTC) - FIRST_ZONE)
    return max(times)
