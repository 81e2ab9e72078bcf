"""Deciding people: read their cases under the lock, choose, write. Two statements in, a few out, for any number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from antiphon import metrics
from antiphon.kernel import outlet, settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.due import Claimed
from antiphon.kernel.records import Count, Halted, NotificationId, ProfileId, SourceId
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import store
from antiphon.orchestration.choose import choose
from antiphon.orchestration.limits import kept, standing
from antiphon.orchestration.policy import read_policy
from antiphon.orchestration.records import OpenNotification, PersonCase, Place, Policy, Verdict

BATCH = 500
LEASE_S = 30.0

Decided = tuple[ProfileId, OpenNotification, Verdict]
Chosen = list[tuple[PersonCase, list[Verdict]]]
"""In the order of the people: what was read of each, and what follows from it."""

KEPT = frozenset({"wait", "drop", "fail", "rest"})
ROUNDING = 1e-9
ById = dict[NotificationId, tuple[ProfileId, OpenNotification]]


async def decide(tx: Transaction, people: Sequence[ProfileId], *, fresh: store.Fresh | None = None) -> list[Decided]:
    """Decide every open notification of these people, who are not claimed by anybody; waits become due times.

    `fresh`: each of them gets a notification of this source too, unless they have one.
    """
    decided = await _decide(tx, people, fresh)
    waits = [(profile, verdict.until) for profile, _, verdict in decided if verdict.until is not None]
    waits += [(profile, tx.now) for profile in await _resumed(tx, decided)]
    await store.touch_people(tx, [profile for profile, _ in waits], [until for _, until in waits])
    return decided


async def _resumed(tx: Transaction, decided: Sequence[Decided]) -> list[ProfileId]:
    """Who was told to wait for a source that was resumed while we decided: nobody else would wake them."""
    parked = [(profile, notification.source.id) for profile, notification, v in decided if v.reason == "paused"]
    still = await store.lock_paused(tx, [source for _, source in parked])
    return [profile for profile, source in parked if source not in still]


async def work_people(runtime: Runtime) -> int:
    """Decide the people whose time has come. Returns how many."""
    database = runtime.database
    async with database.transaction() as tx:
        claimed = await store.PEOPLE.claim(tx, batch=BATCH, lease_s=LEASE_S)
    if claimed:
        await database.repeat(lambda tx: _decide_claimed(tx, claimed))
    return len(claimed)


async def _decide_claimed(tx: Transaction, claimed: Sequence[Claimed]) -> None:
    """The finish comes first among the writes: who is no longer mine is left to the one who has it."""
    mine = {key[1] for key in await store.PEOPLE.finish(tx, claimed, [None] * len(claimed))}
    await decide(tx, [ProfileId(profile) for profile in sorted(mine)])


async def _decide(tx: Transaction, people: Sequence[ProfileId], fresh: store.Fresh | None) -> list[Decided]:
    cases, made = await store.lock_and_load(tx, people, fresh=fresh)
    if not cases:
        return []
    policy = await read_policy(tx)
    chosen = [(case, choose(case, policy, now=tx.now)) for case in cases]
    chosen = await _once_per_address(tx, chosen, policy)
    chosen = await _within_budgets(tx, chosen, policy)
    by_id = {n.id: (case.profile, n) for case in cases for n in case.notifications}
    verdicts = [verdict for _, theirs in chosen for verdict in theirs]
    sends = [v for v in verdicts if v.act == "send"]
    await store.write_verdicts(tx, [(v, *by_id[v.notification]) for v in verdicts])
    if sends:
        await store.insert_deliveries(
            tx,
            [(v, by_id[v.notification][1], made.get(v.notification, 0) + 1) for v in sends],
        )
        tx.wake("deliveries")
    await _write_places(tx, chosen, policy)
    await store.inputs.keep(tx, await _worth_keeping(tx, chosen), policy)
    await metrics.add(tx, _counts(verdicts, by_id, at=tx.now))
    return [(*by_id[v.notification], v) for v in verdicts]


async def _once_per_address(tx: Transaction, chosen: Chosen, policy: Policy) -> Chosen:
    """A campaign uses an address once: who shares it with somebody told before is decided again, and knows it."""
    wanted: list[tuple[int, SourceId, str, str]] = []
    for n, (case, verdicts) in enumerate(chosen):
        source_of = {each.id: each.source for each in case.notifications}
        for verdict in verdicts:
            if verdict.act == "send" and (source := source_of[verdict.notification]).kind != "api":
                wanted.append((n, source.id, verdict.channel or "", verdict.address or ""))
    rows = [(source, channel, address, chosen[n][0].profile) for n, source, channel, address in wanted]
    taken: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    for (n, source_id, channel, address), own in zip(wanted, await store.take_addresses(tx, rows), strict=True):
        if not own:
            taken[n].append((source_id, channel, address))
    for n, shared in taken.items():
        case = replace(chosen[n][0], shared=tuple(shared))
        chosen[n] = (case, choose(case, policy, now=tx.now))
    return chosen


async def _within_budgets(tx: Transaction, chosen: Chosen, policy: Policy) -> Chosen:
    """Money is reserved in the order of the decisions; whoever comes after the last of it waits."""
    limited = {n.source.id for case, _ in chosen for n in case.notifications if n.source.terms.budget is not None}
    if not limited:
        return chosen
    left = await store.lock_budgets(tx, sorted(limited))
    costs: dict[SourceId, float] = defaultdict(float)
    halted: dict[SourceId, str] = {}
    for n, (case, verdicts) in enumerate(chosen):
        wanted = _costs(case, verdicts, left)
        if any(cost > left[source] - costs[source] + ROUNDING for source, cost in wanted.items()):
            poorer = replace(case, money={source: left[source] - costs[source] for source in wanted})
            chosen[n] = (poorer, choose(poorer, policy, now=tx.now))
            sources = {each.id: each.source.id for each in case.notifications}
            halted |= {sources[v.notification]: v.because for v in chosen[n][1] if v.reason == "budget_spent"}
            wanted = _costs(*chosen[n], left)
        for source, cost in wanted.items():
            costs[source] += cost
    await store.reserve(tx, costs)
    await outlet.publish(tx, [Halted(source, "budget_spent", because) for source, because in sorted(halted.items())])
    return chosen


def _costs(case: PersonCase, verdicts: Sequence[Verdict], left: Mapping[SourceId, float]) -> dict[SourceId, float]:
    costs: dict[SourceId, float] = defaultdict(float)
    source_of = {each.id: each.source.id for each in case.notifications}
    for verdict in verdicts:
        if verdict.act == "send" and (source := source_of[verdict.notification]) in left:
            costs[source] += verdict.cost
    return costs


async def _write_places(tx: Transaction, chosen: Chosen, policy: Policy) -> None:
    taken: dict[ProfileId, list[Place]] = {}
    for case, verdicts in chosen:
        stand = standing(case)
        new = [v.place for v in verdicts if v.act == "send" and v.place is not None] if policy.caps else []
        if new or len(stand) < len(case.places):
            taken[case.profile] = [*kept(stand, policy.caps, now=tx.now), *new]
    await store.write_caps(tx, taken)


async def _worth_keeping(tx: Transaction, chosen: Chosen) -> list[PersonCase]:
    """Whoever was made to wait or told nothing may ask why; of the others a sample answers for all."""
    share = (await settings.read(tx)).decision_sample
    return [
        case
        for case, verdicts in chosen
        if any(v.act in KEPT or (v.act == "send" and _is_drawn(v.notification, share)) for v in verdicts)
    ]


def _is_drawn(notification: NotificationId, share: float) -> bool:
    return (notification * 0x9E3779B97F4A7C15 & 0xFFFFFFFF) < share * 0x100000000


def _counts(verdicts: Sequence[Verdict], by_id: ById, *, at: datetime) -> list[Count]:
    kinds = {"wait": "waiting", "drop": "dropped", "fail": "failed_all"}
    counts = []
    for verdict in verdicts:
        notification = by_id[verdict.notification][1]
        if verdict.act in kinds and not (verdict.act == "wait" and notification.waited):
            kind = f"{kinds[verdict.act]}:{verdict.reason}"
            counts.append(Count(notification.source.id, "", notification.variant, kind, at, 1))
    return counts
