"""What a hand-over came to: recorded in one transaction, with people to decide anew, events and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct

from antiphon import channels, metrics, profiles
from antiphon.kernel import gsm7, outlet
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.due import Claimed
from antiphon.kernel.records import (
    Accepted,
    Count,
    DeliveryId,
    InDoubt,
    NotSent,
    Outgoing,
    ProfileId,
    ProviderId,
    Receipt,
    Refused,
    Result,
    SmsBody,
    SourceId,
)
from antiphon.orchestration import store
from antiphon.orchestration.records import Source
from antiphon.orchestration.teach import teach
from antiphon.orchestration.timeline import entry

log = structlog.get_logger()

PATIENT_S = (1.0, 4.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)
"""Wall time between tries after temporary refusals, where a failure may start no other channel but on proof.
In sum under two hours: longer than an outage or a greylisting (RFC 6647) lasts, shorter than a campaign."""

URGENT_S = (1.0, 4.0, 15.0)
"""The same where silence is worse than a double: the next channel does not wait for this one."""

PROVIDER_DOWN = "provider_down"
"""The code of what could not leave us: it says nothing of the address."""

GIVE_UP = timedelta(days=2)
"""How long a message may wait for a provider that takes nothing at all, in product time."""


class Rendered:
    """A claimed delivery with what it needs to leave."""

    def __init__(self, row: Row, source: Source, outgoing: Outgoing | None, problem: str = "") -> None:
        self.row, self.source, self.outgoing, self.problem = row, source, outgoing, problem

    @property
    def units(self) -> int:
        """What is paid for: an SMS in several parts counts so many times."""
        body = self.outgoing.body if self.outgoing is not None else None
        return gsm7.segments(body.text) if isinstance(body, SmsBody) else 1


class Outcome(Struct, frozen=True):
    """`watch_s`: until its silence means something. `retry_s`: until it is tried again. `unsent`: no try counts."""

    state: str
    failure: str | None = None
    code: str | None = None
    watch_s: float | None = None
    retry_s: float | None = None
    unsent: bool = False
    provider: int | None = None


async def record(
    tx: Transaction, going: Sequence[Rendered], leases: dict[DeliveryId, int], results: Sequence[Result]
) -> None:
    provider = ProviderId(going[0].row["provider_id"])
    unsent = any(isinstance(result, NotSent) for result in results)
    other = await channels.alternative(tx, provider) if unsent else None
    meant = {
        r.row["id"]: outcome_of(r.source, r.row, result, other=other, now=tx.now)
        for r, result in zip(going, results, strict=True)
    }
    failing = {ProfileId(r.row["profile_id"]) for r in going if meant[r.row["id"]].state == "failed"}
    await store.lock_people(tx, sorted(failing))
    written = await store.record(tx, _columns(leases, meant))
    by_id = {r.row["id"]: r for r in going}
    await _settle(tx, written, by_id, meant)
    ids = [row["id"] for row in written]
    answers = {r.row["id"]: result for r, result in zip(going, results, strict=True)}
    await _remember(tx, provider, {i: answers[i] for i in ids})
    await _fold_late(tx, provider, {i: result for i, result in answers.items() if i not in set(ids)})
    await _tell(tx, provider, written, by_id, meant)


async def _settle(
    tx: Transaction, written: Sequence[Row], by_id: dict[int, Rendered], meant: dict[int, Outcome]
) -> None:
    """Notifications that are `sent` now; people of failed ones are decided anew, and what it says of the address."""
    definite = [
        row["notification_id"]
        for row in written
        if row["state"] in ("in_doubt", "accepted", "sent") and by_id[row["id"]].source.failover_on == "definite"
    ]
    await store.hand_over_notifications(tx, definite)
    failed = [row for row in written if row["state"] == meant[row["id"]].state == "failed"]
    await store.touch_people(tx, [ProfileId(row["profile_id"]) for row in failed])
    await teach(tx, [(row, row["failure"]) for row in failed if meant[row["id"]].code != PROVIDER_DOWN])


async def _remember(tx: Transaction, provider: ProviderId, answers: dict[int, Result]) -> None:
    ids = [
        (DeliveryId(i), result.provider_message_id)
        for i, result in answers.items()
        if isinstance(result, Accepted) and result.provider_message_id
    ]
    if ids:
        await channels.remember(tx, provider, ids)


async def _fold_late(tx: Transaction, provider: ProviderId, answers: dict[int, Result]) -> None:
    """The lease was lost before the answer came, so these are in doubt: the answer is a receipt like any other."""
    await _remember(tx, provider, answers)
    receipts = [late for i, result in answers.items() if (late := _receipt(DeliveryId(i), result, tx.now))]
    await outlet.publish(tx, receipts)


def _receipt(delivery: DeliveryId, result: Result, at: datetime) -> Receipt | None:
    if isinstance(result, Accepted):
        return Receipt("accepted", at, delivery=delivery)
    if isinstance(result, Refused):
        return Receipt("failed", at, delivery=delivery, failure=result.failure, code=result.code)
    if isinstance(result, NotSent):
        return Receipt("failed", at, delivery=delivery, failure="temporary", code="not_sent")
    return None


async def _tell(
    tx: Transaction,
    provider: ProviderId,
    written: Sequence[Row],
    by_id: dict[int, Rendered],
    meant: dict[int, Outcome],
) -> None:
    """Metrics and the people's own timelines."""
    price = next((each.unit_cost for each in await channels.providers(tx) if each.id == provider), 0.0)
    counts = [_count(row, by_id[row["id"]], meant[row["id"]], tx.now, price=price) for row in written]
    await metrics.add(tx, [count for count in counts if count is not None])
    left = [row for row in written if meant[row["id"]].state in ("accepted", "in_doubt")]
    await _note_sent(tx, left, {row["source_id"]: by_id[row["id"]].source for row in left})


def _count(row: Row, rendered: Rendered, meant: Outcome, at: datetime, *, price: float) -> Count | None:
    """What a provider took costs its price; a receipt that was faster has lifted the doubt already."""
    if meant.state == "accepted" or (meant.state == "in_doubt" and row["state"] not in ("in_doubt", "failed")):
        kind, amount = "sent", price * rendered.units
    elif meant.state in ("in_doubt", "failed") and row["state"] == meant.state:
        kind, amount = meant.state, 0.0
    else:
        return None
    return Count(SourceId(row["source_id"]), row["channel"], rendered.row["variant"], kind, at, 1, amount)


async def _note_sent(tx: Transaction, rows: Sequence[Row], sources: Mapping[int, Source]) -> None:
    said = [(store.SENT_EVENTS.get(row["channel"]), row) for row in rows]
    await profiles.record_known(
        tx, [entry(name, row, sources[row["source_id"]], tx.now) for name, row in said if name is not None]
    )


def _columns(leases: dict[DeliveryId, int], meant: dict[int, Outcome]) -> dict[str, list[Any]]:
    ids = sorted(meant, key=lambda i: (i & 255, i))
    outcomes = [meant[i] for i in ids]
    return {
        "ids": ids,
        "leases": [leases[DeliveryId(i)] for i in ids],
        "states": [each.state for each in outcomes],
        "failures": [each.failure for each in outcomes],
        "codes": [each.code for each in outcomes],
        "watch_s": [each.watch_s for each in outcomes],
        "retry_s": [each.retry_s for each in outcomes],
        "unsent": [each.unsent for each in outcomes],
        "providers": [each.provider for each in outcomes],
    }


def outcome_of(source: Source, row: Row, result: Result, *, other: ProviderId | None, now: datetime) -> Outcome:
    """`other`: an account of the same channel that is up, for what could not leave through this one."""
    watch = source.silence(row["channel"]) if source.failover_on == "silence" else None
    if isinstance(result, Accepted):
        return Outcome("accepted", watch_s=watch)
    if isinstance(result, InDoubt):
        return Outcome("in_doubt", code=result.detail[:200], watch_s=watch)
    pauses = URGENT_S if source.failover_on == "silence" else PATIENT_S
    tried = row["attempts"] + 1
    pause = pauses[min(tried, len(pauses)) - 1]
    if isinstance(result, NotSent):
        patient = source.failover_on == "definite"
        if (now - row["created_at"] > GIVE_UP) if patient else tried > len(pauses):
            return Outcome("failed", "temporary", PROVIDER_DOWN)
        retry = None if other is not None else pause
        return Outcome("queued", None, result.detail[:200], retry_s=retry, unsent=patient, provider=other)
    said = f"{result.code} {result.detail}"[:200]
    pause = max(pause, result.retry_after_s or 0.0)
    if result.failure == "temporary" and tried <= len(pauses) and (watch is None or pause < watch):
        return Outcome("queued", None, said, retry_s=pause)
    return Outcome("failed", result.failure, said)


async def doubt(tx: Transaction, stale: Sequence[Claimed]) -> None:
    """Whoever marked these is gone: perhaps they were sent."""
    sources = await store.read_sources(tx, [item.row["source_id"] for item in stale])
    watch = [
        source.silence(item.row["channel"]) if source.failover_on == "silence" else None
        for item in stale
        for source in [sources[item.row["source_id"]]]
    ]
    rows = await store.doubt(tx, [(DeliveryId(item.key[1]), item.lease) for item in stale], watch)
    definite = [r["notification_id"] for r in rows if sources[r["source_id"]].failover_on == "definite"]
    await store.hand_over_notifications(tx, definite)
    kind = {"in_doubt": "in_doubt", "accepted": "sent", "sent": "sent"}
    await metrics.add(
        tx, [Count(SourceId(r["source_id"]), r["channel"], r["variant"], kind[r["state"]], tx.now, 1) for r in rows]
    )
    await _note_sent(tx, rows, sources)
    log.info("delivery.in_doubt", n=len(rows))
