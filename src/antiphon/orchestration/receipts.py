"""Receipts into the ledger: fold, close or fail over, withdraw what is queued, tell metrics and profiles.

A taker of `Receipt`: it runs inside the transaction that takes the receipt in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from antiphon import metrics, profiles
from antiphon.kernel import outlet
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import (
    DeliveryId,
    ProfileChange,
    ProfileId,
    Receipt,
    Reopened,
    SourceId,
)
from antiphon.orchestration import recall, store
from antiphon.orchestration.changing import Change
from antiphon.orchestration.deliver import withdraw
from antiphon.orchestration.fold import fold, not_before, outcome
from antiphon.orchestration.objections import note_objections, objections_in
from antiphon.orchestration.records import Attempt, Source
from antiphon.orchestration.teach import learn, teach
from antiphon.orchestration.timeline import properties_of


async def on_receipts(tx: Transaction, receipts: Sequence[Receipt]) -> None:
    """Any order, any number of times: the ledger ends the same."""
    by_delivery: dict[DeliveryId, list[Receipt]] = defaultdict(list)
    for receipt in receipts:
        if receipt.delivery is not None:
            by_delivery[receipt.delivery].append(receipt)
    rows = await store.lock_deliveries(tx, list(by_delivery))
    told = [Change(row, fold(not_before(row["created_at"], by_delivery[row["id"]])), tx.now) for row in rows]
    await teach(
        tx,
        [(change.row, change.teaches) for change in told if change.teaches],
        arrived=[change.row for change in told if change.arrived],
        seen=[(change.row, change.folded.device) for change in told if change.opened or change.clicked],
    )
    await note_objections(tx, objections_in(receipts))
    changes = [change for change in told if change.any]
    if not changes:
        return
    sources = await store.read_sources(tx, {change.row["source_id"] for change in changes})
    await store.write_folded(tx, _columns(changes))
    await _settle(tx, changes, sources)
    await metrics.add(tx, [count for change in changes for count in change.counts()])
    properties = {number: properties_of(source) for number, source in sources.items()}
    entries = [each for change in changes for each in change.entries(properties[change.row["source_id"]])]
    await profiles.record_known(tx, entries)
    await learn(tx, changes, sources)


def _columns(changes: Sequence[Change]) -> dict[str, list[Any]]:
    return {
        "ids": [c.row["id"] for c in changes],
        "states": [c.state for c in changes],
        "failures": [c.failure for c in changes],
        "codes": [c.code for c in changes],
        "opened_at": [c.opened_at for c in changes],
        "clicked_at": [c.clicked_at for c in changes],
        "machine_opened": [c.machine_opened or c.row["machine_opened"] for c in changes],
        "machine_clicked": [c.machine_clicked or c.row["machine_clicked"] for c in changes],
    }


async def _settle(tx: Transaction, changes: Sequence[Change], sources: Mapping[int, Source]) -> None:
    """What the attempts make of each notification: delivered (and what is queued goes back), or decide anew."""
    touched = {change.row["notification_id"]: change for change in changes if change.state_changed}
    if not touched:
        return
    attempts = await store.read_attempts(tx, list(touched))
    outcomes: list[tuple[int, str, str | None]] = []
    people: list[ProfileId] = []
    reopened: set[SourceId] = set()
    superseded: list[DeliveryId] = []
    unneeded: list[Attempt] = []
    for notification, change in touched.items():
        source = sources[change.row["source_id"]]
        tried: list[Attempt] = attempts.get(notification, [])
        state = outcome(tried, failover_on=source.failover_on)
        if state == "delivered":
            superseded += [attempt.id for attempt in tried if attempt.state == "queued"]
            unneeded += [attempt for attempt in tried if attempt.state in ("accepted", "sent")]
        if state is None:
            if change.row["notification_state"] not in ("open", "sent"):
                continue  # it waits, or has come to its end by other attempts
            if change.row["notification_state"] == "sent":
                reopened.add(SourceId(change.row["source_id"]))
            state = "open"
            people.append(ProfileId(change.row["profile_id"]))
        outcomes.append((notification, state, None))
    await store.write_outcomes(tx, outcomes)
    await store.withdraw(tx, superseded, state="superseded", code="delivered by another channel")
    await recall.want(tx, unneeded)
    await store.touch_people(tx, people)
    await outlet.publish(tx, [Reopened(source) for source in sorted(reopened)])


async def on_profile_changes(tx: Transaction, changes: Sequence[ProfileChange]) -> None:
    """A wish or an opt-out is in force on everything queued and on what waits: take it back and decide anew.

    Under the person's lock: a decision that did not see the wish has written what it queued by then. Who is whole after
    a merge is decided.
    """
    await store.touch_people(tx, sorted({change.profile for change in changes if change.what == "merged"}))
    changed = {change.profile for change in changes if change.what in ("preference", "opt_out")}
    if changed:
        people = (await store.lock_people(tx, changed, make=True)).capped_at.keys()
        queued = await store.read_queued_of_people(tx, people)
        await withdraw(tx, [row["id"] for row in queued], code="the person's wishes changed")
        await store.touch_people(tx, await store.read_waiting(tx, people))
