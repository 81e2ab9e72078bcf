"""What the delivery loop and receipts write."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.due import DueTable
from antiphon.kernel.records import (
    Cleared,
    DeliveryId,
    ProfileId,
    ProviderId,
    SourceId,
)
from antiphon.orchestration.conduct import CONDUCT
from antiphon.orchestration.store.base import queries
from antiphon.orchestration.store.people import in_order, lock_people
from antiphon.orchestration.zones import Traces, zones_of

RECALLS = DueTable(
    "delivery",
    key={"bucket": "smallint", "id": "bigint"},
    columns=("state", "address", "handed_at"),
    where="provider_id = $4 AND lane = 8",
)
SILENT = DueTable(
    "delivery",
    key={"bucket": "smallint", "id": "bigint"},
    columns=("state", "profile_id"),
    where="provider_id = $4 AND lane = 9",  # without the provider all that is due would be read and sorted
)
RECALL_LANE, SILENCE_LANE = 8, 9

LEASE = timedelta(seconds=60)
"""How long a hand-over may take; then whoever made it is taken for gone."""

IDLE_LIMIT = "10s"
"""What was taken and not marked by then is given back by the database: a worker that stands still blocks no opt-out."""

PACED, BUSY = "paced", "receiver_busy"
"""Why something waits: a slot is reserved for it, or it is to be asked again whether there is one."""

_ENDING = [purpose.value for purpose, conduct in CONDUCT.items() if conduct.give_up_s is not None]


async def count_ready(tx: Transaction, provider: ProviderId, lanes: Sequence[int], *, batch: int) -> int:
    """How many wait for nothing but being taken; more than `batch` is not counted."""
    n = await queries.value(tx, "count_ready", provider_id=provider, lanes=list(lanes), batch=batch)
    return min(batch, int(n))


async def take(tx: Transaction, provider: ProviderId, lanes: Sequence[int], *, batch: int) -> list[Row]:
    """The most urgent first; locked until the end of the transaction."""
    return await queries.rows(tx, "take", provider_id=provider, lanes=list(lanes), batch=batch, idle_limit=IDLE_LIMIT)


async def hold(tx: Transaction, deliveries: Sequence[DeliveryId]) -> dict[DeliveryId, int]:
    """The lease of each."""
    if not deliveries:
        return {}
    rows = await queries.rows(tx, "hold", ids=in_order(deliveries), lease_for=LEASE)
    return {DeliveryId(row["id"]): row["lease"] for row in rows}


async def defer(tx: Transaction, waits: Sequence[tuple[DeliveryId, float, str]]) -> None:
    """Each with the seconds that it waits and why: `PACED` or `BUSY`."""
    if waits:
        ids, waits_s, codes = (list(column) for column in zip(*waits, strict=True))
        await queries.run(tx, "defer", ids=ids, waits_s=waits_s, codes=codes, runs=_runs(tx))


def _runs(tx: Transaction) -> bool:
    """Whether product time runs: where it is held, nothing that waits by wall time may wait for it."""
    return tx.database.clock.state.held_at is None


async def clear(tx: Transaction, claimed: Sequence[tuple[DeliveryId, int]], *, wall: float) -> list[Cleared]:
    rows = await queries.rows(
        tx, "clear", ids=[i for i, _ in claimed], leases=[lease for _, lease in claimed], lease_for=LEASE
    )
    return [Cleared(row["id"], row["lease"], ProviderId(row["provider_id"]), wall) for row in rows]


async def read_refused_marks(tx: Transaction, claimed: Sequence[tuple[DeliveryId, int]]) -> list[Row]:
    ids, leases = [i for i, _ in claimed], [lease for _, lease in claimed]
    return await queries.rows(tx, "read_refused_marks", ids=ids, leases=leases)


async def park(tx: Transaction, claimed: Sequence[tuple[DeliveryId, int]]) -> None:
    if claimed:
        await queries.run(tx, "park", ids=[i for i, _ in claimed], leases=[lease for _, lease in claimed])


async def reroute(tx: Transaction, deliveries: Sequence[DeliveryId], *, provider: ProviderId) -> None:
    await queries.run(tx, "reroute", ids=list(deliveries), provider_id=provider)


async def read_overdue(tx: Transaction, provider: ProviderId, lanes: Sequence[int], *, batch: int) -> list[Row]:
    return await queries.rows(tx, "read_overdue", provider_id=provider, lanes=list(lanes), batch=batch, ending=_ENDING)


async def withdraw(tx: Transaction, deliveries: Sequence[DeliveryId], *, state: str, code: str) -> list[Row]:
    return await queries.rows(tx, "withdraw", ids=list(deliveries), state=state, code=code) if deliveries else []


async def read_queued_of_people(tx: Transaction, people: Collection[ProfileId]) -> list[Row]:
    return await queries.rows(tx, "read_queued_of_people", profiles=in_order(people))


async def read_for_render(tx: Transaction, deliveries: Sequence[DeliveryId]) -> list[Row]:
    return await queries.rows(tx, "read_for_render", ids=list(deliveries)) if deliveries else []


async def record(tx: Transaction, columns: Mapping[str, Sequence[Any]]) -> list[Row]:
    return await queries.rows(tx, "record", runs=_runs(tx), **{name: list(values) for name, values in columns.items()})


async def doubt(tx: Transaction, held: Sequence[tuple[DeliveryId, int]], watch_s: Sequence[float | None]) -> list[Row]:
    ids, leases = [i for i, _ in held], [lease for _, lease in held]
    return await queries.rows(tx, "doubt", ids=ids, leases=leases, watch_s=list(watch_s))


async def expire(tx: Transaction, claimed: Sequence[tuple[DeliveryId, int]]) -> list[Row]:
    return await queries.rows(tx, "expire", ids=[i for i, _ in claimed], leases=[lease for _, lease in claimed])


async def hand_over_notifications(tx: Transaction, notifications: Collection[int]) -> None:
    if notifications:
        await queries.run(tx, "hand_over_notifications", notifications=in_order(notifications))


async def take_back_notifications(tx: Transaction, notifications: Collection[int]) -> None:
    if notifications:
        await queries.run(tx, "take_back_notifications", notifications=in_order(notifications))


async def lock_deliveries(tx: Transaction, deliveries: Sequence[DeliveryId]) -> list[Row]:
    """Their people first: a decision under way must not miss what a receipt says of an older attempt."""
    await lock_people(tx, [row["profile_id"] for row in await queries.rows(tx, "read_people_of", ids=list(deliveries))])
    return await queries.rows(tx, "lock_deliveries", ids=list(deliveries))


async def write_folded(tx: Transaction, columns: Mapping[str, Sequence[Any]]) -> None:
    await queries.run(tx, "write_folded", **{name: list(values) for name, values in columns.items()})


async def write_outcomes(tx: Transaction, outcomes: Sequence[tuple[int, str, str | None]]) -> None:
    if outcomes:
        await queries.run(
            tx,
            "write_outcomes",
            notifications=[n for n, _, _ in outcomes],
            states=[state for _, state, _ in outcomes],
            reasons=[reason for *_, reason in outcomes],
        )


async def read_zones(tx: Transaction, people: Collection[int]) -> dict[int, str]:
    """Where each lives, as they or their devices said; who may live in several zones has none."""
    found = {}
    for row in await queries.rows(tx, "read_traces", profiles=in_order(people)):
        traces = Traces(row["timezone"], row["device_timezone"], row["country"], row["state"])
        zones = zones_of(traces, "")
        if len(zones) == 1:
            found[row["id"]] = zones[0]
    return found


async def want_back(tx: Transaction, deliveries: Sequence[DeliveryId]) -> None:
    if deliveries:
        await queries.run(tx, "want_back", ids=in_order(deliveries))


async def want_source_back(
    tx: Transaction, source: SourceId, providers: Sequence[ProviderId], *, since: datetime
) -> None:
    await queries.run(tx, "want_source_back", source_id=source, providers=list(providers), since=since)


async def read_due(tx: Transaction, providers: Sequence[ProviderId], *, lane: int) -> list[ProviderId]:
    """Those of which something is due in a lane."""
    rows = await queries.rows(tx, "read_due", providers=list(providers), lane=lane)
    return [ProviderId(row["id"]) for row in rows]


async def settle_recalls(
    tx: Transaction, asked: Sequence[tuple[DeliveryId, int]], due: Sequence[datetime | None]
) -> None:
    if asked:
        ids, leases = [i for i, _ in asked], [lease for _, lease in asked]
        await queries.run(tx, "settle_recalls", ids=ids, leases=leases, due=list(due))


async def mark_objected(tx: Transaction, deliveries: Sequence[DeliveryId]) -> list[Row]:
    """Those to which nobody had objected so far."""
    return await queries.rows(tx, "mark_objected", deliveries=list(deliveries))
