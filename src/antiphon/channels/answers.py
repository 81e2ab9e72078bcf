"""What answers and receipts teach of a provider: tallies for its health, the pace of receivers, the breaker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from weakref import WeakKeyDictionary

import structlog

from antiphon.channels import breaker, health, pacing, store_routes
from antiphon.channels.breaker import Breaker, Cause
from antiphon.channels.receivers import receiver_of
from antiphon.channels.reserving import facts, forget_facts, is_limited
from antiphon.channels.store_routes import Facts, Lesson
from antiphon.kernel.clock import wall
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.records import Accepted, Channel, InDoubt, ProviderId, Refused, Result

log = structlog.get_logger()

SPREAD_MIN, SPREAD_SHARE = 3, 0.5
"""So many receivers that defer at once, and most of a batch: it is not they, it is the provider or we."""
ANSWERED = ("accepted", "refused", "temporary", "policy", "deferred")
CREDENTIALS_MIN = {Channel.PUSH.value: 3}
"""A push service refuses a key for one subscription; elsewhere one refusal is enough."""

_recent: WeakKeyDictionary[Database, dict[ProviderId, pacing.Recent]] = WeakKeyDictionary()


class Batch:
    """One hand-over, counted: kinds of answers, and for e-mail who took and who deferred how many."""

    def __init__(self, results: Sequence[tuple[str, Result]], *, is_mail: bool) -> None:
        self.kinds: Counter[str] = Counter()
        self.taken: Counter[str] = Counter()
        self.deferred: Counter[str] = Counter()
        self.last: dict[str, Refused] = {}
        self.blames: list[Refused] = []
        for address, result in results:
            kind = self._kind(result, is_mail=is_mail)
            self.kinds[kind] += 1
            if is_mail and kind == "accepted":
                self.taken[receiver_of(address)] += 1
            elif kind == "deferred" and isinstance(result, Refused):
                receiver = receiver_of(address)
                self.deferred[receiver] += 1
                self.last[receiver] = result
            elif isinstance(result, Refused) and breaker.is_blame(result):
                self.blames.append(result)
        self.kinds["blamed"] = len(self.blames)
        if self._is_spread():
            self.kinds["blamed"] += self.kinds["deferred"]
            self.blames += self.last.values()

    @staticmethod
    def _kind(result: Result, *, is_mail: bool) -> str:
        if isinstance(result, Accepted):
            return "accepted"
        if isinstance(result, Refused):
            if result.failure in ("temporary", "policy"):
                return "deferred" if is_mail and breaker.is_deferral(result) else result.failure
            return "refused"
        return "doubt" if isinstance(result, InDoubt) else "unsent"

    def _is_spread(self) -> bool:
        n = self.kinds["deferred"]
        return len(self.deferred) >= SPREAD_MIN and n > SPREAD_SHARE * self.answered

    @property
    def answered(self) -> int:
        return sum(self.kinds[kind] for kind in ANSWERED)


async def note_results(tx: Transaction, provider: ProviderId, results: Sequence[tuple[str, Result]]) -> None:
    """(address, result) of one hand-over, in the transaction that records it."""
    known = await facts(tx, provider)
    if known is None or not results:
        return
    batch = Batch(results, is_mail=known.channel == Channel.EMAIL.value)
    slot = health.slot_of(tx.now)
    tallies = {(provider, slot, kind): n for kind, n in batch.kinds.items() if n}
    half_open = await store_routes.add_tallies(tx, tallies)
    if batch.blames or half_open:
        await _judge(tx, provider, batch, results, channel=known.channel)
    await _teach(tx, provider, batch, known)


async def _judge(
    tx: Transaction, provider: ProviderId, batch: Batch, results: Sequence[tuple[str, Result]], *, channel: str
) -> None:
    """Whether this opens the breaker, or closes it."""
    said = [result for _, result in results]
    refused = [each for each in batch.blames if breaker.is_credentials(each)]
    if not batch.blames:
        if breaker.is_proof(said):
            await close_breaker(tx, provider)
    elif len(refused) >= CREDENTIALS_MIN.get(channel, 1) and not batch.kinds["accepted"]:
        await open_breaker(tx, provider, cause="credentials", reason=_said(refused[0]))
    elif await _is_tripped(tx, provider, batch):
        retry_after_s = max((each.retry_after_s or 0.0 for each in batch.blames if not _is_smtp(each)), default=0.0)
        await open_breaker(tx, provider, cause="refused", reason=_said(batch.blames[-1]), retry_after_s=retry_after_s)
    elif breaker.is_proof(said):
        await close_breaker(tx, provider)


async def _is_tripped(tx: Transaction, provider: ProviderId, batch: Batch) -> bool:
    """Half open, the probe alone counts; else the last minute of all processes."""
    standing = await store_routes.read_breaker(tx, provider)
    if standing is None:
        return False
    blamed = batch.kinds["blamed"]
    if standing.breaker.state(standing.at) == "half_open":
        return blamed > breaker.BLAMED_SHARE * batch.answered
    minute = await store_routes.read_last_minute(tx, provider)
    return breaker.is_tripped(sum(minute.get(kind, 0) for kind in ANSWERED), minute.get("blamed", 0))


def _said(result: Refused) -> str:
    return f"{result.code} {result.detail}".strip()


def _is_smtp(result: Refused) -> bool:
    """SMTP says no time: what stands there is our own table's, for the one message."""
    return breaker.is_deferral(result)


async def open_breaker(
    tx: Transaction, provider: ProviderId, *, cause: Cause, reason: str, retry_after_s: float = 0.0
) -> Breaker | None:
    """None where it was open already: those who fail together count once."""
    standing = await store_routes.lock_breaker(tx, provider)
    if standing is None:
        return None
    after = standing.breaker.failed(standing.at, cause=cause, reason=reason, retry_after_s=retry_after_s)
    if after == standing.breaker:
        return None
    await store_routes.write_breaker(tx, provider, after)
    tx.wake("providers")
    pause = round(after.paused_until - standing.at, 1)
    if cause == "credentials":
        log.error("provider.credentials_refused", provider=standing.name, reason=after.reason, pause_s=pause)
    else:
        log.info("provider.down", provider=standing.name, failures=after.failures, reason=after.reason, pause_s=pause)
    return after


async def close_breaker(tx: Transaction, provider: ProviderId, *, by_hand: bool = False) -> bool:
    """It answered, or (`by_hand`) something about it was changed."""
    standing = await store_routes.lock_breaker(tx, provider)
    if standing is None:
        return False
    after = Breaker() if by_hand else standing.breaker.succeeded(standing.at)
    if after == standing.breaker:
        return False
    await store_routes.write_breaker(tx, provider, after)
    tx.wake("providers")
    tx.wake("deliveries")
    log.info("provider.up", provider=standing.name)
    return True


async def _teach(tx: Transaction, provider: ProviderId, batch: Batch, known: Facts) -> None:
    """Paces of receivers that deferred now, or that have one: those without cost nothing here."""
    recent = _recent.setdefault(tx.database, {}).setdefault(provider, pacing.Recent())
    recent.add(batch.taken, wall())
    concerned = {each for each in batch.taken if is_limited(known, each)} | set(batch.deferred)
    if not concerned:
        return
    paces = await store_routes.lock_paces(tx, provider, sorted(concerned))
    lessons = {receiver: _lesson(receiver, batch, paces, recent) for receiver in paces.keys() | set(batch.deferred)}
    await store_routes.write_paces(tx, provider, lessons)
    if not lessons.keys() <= paces.keys():
        forget_facts(tx.database, provider)


def _lesson(
    receiver: str, batch: Batch, paces: Mapping[str, tuple[pacing.Pace, float]], recent: pacing.Recent
) -> Lesson:
    deferred, last = batch.deferred[receiver], batch.last.get(receiver)
    if receiver in paces:
        pace, backlog_s = paces[receiver]
        pace = pacing.learn(pace, taken=batch.taken[receiver], deferred=deferred, backlog_s=backlog_s)
    else:
        pace = pacing.first_pace(recent.per_second(receiver, wall()))
    pause_s = (last.retry_after_s or 0.0) if last is not None and not _is_smtp(last) else 0.0
    return Lesson(pace, deferred, pause_s, last.code[:100] if last is not None else "")


async def note_receipts(
    tx: Transaction, items: Sequence[tuple[ProviderId, Literal["delivered", "failed"], float | None]]
) -> None:
    """What became of messages, with the seconds of product time since the hand-over where they are known."""
    tallies: Counter[tuple[ProviderId, datetime, str]] = Counter()
    heard = health.slot_of(tx.now)
    for provider, kind, latency_s in items:
        handed = tx.now if latency_s is None else tx.now - timedelta(seconds=max(0.0, latency_s))
        tallies[provider, health.slot_of(handed), kind] += 1
        if kind == "delivered" and latency_s is not None:
            tallies[provider, heard, health.latency_kind(latency_s)] += 1
    if tallies:
        await store_routes.add_tallies(tx, tallies)
