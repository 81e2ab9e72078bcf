"""The delivery loop: claim, render, mark, hand over, record. Three transactions, none open while bytes travel.

A worker that dies leaves rows in `sending`; once their lease is over they are claimed again and become
`in_doubt`: perhaps sent, and never sent again by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog

from antiphon import channels, content, metrics
from antiphon.kernel import settings
from antiphon.kernel.clock import wall, wall_datetime
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.due import Claimed
from antiphon.kernel.errors import Problem
from antiphon.kernel.records import (
    Channel,
    Cleared,
    Count,
    DeliveryId,
    Outgoing,
    ProfileId,
    ProviderId,
    Refused,
    SourceId,
)
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import store
from antiphon.orchestration.handed import Rendered, doubt, record
from antiphon.orchestration.records import Source
from antiphon.orchestration.variables import locale_of, variables_of

log = structlog.get_logger()

HANDOVER_S = 0.5
"""Bytes leave within this time of the mark, or not at all: an opt-out is never older than that when they do."""

LEASE_S = 60.0
REROUTE_BATCH = 500
PACE_PAUSE_S = 0.2
URGENT = [[0], [1], [2, 3], [4]]


async def work_provider(runtime: Runtime, connections: channels.Connections, provider: ProviderId) -> int:
    """One round for one provider. Returns how many deliveries it claimed.

    It is connected before anything is marked: connecting may take longer than what is marked may wait.
    """
    database = runtime.database
    if not await connections.ready(provider):
        return await reroute(runtime, provider) or await _try_urgent(runtime, connections, provider)
    async with database.transaction() as tx:
        room = await channels.room(tx, provider, wanted=connections.batch(provider))
        claimed = await _claim(tx, provider, room)
        await channels.spend(tx, provider, len(claimed))
    if not claimed:
        return await _pause(room)
    queued = await _without_stale(runtime, claimed)
    if queued:
        await _send(runtime, connections, provider, queued)
    return len(claimed)


async def _pause(room: int) -> int:
    """No room: its pace is used up for now, so there may be more. Room: there is nothing to do."""
    if room == 0:
        await asyncio.sleep(PACE_PAUSE_S)
        return 1
    return 0


async def _without_stale(runtime: Runtime, claimed: Sequence[Claimed]) -> list[Claimed]:
    """Those that wait in the queue; whoever marked the others is gone."""
    stale = [item for item in claimed if item.row["state"] != "queued"]
    if stale:
        await runtime.database.repeat(lambda tx: doubt(tx, stale))
    return [item for item in claimed if item.row["state"] == "queued"]


async def reroute(runtime: Runtime, provider: ProviderId) -> int:
    """What waits for a provider that is down takes another of its channel; nothing waits for one switched off."""
    database = runtime.database
    async with database.transaction() as tx:
        this = next((each for each in await channels.providers(tx) if each.id == provider), None)
        other = await channels.alternative(tx, provider)
        if this is None or this.up(wall_datetime()) or (this.enabled and other is None):
            return 0
        claimed = await _claim(tx, provider, REROUTE_BATCH)
    queued = await _without_stale(runtime, claimed)
    ids = [(DeliveryId(item.key[1]), item.lease) for item in queued]
    async with database.transaction() as tx:
        if other is not None:
            await store.reroute(tx, ids, provider=other)
            tx.wake("deliveries")
        else:
            await withdraw(tx, [number for number, _ in ids], code="its provider is switched off")
    return len(claimed)


async def _try_urgent(runtime: Runtime, connections: channels.Connections, provider: ProviderId) -> int:
    """Codes and alerts do not wait for a provider that is down: a few tries, and the next channel has its turn."""
    async with runtime.database.transaction() as tx:
        claimed = await store.DELIVERIES.claim(
            tx, provider, URGENT[0] + URGENT[1], batch=REROUTE_BATCH, lease_s=LEASE_S
        )
    queued = await _without_stale(runtime, claimed)
    if queued:
        await _send(runtime, connections, provider, queued)
    return len(claimed)


async def work_switched_off(runtime: Runtime) -> int:
    """Deliveries of providers that have no loops of their own any more."""
    async with runtime.database.transaction(read_only=True) as tx:
        off = [each.id for each in await channels.providers(tx) if not each.enabled]
    return sum([await reroute(runtime, provider) for provider in off])


async def _claim(tx: Transaction, provider: ProviderId, room: int) -> list[Claimed]:
    """The most urgent lane first; a lane with fewer due rows than there is room leaves room for the next."""
    claimed: list[Claimed] = []
    for lanes in URGENT:
        if room > len(claimed):
            claimed += await store.DELIVERIES.claim(tx, provider, lanes, batch=room - len(claimed), lease_s=LEASE_S)
    return claimed


async def _send(
    runtime: Runtime, connections: channels.Connections, provider: ProviderId, claimed: Sequence[Claimed]
) -> None:
    database = runtime.database
    leases = {DeliveryId(item.key[1]): item.lease for item in claimed}
    async with database.transaction() as tx:
        rendered = await render(runtime, tx, list(leases))
        late = {r.row["id"] for r in rendered if r.row["expires_at"] is not None and r.row["expires_at"] <= tx.now}
        await withdraw(tx, sorted(late), code="its time is over")
    rendered = [r for r in rendered if r.row["id"] not in late]
    ready = [r for r in rendered if r.outgoing is not None]
    broken = [r for r in rendered if r.outgoing is None]
    if broken:
        await database.repeat(lambda tx: _fail_unrendered(tx, broken, leases))
    cleared = await database.repeat(lambda tx: clear(tx, [(r.row["id"], leases[r.row["id"]]) for r in ready]))
    by_id = {r.row["id"]: r for r in ready}
    going = [by_id[mark.delivery] for mark in cleared]
    if going:
        outgoing = [r.outgoing for r in going if r.outgoing is not None]
        results = await channels.send_many(connections, provider, cleared, outgoing, within_s=HANDOVER_S)
        await database.repeat(lambda tx: record(tx, going, leases, results))


async def clear(tx: Transaction, claimed: Sequence[tuple[DeliveryId, int]]) -> list[Cleared]:
    """Mark what may leave now. What may not is parked (paused), cancelled or decided anew."""
    if not claimed:
        return []
    cleared = await store.clear(tx, claimed, wall=wall())
    if len(cleared) < len(claimed):
        leases = dict(claimed)
        missing = [i for i, _ in claimed if i not in {mark.delivery for mark in cleared}]
        rows = await store.read_refused_marks(tx, [(i, leases[i]) for i in missing])
        paused = [row["id"] for row in rows if row["source_state"] == "paused"]
        await store.park(tx, [(i, leases[i]) for i in paused])
        await withdraw(tx, [row["id"] for row in rows if row["source_state"] != "paused"])
    return cleared


async def withdraw(tx: Transaction, deliveries: Sequence[DeliveryId], *, code: str = "decided anew") -> None:
    """Take back attempts that have not left; their people are decided anew at once."""
    rows = await store.withdraw(tx, deliveries, state="cancelled", code=code)
    await store.touch_people(tx, [ProfileId(row["profile_id"]) for row in rows])


async def render(runtime: Runtime, tx: Transaction, deliveries: Sequence[DeliveryId]) -> list[Rendered]:
    """Bodies are made when they leave and never stored: the message version and the variables are."""
    rows = await store.read_for_render(tx, deliveries)
    sources = await store.read_sources(tx, [row["source_id"] for row in rows])
    now = await settings.read(tx)
    versions = await content.versions(tx, [(s.message, s.version) for s in sources.values()])
    rendered = []
    for row in rows:
        source = sources[row["source_id"]]
        message = versions[source.message, source.version]
        try:
            outgoing = _outgoing(runtime, row, source, message, now, at=tx.now)
            rendered.append(Rendered(row, source, outgoing))
        except Problem as problem:
            rendered.append(Rendered(row, source, None, str(problem)))
        except Exception as error:  # one person's data must not hold up everybody else's
            log.exception("delivery.render_failed", delivery=row["id"])
            rendered.append(Rendered(row, source, None, type(error).__name__))
    return rendered


def _outgoing(
    runtime: Runtime, row: Row, source: Source, message: content.Message, now: settings.Settings, *, at: datetime
) -> Outgoing:
    delivery = DeliveryId(row["id"])
    traits = row["traits"] or {}
    body = content.render(
        message,
        channel=Channel(row["channel"]),
        locale=locale_of(traits),
        variant=row["variant"],
        variables=variables_of(traits, row["accounts"] or (), row["variables"] or {}, at=at),
        addressing=content.Addressing(
            base_url=runtime.base_url,
            sign=runtime.signer.sign,
            delivery=delivery,
            brand=content.Brand(now.brand_name, now.postal_address),
            sender=now.sender_sms if row["channel"] == "sms" else now.sender_email,
            sender_name=now.brand_name,
            feedback_id=f"{source.id}:{source.kind}:antiphon",
            preferences=True,
        ),
    )
    return Outgoing(
        delivery=delivery,
        token=runtime.signer.sign("m", delivery),
        to=row["address"],
        body=body,
        deadline_wall=0.0,
        details=row["details"] or {},
        expires_at=row["expires_at"],
    )


async def _fail_unrendered(tx: Transaction, broken: Sequence[Rendered], leases: dict[DeliveryId, int]) -> None:
    """A message that cannot be rendered for this person on this channel: a definite failure, never a hang."""
    cleared = await store.clear(tx, [(r.row["id"], leases[r.row["id"]]) for r in broken], wall=wall())
    ok = {mark.delivery for mark in cleared}
    going = [r for r in broken if r.row["id"] in ok]
    if going:
        await record(tx, going, leases, [Refused("message", "render", r.problem[:200]) for r in going])


async def work_silence(runtime: Runtime) -> int:
    """Expire what was handed over and not heard of in time; their people are decided anew."""
    database = runtime.database
    async with database.transaction() as tx:
        claimed = await store.WATCHED.claim(tx, batch=500, lease_s=LEASE_S)
    if claimed:
        await database.repeat(lambda tx: _expire(tx, claimed))
    return len(claimed)


async def _expire(tx: Transaction, claimed: Sequence[Claimed]) -> None:
    await store.lock_people(tx, sorted({ProfileId(item.row["profile_id"]) for item in claimed}))
    rows = await store.expire(tx, [(DeliveryId(item.key[1]), item.lease) for item in claimed])
    rows = [row for row in rows if row["state"] == "expired"]
    await store.touch_people(tx, [ProfileId(row["profile_id"]) for row in rows])
    await metrics.add(
        tx, [Count(SourceId(r["source_id"]), r["channel"], r["variant"], "expired", tx.now, 1) for r in rows]
    )
