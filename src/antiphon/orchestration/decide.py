"""Deciding people: read their cases under the lock, choose, write. Two statements in, a few out, for any number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from antiphon import metrics
from antiphon.kernel import settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.due import Claimed
from antiphon.kernel.records import Count, NotificationId, ProfileId
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import store
from antiphon.orchestration.choose import choose
from antiphon.orchestration.limits import kept, standing
from antiphon.orchestration.policy import read_policy
from antiphon.orchestration.quiet import quiet_from
from antiphon.orchestration.records import OpenNotification, PersonCase, Place, Policy, Verdict
from antiphon.orchestration.scarce import Chosen, share_out

BATCH = 500
LEASE_S = 30.0

Decided = tuple[ProfileId, OpenNotification, Verdict]
KEPT = frozenset({"wait", "drop", "fail", "rest"})
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
    chosen = await share_out(tx, [(case, choose(case, policy, now=tx.now)) for case in cases], policy)
    by_id = {n.id: (case.profile, n) for case in cases for n in case.notifications}
    verdicts = [verdict for _, theirs in chosen for verdict in theirs]
    sends = [v for v in verdicts if v.act == "send"]
    await store.write_verdicts(tx, [(v, *by_id[v.notification]) for v in verdicts])
    if sends:
        by = _leave_by(chosen, policy, tx.now)
        attempts = [(v, by_id[v.notification][1], made.get(v.notification, 0) + 1, by[v.notification]) for v in sends]
        await store.insert_deliveries(tx, [store.Attempted(*each) for each in attempts])
        tx.wake("deliveries")
    await _write_places(tx, chosen, policy)
    await store.inputs.keep(tx, await _worth_keeping(tx, chosen), policy)
    await metrics.add(tx, _counts(verdicts, by_id, at=tx.now))
    return [(*by_id[v.notification], v) for v in verdicts]


def _leave_by(chosen: Chosen, policy: Policy, now: datetime) -> dict[NotificationId, datetime | None]:
    """When the quiet hours of what is sent begin. Where nothing differs, nothing is worked out twice."""
    known: dict[tuple[object, ...], datetime | None] = {}
    found: dict[NotificationId, datetime | None] = {}
    for case, verdicts in chosen:
        purposes = {each.id: each.source.purpose for each in case.notifications}
        for verdict in verdicts:
            if verdict.act == "send":
                channel, purpose = verdict.channel or "", purposes[verdict.notification]
                key = channel, purpose, case.quiet, tuple(case.zones), tuple(case.regions)
                if key not in known:
                    known[key] = quiet_from(case.zones, case.regions, channel, purpose, policy, now, own=case.quiet)
                found[verdict.notification] = known[key]
    return found


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
