"""The SQL of breakers, paces, warm-ups, tallies, health and leases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from antiphon.channels import breaker, pacing
from antiphon.channels.breaker import Breaker
from antiphon.channels.pacing import Pace
from antiphon.channels.records import WarmUp
from antiphon.kernel.db import Queries, Row, Transaction
from antiphon.kernel.records import ProviderId
from antiphon.kernel.said import kept

queries = Queries("channels")

LEASES_KEY, HEALTH_KEY = 0x616E7401, 0x616E7402
LIMITED_MAX = 500
"""Of more limited receivers the names are not kept in memory; the table is asked for each batch."""


class Standing(Struct, frozen=True):
    """An account's breaker as it stands, at wall time `at` of the database."""

    name: str
    enabled: bool
    per_second: float | None
    breaker: Breaker
    at: float


class Facts(Struct, frozen=True):
    """`limited`: receivers whose pace was learned; None: more than are worth naming."""

    channel: str
    warm_up: WarmUp | None
    limited: frozenset[str] | None


async def read_breaker(tx: Transaction, provider: ProviderId) -> Standing | None:
    return _standing(await queries.row(tx, "read_breaker", id=provider))


async def lock_breaker(tx: Transaction, provider: ProviderId) -> Standing | None:
    return _standing(await queries.row(tx, "lock_breaker", id=provider))


def _standing(row: Row | None) -> Standing | None:
    if row is None:
        return None
    state = Breaker(row["failures"], row["paused_until"] or 0.0, row["probing_until"] or 0.0, row["reason"])
    return Standing(row["name"], row["enabled"], row["per_second"], state, row["at"])


async def write_breaker(tx: Transaction, provider: ProviderId, state: Breaker) -> None:
    await queries.run(
        tx,
        "write_breaker",
        id=provider,
        failures=state.failures,
        paused_until=state.paused_until or None,
        probing_until=state.probing_until or None,
        reason=state.reason,
    )


async def add_tallies(tx: Transaction, tallies: Mapping[tuple[ProviderId, datetime, str], int]) -> list[ProviderId]:
    """Those of the accounts that are half open."""
    rows = await queries.rows(
        tx,
        "add_tallies",
        ids=[provider for provider, _, _ in tallies],
        at=[at for _, at, _ in tallies],
        kinds=[kind for _, _, kind in tallies],
        ns=list(tallies.values()),
    )
    return [ProviderId(row["provider_id"]) for row in rows]


async def read_last_minute(tx: Transaction, provider: ProviderId) -> dict[str, int]:
    rows = await queries.rows(tx, "read_last_minute", id=provider, within_s=breaker.MINUTE_S)
    return {row["kind"]: row["n"] for row in rows}


async def read_facts(tx: Transaction, provider: ProviderId) -> Facts | None:
    row = await queries.row(tx, "read_facts", id=provider, most=LIMITED_MAX + 1)
    if row is None:
        return None
    warm_up = msgspec.convert(row["warm_up"], WarmUp) if row["warm_up"] else None
    receivers = row["receivers"]
    return Facts(row["channel"], warm_up, frozenset(receivers) if len(receivers) <= LIMITED_MAX else None)


async def reserve(tx: Transaction, provider: ProviderId, wanted: Mapping[str, int]) -> dict[str, list[float]]:
    """Seconds to wait for each message to each of these receivers; those without a pace are not in the answer."""
    rows = await queries.rows(
        tx,
        "reserve_slots",
        id=provider,
        receivers=list(wanted),
        ns=list(wanted.values()),
        burst_s=pacing.SLOT_BURST_S,
        ahead_s=pacing.SLOT_AHEAD_S,
    )
    return {
        row["receiver"]: pacing.waits(
            row["first_s"],
            per_second=row["per_second"],
            reserved=row["taken"],
            tail_s=row["tail_s"],
            n=wanted[row["receiver"]],
        )
        for row in rows
    }


class Lesson(Struct, frozen=True):
    """What was learned of a receiver. `pause_s`: it asked for so long a rest."""

    pace: Pace
    deferred: int = 0
    pause_s: float = 0.0
    code: str = ""


async def lock_paces(tx: Transaction, provider: ProviderId, receivers: Sequence[str]) -> dict[str, tuple[Pace, float]]:
    """Paces, each with how far ahead its slots are given out."""
    rows = await queries.rows(tx, "lock_paces", id=provider, receivers=list(receivers))
    return {
        row["receiver"]: (
            Pace(row["per_second"], row["ceiling"], row["held_s"], row["calm_s"]),
            row["backlog_s"],
        )
        for row in rows
    }


async def write_paces(tx: Transaction, provider: ProviderId, lessons: Mapping[str, Lesson]) -> None:
    learned = list(lessons.values())
    await queries.run(
        tx,
        "write_paces",
        id=provider,
        receivers=list(lessons),
        per_second=[each.pace.per_second for each in learned],
        ceilings=[each.pace.ceiling for each in learned],
        pauses=[each.pause_s for each in learned],
        held=[each.pace.held_s for each in learned],
        deferred=[each.deferred for each in learned],
        codes=[each.code for each in learned],
    )


async def read_paces(tx: Transaction, provider: ProviderId, *, most: int) -> list[Row]:
    return await queries.rows(tx, "read_paces", id=provider, most=most)


async def trim_paces(tx: Transaction, *, most: int) -> None:
    await queries.run(tx, "trim_paces", most=most)


async def lock_days(tx: Transaction, provider: ProviderId, receivers: Sequence[str], day: date) -> dict[str, int]:
    rows = await queries.rows(tx, "lock_days", id=provider, receivers=list(receivers), day=day)
    return {row["receiver"]: row["n"] for row in rows}


async def use_days(tx: Transaction, provider: ProviderId, used: Mapping[str, int], day: date) -> None:
    await queries.run(tx, "use_days", id=provider, receivers=list(used), ns=list(used.values()), day=day)


async def trim_days(tx: Transaction, day: date) -> None:
    await queries.run(tx, "trim_days", day=day)


async def is_measured(tx: Transaction, *, every_s: float) -> bool:
    return bool(await queries.value(tx, "is_measured", key=HEALTH_KEY, every_s=every_s))


async def fold_tallies(tx: Transaction, *, keep_s: float) -> None:
    await queries.run(tx, "fold_tallies")
    await queries.run(tx, "drop_tallies", keep_s=keep_s)


async def read_tallies(tx: Transaction) -> list[Row]:
    return await queries.rows(tx, "read_tallies")


async def write_health(tx: Transaction, found: Mapping[ProviderId, tuple[float, str, float | None]]) -> None:
    await queries.run(
        tx,
        "write_health",
        ids=list(found),
        healths=[health for health, _, _ in found.values()],
        whys=[msgspec.json.encode(kept(why)).decode() for _, why, _ in found.values()],
        silences=[silence_s for _, _, silence_s in found.values()],
    )


class Lease(Struct, frozen=True):
    provider: ProviderId
    part: str
    holder: UUID
    connections: int = 0


async def lock_leases(tx: Transaction) -> list[Lease]:
    await queries.run(tx, "lock_leases", key=LEASES_KEY)
    rows = await queries.rows(tx, "read_leases")
    return [Lease(ProviderId(r["provider_id"]), r["part"], UUID(str(r["holder"])), r["connections"]) for r in rows]


async def write_leases(tx: Transaction, holder: UUID, held: Sequence[Lease], *, lease_s: float) -> None:
    """These are what this process holds; it lets go of all others."""
    ids, parts = [each.provider for each in held], [each.part for each in held]
    if held:
        connections = [each.connections for each in held]
        await queries.run(
            tx, "write_leases", ids=ids, parts=parts, connections=connections, holder=holder, lease_s=lease_s
        )
    await queries.run(tx, "drop_leases", ids=ids, parts=parts, holder=holder)
