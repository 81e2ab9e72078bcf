"""A dry run: who would get it, on what, when, at what cost, and who would not and why. Nothing is written.

Up to `SAMPLE_MAX` people are all looked at; of more, a random sample. They are looked at in random order, so that a run
that ends at its time-out is a smaller sample.
"""

from __future__ import annotations

import math
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from antiphon import orchestration, profiles, segments
from antiphon.campaigns import planning, rules, store, terms
from antiphon.campaigns.records import Campaign
from antiphon.campaigns.steer import find
from antiphon.campaigns.work import variants_of
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.digits import ID_MAX
from antiphon.kernel.errors import invalid
from antiphon.kernel.records import ProfileId, SegmentId
from antiphon.kernel.said import worded

SAMPLE_MAX = 20_000
BATCH = 500
PAGE = 50_000
EXAMPLES_MAX = 3
WITHIN_S = 20.0
STATEMENT_S = 15.0
NORMAL_95 = 1.96


class Example(Struct):
    """A real person; `person` is what they are called by."""

    profile: str
    person: str
    because: str
    until: datetime | None = None


class Part(Struct):
    """`n` people of all, estimated where a sample was looked at; `cost` is money."""

    name: str
    n: int
    cost: float
    examples: list[Example]


class Hour(Struct):
    """`at`: the hour that begins then, in UTC."""

    at: datetime
    n: int


class DryRun(Struct):
    """`people` are in the segment; `looked_at` of them. `margin`: with a sample, each share is right to within this, 19
    times in 20. `told` would get it, now or `later` (those who wait, by reason); `not_told` would not.

    `at`: when it was asked; `starts_at`: the time for which it was decided. `cost_share`: how much of the budget it
    would take. `minutes`: how long its throttle makes it last.
    """

    campaign: str
    at: datetime
    took_s: float
    people: int
    looked_at: int
    exact: bool
    margin: float
    starts_at: datetime
    told: int
    pilot: int | None
    cost: float
    budget: float | None
    cost_share: float | None
    minutes: float | None
    channels: list[Part]
    later: list[Part]
    not_told: list[Part]
    hours: list[Hour]


class _Seen:
    """What was decided of some people, added up."""

    def __init__(self, channel: str | None, reason: str | None) -> None:
        self.channel, self.reason = channel, reason
        self.n, self.first, self.cost = 0, 0, 0.0
        self.examples: list[orchestration.Rehearsed] = []

    def add(self, one: orchestration.Rehearsed, *, first: bool) -> None:
        """`first`: in the pilot."""
        self.n += 1
        self.first += first
        self.cost += one.verdict.cost
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(one)


async def dry_run(database: Database, campaign: str, *, limit: int = SAMPLE_MAX, within_s: float = WITHIN_S) -> DryRun:
    """Decided for its start as things stand now, each person alone. Raises NotFound, Invalid for a bad limit."""
    if not 1 <= limit <= SAMPLE_MAX:
        raise invalid("limit", "A number from 1 to {most:,}.", most=SAMPLE_MAX)
    began = time.monotonic()
    async with database.transaction(read_only=True) as tx:
        await store.bound_statements(tx, most_s=STATEMENT_S)
        found = await find(tx, campaign)
        source = await terms.draft_source(tx, found)
        starts_at = max(tx.now, found.starts_at or await planning.start_of(tx, found.plan))
        total, people = await draw(tx, found.segment, limit)
        at = tx.now
    groups: dict[tuple[str, str], _Seen] = {}
    hours: dict[datetime, int] = defaultdict(int)
    used: set[tuple[str, str]] = set()
    looked_at = 0
    for batch in batches(people):
        if looked_at and time.monotonic() - began > within_s:
            break
        async with database.transaction(read_only=True) as tx:
            await store.bound_statements(tx, most_s=STATEMENT_S)
            tx.now = starts_at  # nothing is written: it only reads, as if it were then
            decided = await orchestration.rehearse(tx, source, batch, await variants_of(tx, found, batch))
        for one in decided:
            first = found.pilot_share is not None and rules.in_pilot(found.id, one.profile, found.pilot_share)
            _note(one, groups, hours, used, starts_at=starts_at, first=first)
        looked_at += len(batch)
    async with database.transaction(read_only=True) as tx:
        named = await _names(tx, groups.values())
    return _put_together(
        found, groups, hours, named, total=total, looked_at=looked_at, at=at, starts_at=starts_at,
        took_s=time.monotonic() - began,
    )  # fmt: skip


async def draw(tx: Transaction, segment: SegmentId, limit: int) -> tuple[int, list[ProfileId]]:
    """How many there are, and up to `limit` of them in random order; the same ones whenever it is asked."""
    bounds = await segments.bounds(tx, segment)
    if bounds is None:
        return 0, []
    chance = random.Random(int(segment))
    share = min(1.0, 1.1 * limit / bounds.count + 100 / bounds.count)
    drawn: list[ProfileId] = []
    cursor, pages = 0, bounds.count // PAGE + 2
    for _ in range(pages):
        page = await segments.member_range(tx, segment, from_id=cursor, to_id=ID_MAX, limit=PAGE)
        drawn += page if share == 1.0 else [profile for profile in page if chance.random() < share]
        if len(page) < PAGE:
            break
        cursor = page[-1] + 1
    chance.shuffle(drawn)
    return max(bounds.count, len(drawn)) if share == 1.0 else bounds.count, drawn[:limit]


def batches(people: Sequence[ProfileId]) -> Iterator[list[ProfileId]]:
    """Neighbours in a batch are neighbours on the disk."""
    for start in range(0, len(people), BATCH):
        yield sorted(people[start : start + BATCH])


def _note(
    one: orchestration.Rehearsed,
    groups: dict[tuple[str, str], _Seen],
    hours: dict[datetime, int],
    used: set[tuple[str, str]],
    *,
    starts_at: datetime,
    first: bool,
) -> None:
    """Of two people with one address, the second is no longer told: a campaign uses an address once."""
    verdict = one.verdict
    place = (verdict.channel or "", verdict.address or "")
    if verdict.act == "send" and place in used:
        key, channel, reason = ("not", "duplicate"), None, "duplicate"
    elif verdict.act == "send":
        used.add(place)
        key, channel, reason = ("now", place[0]), place[0], None
    elif verdict.act == "wait":
        reason = verdict.reason or "send_at"
        key, channel = ("later", reason), None
    else:
        reason = verdict.reason or verdict.act
        key, channel = ("not", reason), None
    groups.setdefault(key, _Seen(channel, reason)).add(one, first=first)
    if key[0] != "not":
        at = max(starts_at, verdict.until or starts_at)
        if at.year < 9000:
            hours[at.replace(minute=0, second=0, microsecond=0)] += 1


async def _names(tx: Transaction, groups: Iterable[_Seen]) -> dict[ProfileId, str]:
    wanted = {one.profile for group in groups for one in group.examples}
    named = {}
    for profile in await profiles.read(tx, sorted(wanted)):
        by_kind = {each.kind: each.value for each in profile.identifiers}
        others = next(iter(by_kind.values()), str(profile.id))
        named[profile.id] = by_kind.get("external_id") or by_kind.get("email") or others
    return named


def _put_together(
    campaign: Campaign,
    groups: dict[tuple[str, str], _Seen],
    hours: dict[datetime, int],
    named: dict[ProfileId, str],
    *,
    total: int,
    looked_at: int,
    at: datetime,
    starts_at: datetime,
    took_s: float,
) -> DryRun:
    scale = total / looked_at if looked_at else 0.0
    parts = _parts(groups, named, scale)
    told = [group for (of, _), group in groups.items() if of != "not"]
    cost = scale * sum(group.cost for group in told)
    n = round(scale * sum(group.n for group in told))
    plan = campaign.plan
    return DryRun(
        campaign=campaign.name,
        at=at,
        took_s=round(took_s, 2),
        people=total,
        looked_at=looked_at,
        exact=looked_at == total,
        margin=margin(looked_at, total),
        starts_at=starts_at,
        told=n,
        pilot=None if campaign.pilot_share is None else round(scale * sum(group.first for group in told)),
        cost=round(cost, 6),
        budget=plan.budget,
        cost_share=None if not plan.budget else cost / plan.budget,
        minutes=None if not plan.per_minute else n / plan.per_minute,
        channels=parts["now"],
        later=parts["later"],
        not_told=parts["not"],
        hours=[Hour(hour, round(scale * many)) for hour, many in sorted(hours.items())],
    )


def _parts(groups: dict[tuple[str, str], _Seen], named: dict[ProfileId, str], scale: float) -> dict[str, list[Part]]:
    """Of those told now, later and not: the largest first."""
    found: dict[str, list[Part]] = {"now": [], "later": [], "not": []}
    for (of, name), group in groups.items():
        found[of].append(_part(name, group, named, scale))
    return {of: sorted(parts, key=lambda part: (-part.n, part.name)) for of, parts in found.items()}


def _part(name: str, group: _Seen, named: dict[ProfileId, str], scale: float) -> Part:
    examples = [
        Example(str(one.profile), named[one.profile], worded(one.verdict.because), one.verdict.until)
        for one in group.examples
    ]
    return Part(name, round(scale * group.n), round(scale * group.cost, 6), examples)


def margin(looked_at: int, total: int) -> float:
    """Half the width of the 95 % interval of a share of one half, drawn without putting back (Cochran 1977, 3.2)."""
    if looked_at >= total or looked_at < 1:
        return 0.0
    return NORMAL_95 * math.sqrt(0.25 / looked_at * (total - looked_at) / max(1, total - 1))
