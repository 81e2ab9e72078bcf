"""The ledger of somebody who is to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon import channels, content
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import DeliveryId, Erased, ProfileId
from antiphon.orchestration import store


async def on_erased(tx: Transaction, erased: Sequence[Erased]) -> None:
    """What was sent goes; with `keep_counts` it stays under numbers that name nobody.

    A delivery that a worker has in hand right now stays until the next look, without its address: its answer still
    finds it, and nothing is sent after it.
    """
    for record in erased:
        await _forget(tx, record.profiles, keep_counts=record.keep_counts)
        await store.replies.forget(tx, record.addresses)


async def _forget(tx: Transaction, people: Sequence[ProfileId], *, keep_counts: bool) -> None:
    notifications, deliveries = await store.erasing.lock_ledger(tx, people)
    leaving = [row for row in deliveries if row["leaving"]]
    kept = deliveries if keep_counts else leaving
    kept_ids = {row["id"] for row in kept}
    gone = [row["id"] for row in deliveries if row["id"] not in kept_ids]
    told = set(notifications) if keep_counts else {row["notification_id"] for row in leaving}
    elsewhere = await content.forget_trials(tx, people)  # tests that say what was known of them, sent to colleagues
    await store.erasing.anonymise_ledger(tx, {*told, *elsewhere}, kept_ids)
    await store.erasing.delete_keys(tx, people, deliveries)
    await store.erasing.delete_idempotency(tx, notifications)
    await channels.forget_deliveries(tx, [DeliveryId(row["id"]) for row in deliveries])
    await store.erasing.delete_ledger(tx, set(notifications) - told, gone)
    await store.inputs.erase(tx, people)
    await store.erasing.delete_people(tx, people)


async def is_leaving(tx: Transaction, people: Sequence[ProfileId]) -> bool:
    """Whether a worker has something of theirs in hand: marked, and not recorded yet."""
    return await store.erasing.is_leaving(tx, people)
