"""Letting go of the old ledger, never of what keeps a running source from telling somebody twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime

from antiphon import channels, profiles
from antiphon.kernel.db import Database, Row, Transaction
from antiphon.kernel.records import BUCKETS, DeliveryId, ProfileId, SourceId
from antiphon.orchestration import store

PAGE = 1_000
INPUTS_PAGE = 5_000

Ended = Callable[[Transaction, Collection[SourceId]], Awaitable[set[SourceId]]]
ended: list[Ended] = []
"""Which of these sources will tell nobody any more; named by the wiring, for campaigns lie above us."""


async def trim_ledger(database: Database, before: datetime) -> int:
    """Closed notifications of ended sources with all that belongs to them, a thousand in a transaction."""
    gone = 0
    for bucket in range(BUCKETS):
        after: int | None = 0
        while after is not None:
            after, dropped = await database.repeat(_page(bucket, after, before))
            gone += dropped
    return gone


def _page(bucket: int, after: int, before: datetime) -> Callable[[Transaction], Awaitable[tuple[int | None, int]]]:
    async def work(tx: Transaction) -> tuple[int | None, int]:
        """Where to go on, None at the first that is too young; how many went."""
        rows = await store.retention.page(tx, bucket=bucket, after=after, limit=PAGE)
        old = [row for row in rows if row["created_at"] < before]
        over = await _of_ended(tx, [row for row in old if row["over"]])
        dropped = await _drop(tx, over) if over else 0
        return (rows[-1]["id"] if len(old) == PAGE else None), dropped

    return work


async def _of_ended(tx: Transaction, rows: Sequence[Row]) -> list[Row]:
    """Of calls by programs, each is its own source. Of the others, those that somebody above says have ended."""
    asked = {SourceId(row["source_id"]) for row in rows if row["kind"] != "api"}
    over: set[SourceId] = set()
    for ask in ended if asked else ():
        over |= await ask(tx, asked)
    return [row for row in rows if row["kind"] == "api" or row["source_id"] in over]


async def _drop(tx: Transaction, rows: Sequence[Row]) -> int:
    ids, deliveries = await store.retention.lock(tx, [row["id"] for row in rows])
    people = sorted({ProfileId(row["profile_id"]) for row in rows})
    await store.erasing.delete_keys(tx, people, deliveries)
    await store.erasing.delete_idempotency(tx, ids)
    await channels.forget_deliveries(tx, [DeliveryId(row["id"]) for row in deliveries])
    await store.erasing.delete_ledger(tx, ids, [row["id"] for row in deliveries])
    await store.retention.drop_sources(tx, {row["source_id"] for row in rows if row["kind"] == "api"})
    return len(ids)


async def trim_inputs(database: Database, before: datetime) -> int:
    """What decisions read, some thousands in a transaction."""
    gone, page = 0, INPUTS_PAGE
    while page == INPUTS_PAGE:
        page = await database.repeat(lambda tx: store.inputs.trim(tx, before, limit=INPUTS_PAGE))
        gone += page
    return gone


RULES = (
    profiles.Rule(
        "decision_days",
        (profiles.Kept("decision_input", "at"), profiles.Kept("decision_policy", like="decision_input")),
        trim_inputs,
    ),
    profiles.Rule(
        "ledger_months",
        (
            profiles.Kept("notification", "created_at"),
            profiles.Kept("delivery", like="notification"),
            profiles.Kept("source_address", like="notification"),
            profiles.Kept("provider_message", like="notification"),
            profiles.Kept("idempotency", like="notification"),
        ),
        trim_ledger,
    ),
)
