"""Receipts into the ledger: fold, close or fail over, withdraw what is queued, tell metrics and profiles.

A taker of `Receipt`: it runs inside the transaction that takes the receipt in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from antiphon import metrics, profiles
from antiphon.kernel import outlet
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.engagement import EVENTS, MACHINE
from antiphon.kernel.records import (
    Count,
    DeliveryId,
    ProfileChange,
    ProfileId,
    Receipt,
    Reopened,
    SourceId,
)
from antiphon.orchestration import store
from antiphon.orchestration.deliver import withdraw
from antiphon.orchestration.fold import RANK, Folded, earlier, fold, higher, outcome
from antiphon.orchestration.records import Attempt, Source
from antiphon.orchestration.teach import teach
from antiphon.orchestration.timeline import Entry, entry


async def on_receipts(tx: Transaction, receipts: Sequence[Receipt]) -> None:
    """Any order, any number of times: the ledger ends the same."""
    by_delivery: dict[DeliveryId, list[Receipt]] = defaultdict(list)
    for receipt in receipts:
        if receipt.delivery is not None:
            by_delivery[receipt.delivery].append(receipt)
    rows = await store.lock_deliveries(tx, list(by_delivery))
    told = [Change(row, fold(by_delivery[row["id"]]), tx.now) for row in rows]
    await teach(
        tx,
        [(change.row, change.teaches) for change in told if change.teaches],
        arrived=[change.row for change in told if change.arrived],
        seen=[(change.row, change.folded.device) for change in told if change.opened or change.clicked],
    )
    changes = [change for change in told if change.any]
    if not changes:
        return
    sources = await store.read_sources(tx, [change.row["source_id"] for change in changes])
    await store.write_folded(tx, _columns(changes))
    await _settle(tx, changes, sources)
    await metrics.add(tx, [count for change in changes for count in change.counts()])
    entries = [each for change in changes for each in change.entries(sources[change.row["source_id"]])]
    await profiles.record_known(tx, entries)


class Change:
    """What receipts change of one delivery: only what is new counts and is told.

    A state that turns out to be another is taken off its count again, so that counts are the fold of all states.
    """

    def __init__(self, row: Row, folded: Folded, at: datetime) -> None:
        self.row, self.folded, self.at = row, folded, at
        self.state = higher(row["state"], folded.state)
        self.state_changed = self.state != row["state"]
        self.opened = folded.opened_at is not None and row["opened_at"] is None
        self.clicked = folded.clicked_at is not None and row["clicked_at"] is None
        self.opened_at = earlier(row["opened_at"], folded.opened_at)
        self.clicked_at = earlier(row["clicked_at"], folded.clicked_at)
        self.machine_opened = folded.machine_opened_at is not None and not row["machine_opened"]
        self.machine_clicked = folded.machine_clicked_at is not None and not row["machine_clicked"]
        self.failure, self.code = self._failed_for()
        before = (row["state"], row["failure"], row["code"], row["opened_at"], row["clicked_at"])
        after = (self.state, self.failure, self.code, self.opened_at, self.clicked_at)
        self.any = before != after or self.machine_opened or self.machine_clicked

    def _failed_for(self) -> tuple[str | None, str | None]:
        """Why it failed: of several reasons, the same one whichever came first."""
        row, folded = self.row, self.folded
        if self.state != "failed":
            return None, None if row["state"] == "failed" else row["code"]
        said = [(folded.failure, folded.code)] if folded.failure else []
        said += [(row["failure"], row["code"] or "")] if row["state"] == "failed" and row["failure"] else []
        failure, code = min(said) if said else (None, "")
        return failure, code or row["code"]

    @property
    def teaches(self) -> str | None:
        """An opt-out counts whatever became of the message; that an address is dead, only if it failed by that.

        A failure for now counts once, however often it is told.
        """
        if self.folded.opted_out:
            return "optout"
        is_told = self.state == "failed" and (self.state_changed or self.folded.failure != "temporary")
        return self.folded.failure if is_told else None

    @property
    def arrived(self) -> bool:
        """Now known to have arrived, and not before."""
        return self.state in ("delivered", "read") and RANK.get(self.row["state"], 0) < RANK["delivered"]

    def counts(self) -> list[Count]:
        kinds: list[tuple[str, int, datetime | None]] = []
        before = self.row["state"]
        if self.state_changed and before in ("in_doubt", "expired", "failed"):
            kinds.append((before, -1, None))
        if before == "in_doubt" and self.state in ("accepted", "sent", "delivered", "read"):
            kinds.append(("sent", 1, None))
        if self.arrived:
            kinds.append(("delivered", 1, None))
        elif self.state_changed and self.state in ("failed", "expired"):
            kinds.append((self.state, 1, None))
        if self.opened and ("opened", self.row["channel"]) in EVENTS:
            kinds.append(("opened", 1, self.opened_at))
        if self.clicked:
            kinds.append(("clicked", 1, self.clicked_at))
        return [
            Count(SourceId(self.row["source_id"]), self.row["channel"], self.row["variant"], kind, at or self.at, n)
            for kind, n, at in kinds
        ]

    def entries(self, source: Source) -> list[Entry]:
        """Each kind once for a delivery, at the earliest time that was known when it was first heard of."""
        said, channel = self.folded, self.row["channel"]
        is_tap = EVENTS.get(("clicked", channel)) == EVENTS.get(("opened", channel))  # told as opened already
        happened = [
            (self.arrived, EVENTS.get(("delivered", channel)), said.arrived_at),
            (self.opened, EVENTS.get(("opened", channel)), said.opened_at),
            (self.clicked and not is_tap, EVENTS.get(("clicked", channel)), said.clicked_at),
            (self.machine_opened, MACHINE.get(("opened", channel)), said.machine_opened_at),
            (self.machine_clicked, MACHINE.get(("clicked", channel)), said.machine_clicked_at),
        ]
        return [entry(name, self.row, source, at) for is_new, name, at in happened if is_new and name and at]


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
    for notification, change in touched.items():
        source = sources[change.row["source_id"]]
        tried: list[Attempt] = attempts.get(notification, [])
        state = outcome(tried, failover_on=source.failover_on)
        if state == "delivered":
            superseded += [attempt.id for attempt in tried if attempt.state == "queued"]
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
