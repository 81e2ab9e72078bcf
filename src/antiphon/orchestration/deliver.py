"""The delivery loop: claim, render, mark, hand over, record. Three transactions, none open while bytes travel.

A worker that dies leaves rows in `sending`; once their lease is over they are claimed again and become
`in_doubt`: perhaps sent, and never sent again by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from antiphon import channels, content, metrics, profiles
from antiphon.kernel import gsm7, settings
from antiphon.kernel.clock import wall
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.due import Claimed
from antiphon.kernel.errors import Problem
from antiphon.kernel.records import (
    Accepted,
    Channel,
    Cleared,
    Count,
    DeliveryId,
    InDoubt,
    NotSent,
    Outgoing,
    ProfileId,
    ProviderId,
    Refused,
    Result,
    SmsBody,
    SourceId,
)
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import store
from antiphon.orchestration.records import Source
from antiphon.orchestration.teach import teach

log = structlog.get_logger()

HANDOVER_S = 0.5
"""Bytes leave within this time of the mark, or not at all: an opt-out is never older than that when they do."""

LEASE_S = 60.0
TRIES_MAX = 5
"""Temporary refusals (or hand-overs that could not happen) before the attempt counts as failed."""

BACKOFF_S = (1.0, 4.0, 15.0, 60.0, 60.0)
URGENT = [[0], [1], [2, 3], [4]]


class Rendered:
    """A claimed delivery with what it needs to leave."""

    def __init__(self, row: Row, source: Source, outgoing: Outgoing | None, problem: str = "") -> None:
        self.row, self.source, self.outgoing, self.problem = row, source, outgoing, problem


async def work_provider(runtime: Runtime, connections: channels.Connections, provider: ProviderId) -> int:
    """One round for one provider. Returns how many deliveries it claimed."""
    database = runtime.database
    async with database.transaction() as tx:
        room = await channels.room(tx, provider, wanted=connections.batch(provider))
        claimed = await _claim(tx, provider, room)
        await channels.spend(tx, provider, len(claimed))
    if not claimed:
        return 0
    stale = [item for item in claimed if item.row["state"] == "sending"]
    if stale:
        await database.repeat(lambda tx: _doubt(tx, stale))
    queued = [item for item in claimed if item.row["state"] == "queued"]
    if queued:
        await _send(runtime, connections, provider, queued)
    return len(claimed)


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
            outgoing = _outgoing(runtime, row, source, message, now)
            rendered.append(Rendered(row, source, outgoing))
        except Problem as problem:
            rendered.append(Rendered(row, source, None, str(problem)))
    return rendered


def _outgoing(runtime: Runtime, row: Row, source: Source, message: content.Message, now: settings.Settings) -> Outgoing:
    delivery = DeliveryId(row["id"])
    traits = row["traits"] or {}
    body = content.render(
        message,
        channel=Channel(row["channel"]),
        locale=str(traits.get("language") or ""),
        variant=row["variant"],
        variables={"profile": traits, **(row["variables"] or {})},
        addressing=content.Addressing(
            base_url=runtime.base_url,
            sign=runtime.signer.sign,
            delivery=delivery,
            brand=content.Brand(now.brand_name, now.postal_address),
            sender=now.sender_sms if row["channel"] == "sms" else now.sender_email,
            sender_name=now.brand_name,
            feedback_id=f"{source.id}:{source.kind}:antiphon",
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


async def record(
    tx: Transaction, going: Sequence[Rendered], leases: dict[DeliveryId, int], results: Sequence[Result]
) -> None:
    """What the hand-over came to, in one transaction: states, people to decide anew, events, counts."""
    provider = ProviderId(going[0].row["provider_id"])
    unsent = any(isinstance(result, NotSent) for result in results)
    other = await channels.alternative(tx, provider) if unsent else None
    written = await store.record(tx, _columns(going, leases, results, other))
    by_id = {r.row["id"]: r for r in going}
    answers = {r.row["id"]: result for r, result in zip(going, results, strict=True)}
    handed = [row for row in written if row["state"] in ("accepted", "in_doubt")]
    definite = [r["notification_id"] for r in handed if by_id[r["id"]].source.failover_on == "definite"]
    await store.hand_over_notifications(tx, definite)
    failed = [row for row in written if row["state"] == "failed"]
    await store.touch_people(tx, [ProfileId(row["profile_id"]) for row in failed])
    await teach(tx, [(row, row["failure"]) for row in failed])
    accepted = [row for row in handed if row["state"] == "accepted"]
    ids = [(row["id"], message_id) for row in accepted if (message_id := _provider_message_id(answers[row["id"]]))]
    if ids:
        await channels.remember(tx, provider, ids)
    price = next((each.unit_cost for each in await channels.providers(tx) if each.id == provider), 0.0)
    over = [row for row in written if row["state"] != "queued"]
    await metrics.add(tx, [_count(row, by_id[row["id"]], tx, price=price) for row in over])
    await profiles.record_known(
        tx,
        [
            (ProfileId(row["profile_id"]), store.SENT_EVENTS[row["channel"]], tx.now, _event(by_id[row["id"]].source))
            for row in handed
            if row["channel"] in store.SENT_EVENTS
        ],
    )


def _columns(
    going: Sequence[Rendered], leases: dict[DeliveryId, int], results: Sequence[Result], other: ProviderId | None
) -> dict[str, list[Any]]:
    rows = [_outcome(r, result, other) for r, result in zip(going, results, strict=True)]
    names = ("states", "failures", "codes", "watch_s", "retry_s", "unsent", "providers")
    columns = {name: [row[n] for row in rows] for n, name in enumerate(names)}
    ids = [r.row["id"] for r in going]
    return {"ids": ids, "leases": [leases[i] for i in ids], **columns}


Outcome = tuple[str, str | None, str | None, float | None, float | None, bool, int | None]
"""state, failure, code, watch_s, retry_s, unsent, another provider."""


def _outcome(rendered: Rendered, result: Result, other: ProviderId | None) -> Outcome:
    """`other`: an account of the same channel that is up, for what could not leave through this one."""
    source, row = rendered.source, rendered.row
    watch = source.silence(row["channel"]) if source.failover_on == "silence" else None
    tried = row["attempts"] + 1
    if isinstance(result, Accepted):
        return "accepted", None, None, watch, None, False, None
    if isinstance(result, InDoubt):
        return "in_doubt", None, result.detail[:200], watch, None, False, None
    if isinstance(result, NotSent):
        if tried > TRIES_MAX:
            return "failed", "temporary", "provider_down", None, None, False, None
        pause = None if other is not None else BACKOFF_S[min(tried, TRIES_MAX) - 1]
        return "queued", None, result.detail[:200], None, pause, False, other
    if result.failure == "temporary" and tried < TRIES_MAX:
        pause = result.retry_after_s or BACKOFF_S[tried - 1]
        return "queued", None, f"{result.code} {result.detail}"[:200], None, pause, False, None
    return "failed", result.failure, f"{result.code} {result.detail}"[:200], None, None, False, None


def _provider_message_id(result: Result) -> str | None:
    return result.provider_message_id if isinstance(result, Accepted) else None


def _count(row: Row, rendered: Rendered, tx: Transaction, *, price: float) -> Count:
    """What a provider took costs its price, an SMS in several parts so many times."""
    kind = {"accepted": "sent", "in_doubt": "in_doubt", "failed": "failed"}[row["state"]]
    body = rendered.outgoing.body if rendered.outgoing is not None else None
    units = gsm7.segments(body.text) if isinstance(body, SmsBody) else 1
    amount = price * units if kind == "sent" else 0.0
    return Count(SourceId(row["source_id"]), row["channel"], rendered.row["variant"], kind, tx.now, 1, amount)


def _event(source: Source) -> dict[str, Any]:
    return {"source_id": str(source.id), "source": source.name}


async def _doubt(tx: Transaction, stale: Sequence[Claimed]) -> None:
    """Whoever marked these is gone: perhaps they were sent."""
    sources = await store.read_sources(tx, [item.row["source_id"] for item in stale])
    watch = [_watch(sources[item.row["source_id"]], item.row["channel"]) for item in stale]
    rows = await store.doubt(tx, [(DeliveryId(item.key[1]), item.lease) for item in stale], watch)
    definite = [r["notification_id"] for r in rows if sources[r["source_id"]].failover_on == "definite"]
    await store.hand_over_notifications(tx, definite)
    counts = [Count(SourceId(r["source_id"]), r["channel"], "", "in_doubt", tx.now, 1) for r in rows]
    await metrics.add(tx, counts)
    log.info("delivery.in_doubt", n=len(rows))


def _watch(source: Source, channel: str) -> float | None:
    return source.silence(channel) if source.failover_on == "silence" else None


async def work_silence(runtime: Runtime) -> int:
    """Expire what was handed over and not heard of in time; their people are decided anew."""
    database = runtime.database
    async with database.transaction() as tx:
        claimed = await store.WATCHED.claim(tx, batch=500, lease_s=LEASE_S)
    if claimed:
        await database.repeat(lambda tx: _expire(tx, [(DeliveryId(item.key[1]), item.lease) for item in claimed]))
    return len(claimed)


async def _expire(tx: Transaction, claimed: Sequence[tuple[DeliveryId, int]]) -> None:
    rows = [row for row in await store.expire(tx, claimed) if row["state"] == "expired"]
    await store.touch_people(tx, [ProfileId(row["profile_id"]) for row in rows])
    await metrics.add(tx, [Count(SourceId(r["source_id"]), r["channel"], "", "expired", tx.now, 1) for r in rows])
