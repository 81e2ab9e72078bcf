"""What a hand-over came to: recorded in one transaction, with people to decide anew, events and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct
from msgspec.structs import replace

from antiphon import channels, metrics, profiles
from antiphon.kernel import outlet
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import (
    Accepted,
    Count,
    DeliveryId,
    InDoubt,
    NotSent,
    ProfileId,
    ProviderId,
    Purpose,
    Receipt,
    Refused,
    Result,
    SourceId,
    bucket_of,
)
from antiphon.orchestration import store
from antiphon.orchestration.prices import heir
from antiphon.orchestration.records import Source
from antiphon.orchestration.rendering import Rendered
from antiphon.orchestration.silence import watch_s
from antiphon.orchestration.store import delivering
from antiphon.orchestration.teach import teach
from antiphon.orchestration.timeline import entries
from antiphon.orchestration.zones import region_near

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

HANDED = ("in_doubt", "accepted", "sent")


class Outcome(Struct, frozen=True):
    """`watch_s`: until its silence means something. `retry_s`: until it is tried again. `unsent`: no try counts."""

    state: str
    failure: str | None = None
    code: str | None = None
    watch_s: float | None = None
    retry_s: float | None = None
    unsent: bool = False
    provider: int | None = None


class Handed:
    """One hand-over: what left, each with its answer and what follows from it."""

    def __init__(
        self,
        going: Sequence[Rendered],
        results: Sequence[Result],
        *,
        account: channels.Provider | None,
        other: channels.Provider | None,
        now: datetime,
    ) -> None:
        learned_s = account.silence_s if account is not None else None
        self.by_id = {each.row["id"]: each for each in going}
        self.answers = dict(zip(self.by_id, results, strict=True))
        self.meant = {
            i: outcome_of(
                e.source, e.row, self.answers[i], other=heir(e.source, account, other), learned_s=learned_s, now=now
            )
            for i, e in self.by_id.items()
        }
        self.sources: dict[int, Source] = {each.source.id: each.source for each in going}
        self.provider = ProviderId(going[0].row["provider_id"])
        self.account = account

    def people(self, state: str) -> list[ProfileId]:
        return sorted(
            {ProfileId(each.row["profile_id"]) for i, each in self.by_id.items() if self.meant[i].state == state}
        )

    def closes(self) -> list[int]:
        """Notifications that wait for nothing more, unless the attempt turns out to have failed."""
        return [
            each.row["notification_id"]
            for i, each in self.by_id.items()
            if self.meant[i].state in HANDED and each.source.failover_on == "definite"
        ]


async def record(
    tx: Transaction, going: Sequence[Rendered], leases: Mapping[DeliveryId, int], results: Sequence[Result]
) -> None:
    """People, notifications, deliveries: in the order in which receipts lock them too."""
    handed = await _read(tx, going, results)
    await store.lock_people(tx, handed.people("failed"))
    closes = handed.closes()
    await store.hand_over_notifications(tx, closes)
    written = await store.record(tx, _columns(leases, handed.meant))
    await _settle(tx, written, handed, closes=set(closes))
    known = {row["id"] for row in written}
    await _remember(tx, handed.provider, {i: result for i, result in handed.answers.items() if i in known})
    await _fold_late(tx, handed.provider, {i: result for i, result in handed.answers.items() if i not in known})
    await _tell(tx, written, handed)
    answers = [(handed.by_id[i].row["address"], result) for i, result in handed.answers.items()]
    await channels.note_results(tx, handed.provider, answers)


async def _read(tx: Transaction, going: Sequence[Rendered], results: Sequence[Result]) -> Handed:
    provider = ProviderId(going[0].row["provider_id"])
    accounts = {each.id: each for each in await channels.providers(tx)}
    unsent = any(isinstance(result, NotSent) for result in results)
    other = await channels.alternative(tx, provider) if unsent else None
    account, other_account = accounts.get(provider), accounts.get(other) if other else None
    return Handed(going, results, account=account, other=other_account, now=tx.now)


async def _settle(tx: Transaction, written: Sequence[Row], handed: Handed, *, closes: set[int]) -> None:
    """People of failed ones are decided anew, and what it says of the address."""
    failed = [row for row in written if row["state"] == "failed"]
    await delivering.take_back_notifications(tx, [n for row in failed if (n := row["notification_id"]) in closes])
    failed = [row for row in failed if handed.meant[row["id"]].state == "failed"]
    await store.touch_people(tx, [ProfileId(row["profile_id"]) for row in failed])
    await teach(tx, [(row, row["failure"]) for row in failed if handed.meant[row["id"]].code != PROVIDER_DOWN])


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


async def _tell(tx: Transaction, written: Sequence[Row], handed: Handed) -> None:
    """Metrics and the people's own timelines."""
    counts = [_count(row, handed, tx.now) for row in written]
    bounced = [
        replace(count, kind="bounced")
        for row, count in zip(written, counts, strict=True)
        if count is not None and count.kind == "failed" and handed.meant[row["id"]].failure == "address"
    ]
    await metrics.add(tx, [*(count for count in counts if count is not None), *bounced])
    left = [row for row in written if handed.meant[row["id"]].state in ("accepted", "in_doubt")]
    await note_sent(tx, left, handed.sources)


def _count(row: Row, handed: Handed, at: datetime) -> Count | None:
    """What a provider took costs its price; a receipt that was faster has lifted the doubt already."""
    rendered, meant = handed.by_id[row["id"]], handed.meant[row["id"]]
    if meant.state == "accepted" or (meant.state == "in_doubt" and row["state"] not in ("in_doubt", "failed")):
        kind, amount = "sent", _price(handed.account, rendered)
    elif meant.state in ("in_doubt", "failed") and row["state"] == meant.state:
        kind, amount = meant.state, 0.0
    else:
        return None
    return Count(SourceId(row["source_id"]), row["channel"], rendered.row["variant"], kind, at, 1, amount)


async def note_sent(tx: Transaction, rows: Sequence[Row], sources: Mapping[int, Source]) -> None:
    """They were written to: on their timelines, and in what is known of how they answer. A reported failure that was
    faster takes the second back."""
    said = [(name, row) for row in rows if (name := store.SENT_EVENTS.get(row["channel"])) is not None]
    await profiles.record_known(tx, entries(said, sources, tx.now))
    arriving = [row for row in rows if row["state"] != "failed"]
    await metrics.note_sent(tx, [sent_of(row, sources) for row in arriving])


def sent_of(row: Row, sources: Mapping[int, Source]) -> tuple[ProfileId, str, Purpose]:
    return ProfileId(row["profile_id"]), row["channel"], sources[row["source_id"]].purpose


def _price(account: channels.Provider | None, rendered: Rendered) -> float:
    """By where the number is; a text message in several parts costs several times."""
    if account is None:
        return 0.0
    region = region_near(rendered.row["address"]) if account.costs and rendered.row["channel"] == "sms" else None
    return account.cost(region) * rendered.units


def _columns(leases: Mapping[DeliveryId, int], meant: dict[int, Outcome]) -> dict[str, list[Any]]:
    ids = sorted(meant, key=lambda i: (bucket_of(i), i))
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


def outcome_of(
    source: Source,
    row: Row,
    result: Result,
    *,
    other: ProviderId | None,
    now: datetime,
    learned_s: float | None = None,
) -> Outcome:
    """`other`: an account of the same channel that is up, for what could not leave through this one. `learned_s`: after
    what time nothing more is to be expected of this one."""
    watch = watch_of(source, row, learned_s=learned_s, now=now)
    if isinstance(result, Accepted):
        return Outcome("accepted", watch_s=watch)
    if isinstance(result, InDoubt):
        return Outcome("in_doubt", code=result.detail[:200], watch_s=watch)
    pauses = URGENT_S if source.failover_on == "silence" else PATIENT_S
    tried = row["attempts"] + 1
    pause = pauses[min(tried, len(pauses)) - 1]
    if isinstance(result, NotSent):
        if result.late:
            return Outcome("queued", None, result.detail[:200], unsent=True)
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


def watch_of(source: Source, row: Row, *, learned_s: float | None, now: datetime) -> float | None:
    return watch_s(
        source,
        row["channel"],
        learned_s=learned_s,
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        now=now,
    )


async def doubt(tx: Transaction, held: Mapping[DeliveryId, int]) -> None:
    """Whoever marked these is gone: perhaps they were sent, or a receipt says so. Each with my lease."""
    found = await store.lock_deliveries(tx, list(held))
    sources = await store.read_sources(tx, {row["source_id"] for row in found})
    learned = {each.id: each.silence_s for each in await channels.providers(tx)}
    watch = [
        watch_of(sources[row["source_id"]], row, learned_s=learned.get(row["provider_id"]), now=tx.now) for row in found
    ]
    rows = await store.doubt(tx, [(DeliveryId(row["id"]), held[row["id"]]) for row in found], watch)
    handed = [row for row in rows if row["state"] in HANDED and sources[row["source_id"]].failover_on == "definite"]
    await store.hand_over_notifications(tx, [row["notification_id"] for row in handed])
    counts = [("in_doubt" if row["state"] == "in_doubt" else "sent", row) for row in rows]
    await metrics.add(
        tx,
        [Count(SourceId(r["source_id"]), r["channel"], r["variant"], kind, tx.now, 1) for kind, r in counts],
    )
    await note_sent(tx, rows, sources)
    if n := sum(kind == "in_doubt" for kind, _ in counts):
        log.info("delivery.in_doubt", n=n)
