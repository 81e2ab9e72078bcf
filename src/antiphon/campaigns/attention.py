"""What needs somebody's attention: facts in, notices out. Pure.

A notice is a `kind`, which is also the key of its sentence, and the values that the sentence names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from antiphon import channels, metrics, profiles, segments
from antiphon.campaigns import stops
from antiphon.campaigns.listing import planned_at
from antiphon.campaigns.records import Campaign
from antiphon.campaigns.view import BudgetView
from antiphon.kernel.settings import Limits

Severity = Literal["critical", "warning", "info"]
Value = str | int | float | bool | None
NEAR = 0.7
"""Of a limit, from here on it is said."""
NEAR_END = 0.8
"""Of a budget."""
SOON = timedelta(hours=24)
REFUSED_WITHIN = timedelta(hours=1)
BUILT_WITHIN = timedelta(minutes=15)
NOTICES_MAX = 100
_ORDER: tuple[Severity, ...] = ("critical", "warning", "info")


class Link(Struct, frozen=True):
    """Where to look: a campaign, provider, segment, message, … and which, if one."""

    to: str
    id: str | None = None


class Notice(Struct, frozen=True):
    """`id` stays while it is the same matter; `since` where it is known."""

    id: str
    kind: str
    severity: Severity
    values: dict[str, Value]
    link: Link
    since: datetime | None = None


class Facts(Struct, frozen=True):
    """All that a look needs. `wall`: for what channels know by wall time. `in_doubt`: of the last day."""

    now: datetime
    wall: datetime
    campaigns: Sequence[Campaign]
    totals: Mapping[int, Sequence[metrics.Total]]
    limits: Mapping[int, Limits]
    budgets: Mapping[int, BudgetView]
    providers: Sequence[channels.Provider]
    segments: Sequence[segments.Segment]
    refusals: Sequence[profiles.KeptRefusal]
    in_doubt: int
    has_message: bool
    has_people: bool
    has_campaign: bool


def notices(facts: Facts) -> list[Notice]:
    """The gravest first."""
    found = [
        *_campaigns(facts),
        *_providers(facts),
        *_segments(facts),
        *_in_doubt(facts),
        *_refused(facts),
        *_first_steps(facts),
    ]
    return sorted(found, key=lambda notice: _ORDER.index(notice.severity))[:NOTICES_MAX]


def _campaigns(facts: Facts) -> Iterable[Notice]:
    for one in facts.campaigns:
        if one.stopped is not None and one.state == "paused":
            why = one.stopped
            said: dict[str, Value] = {"reason": why.reason, "because": why.because, "channel": why.channel}
            numbers: dict[str, Value] = {"share": why.share, "limit": why.limit}
            yield _of_campaign(one, "campaign_stopped", "critical", {**said, **numbers}, since=why.at)
        elif one.state == "pilot_done":
            yield _of_campaign(one, "pilot_done", "warning", {})
        elif one.state == "draft" and (at := planned_at(one)) is not None and facts.now - SOON < at < facts.now + SOON:
            kind = "draft_planned" if at > facts.now else "draft_overdue"
            yield _of_campaign(one, kind, "warning", {"at": at.isoformat()})
        if one.state == "running":
            yield from _running(facts, one)


def _running(facts: Facts, one: Campaign) -> Iterable[Notice]:
    limits = facts.limits.get(one.id)
    if limits is not None:
        for (kind, channel), share in stops.shares(facts.totals.get(one.id, ()), least=limits.least).items():
            limit: float | None = getattr(limits, kind)
            if limit is not None and share >= NEAR * limit:
                values: dict[str, Value] = {"rate": kind, "channel": channel, "share": share, "limit": limit}
                yield _of_campaign(one, "rate_near_limit", "warning", values, about=f"{kind}/{channel}")
    budget = facts.budgets.get(one.id)
    if budget is not None and budget.amount > 0 and budget.spent >= NEAR_END * budget.amount:
        yield _of_campaign(one, "budget_near_end", "warning", {"spent": budget.spent, "amount": budget.amount})


def _of_campaign(
    one: Campaign,
    kind: str,
    severity: Severity,
    values: dict[str, Value],
    *,
    since: datetime | None = None,
    about: str = "",
) -> Notice:
    number = str(one.id)
    id = ":".join(filter(None, (kind, number, about)))
    return Notice(id, kind, severity, {"campaign": one.name, **values}, Link("campaign", number), since)


def _providers(facts: Facts) -> Iterable[Notice]:
    for one in facts.providers:
        if not one.enabled:
            continue
        values: dict[str, Value] = {"provider": one.name, "channel": one.channel}
        link = Link("provider", str(one.id))
        if not one.up(facts.wall):
            until = one.paused_until.isoformat() if one.paused_until else None
            down: dict[str, Value] = {"reason": one.reason, "failures": one.failures, "until": until}
            yield Notice(f"provider_down:{one.id}", "provider_down", "critical", values | down, link)
        elif one.failures:
            probing: dict[str, Value] = {"reason": one.reason, "failures": one.failures}
            yield Notice(f"provider_probing:{one.id}", "provider_probing", "warning", values | probing, link)
        elif not one.healthy:
            unwell: dict[str, Value] = {"health": one.health, "why": one.health_why}
            yield Notice(f"provider_unwell:{one.id}", "provider_unwell", "warning", values | unwell, link)


def _segments(facts: Facts) -> Iterable[Notice]:
    for one in facts.segments:
        if one.state == "building" and one.created_at < facts.now - BUILT_WITHIN:
            values: dict[str, Value] = {"segment": one.name, "phase": one.build.phase if one.build else None}
            link = Link("segment", str(one.id))
            yield Notice(f"segment_not_built:{one.id}", "segment_not_built", "critical", values, link, one.created_at)


def _in_doubt(facts: Facts) -> Iterable[Notice]:
    if facts.in_doubt > 0:
        yield Notice("in_doubt", "in_doubt", "warning", {"n": facts.in_doubt}, Link("campaigns"))


def _refused(facts: Facts) -> Iterable[Notice]:
    lately = [each for each in facts.refusals if each.at >= facts.now - REFUSED_WITHIN]
    if lately:
        more = len(lately) == len(facts.refusals)
        flaw = lately[0].flaws[0].message if lately[0].flaws else ""
        values: dict[str, Value] = {"n": len(lately), "more": more, "newest": flaw}
        yield Notice("intake_refused", "intake_refused", "warning", values, Link("debugger"), lately[-1].at)


def _first_steps(facts: Facts) -> Iterable[Notice]:
    """In the order in which they are done."""
    missing = (
        ("no_provider", any(one.enabled for one in facts.providers), "providers"),
        ("no_people", facts.has_people, "people"),
        ("no_segment", bool(facts.segments), "segments"),
        ("no_message", facts.has_message, "messages"),
        ("no_campaign", facts.has_campaign, "campaigns"),
    )
    for kind, is_there, to in missing:
        if not is_there:
            yield Notice(kind, kind, "info", {}, Link(to))
