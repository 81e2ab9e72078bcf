"""Deciding people: read their cases under the lock, choose, write. Two statements in, a few out, for any number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from antiphon import channels, metrics, profiles
from antiphon.kernel import settings
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Transaction
from antiphon.kernel.due import Claimed
from antiphon.kernel.records import Count, NotificationId, ProfileId
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import store
from antiphon.orchestration.choose import choose
from antiphon.orchestration.records import OpenNotification, Policy, ProviderChoice, Verdict

BATCH = 500
LEASE_S = 30.0

Decided = tuple[ProfileId, OpenNotification, Verdict]
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
    by_id = {n.id: (case.profile, n) for case in cases for n in case.notifications}
    verdicts = [verdict for case in cases for verdict in choose(case, policy, now=tx.now)]
    verdicts = await _once_per_address(tx, verdicts, by_id)
    sends = [v for v in verdicts if v.act == "send"]
    await store.write_verdicts(tx, [(v, *by_id[v.notification]) for v in verdicts])
    if sends:
        await store.insert_deliveries(
            tx,
            [(v, by_id[v.notification][1], made.get(v.notification, 0) + 1) for v in sends],
        )
        tx.wake("deliveries")
    if policy.frequency_cap is not None:
        capped = [by_id[v.notification][0] for v in sends if v.counts]
        await store.write_caps(tx, capped, kept_s=policy.frequency_cap.within_s)
    await metrics.add(tx, _counts(verdicts, by_id, at=tx.now))
    return [(*by_id[v.notification], v) for v in verdicts]


async def read_policy(tx: Transaction) -> Policy:
    """The provider of a channel is the lowest rank that is up; with all down, the lowest rank: it will wait."""
    now = await settings.read(tx)
    providers: dict[str, ProviderChoice] = {}
    at = wall_datetime()
    for provider in await channels.providers(tx):
        if provider.enabled and (provider.channel not in providers):
            providers[provider.channel] = ProviderChoice(provider.id, provider.unit_cost, provider.up(at))
    return Policy(
        providers=providers,
        quiet_hours=now.quiet_hours,
        frequency_cap=now.frequency_cap,
        timezone=now.timezone,
        jurisdictions=now.jurisdictions,
        topics={topic.name: topic for topic in await profiles.topics(tx)},
    )


async def _once_per_address(tx: Transaction, verdicts: list[Verdict], by_id: ById) -> list[Verdict]:
    """A campaign uses an address once: who shares it with somebody told before is `duplicate`."""
    wanted = [
        (n, v) for n, v in enumerate(verdicts) if v.act == "send" and by_id[v.notification][1].source.kind != "api"
    ]
    rows = [
        (by_id[v.notification][1].source.id, v.channel or "", v.address or "", by_id[v.notification][0])
        for _, v in wanted
    ]
    for (n, verdict), own in zip(wanted, await store.take_addresses(tx, rows), strict=True):
        if not own:
            because = "somebody else with this address was told"
            verdicts[n] = Verdict(verdict.notification, "drop", reason="duplicate", because=because)
    return verdicts


def _counts(verdicts: Sequence[Verdict], by_id: ById, *, at: datetime) -> list[Count]:
    kinds = {"wait": "waiting", "drop": "dropped", "fail": "failed_all"}
    counts = []
    for verdict in verdicts:
        notification = by_id[verdict.notification][1]
        if verdict.act in kinds and not (verdict.act == "wait" and notification.waited):
            kind = f"{kinds[verdict.act]}:{verdict.reason}"
            counts.append(Count(notification.source.id, "", notification.variant, kind, at, 1))
    return counts
