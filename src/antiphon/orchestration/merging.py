"""Numbers that turn out to be one person, and people who are parted again.

Takers of `Merged` and `Unmerged`: they run inside the transaction that changes who is who. The ledger stays under the
numbers it was written for; from here on decisions, caps and locks go by the person. What was queued for anybody
concerned is taken back and decided anew, and of two notifications of one source one goes on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from antiphon import metrics
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import Count, Merged, NotificationId, ProfileId, SourceId, Unmerged
from antiphon.orchestration import store
from antiphon.orchestration.deliver import withdraw
from antiphon.orchestration.records import Verdict
from antiphon.orchestration.twins import TWIN, Twin, superfluous

TOLD = frozenset({"sent", "delivered"})


async def on_merged(tx: Transaction, merges: Sequence[Merged]) -> None:
    leads = follow(merges)
    numbers = await store.numbers_of(tx, leads.keys())
    leads |= {number: leads[alias] for alias, further in numbers.items() for number in further if number not in leads}
    before = await store.people_of(tx, leads.keys() | set(leads.values()))
    rows = await store.lock_numbers(tx, leads.keys() | set(leads.values()) | set(before.values()))
    capped: dict[ProfileId, list[datetime]] = {person: [] for person in leads.values()}
    for number, person in leads.items():
        capped[person] += rows[number]["capped_at"]
    await store.write_merges(tx, leads)
    await store.write_whole(tx, capped)
    await _decide_anew(tx, capped.keys(), code="two numbers turned out to be one person")


def follow(merges: Iterable[Merged]) -> dict[int, ProfileId]:
    """Each alias with its person, also where that became an alias later on."""
    leads: dict[int, ProfileId] = {}
    for merge in merges:
        leads.pop(merge.profile, None)
        leads |= {number: merge.profile for number, person in leads.items() if person == merge.alias}
        leads[merge.alias] = merge.profile
    return leads


async def on_unmerged(tx: Transaction, undone: Sequence[Unmerged]) -> None:
    """Who is restored has the places under the cap of the person they were: too few messages, never too many."""
    people = {record.restored for record in undone} | {record.profile for record in undone}
    rows = await store.lock_numbers(tx, people | set((await store.people_of(tx, people)).values()))
    fresh = [record for record in undone if not rows[record.restored]["capped_at"]]
    await store.write_whole(
        tx,
        {record.restored: [] for record in undone}
        | {record.restored: rows[record.profile]["capped_at"] for record in fresh},
    )
    await _decide_anew(tx, people, code="one person turned out to be two")


async def _decide_anew(tx: Transaction, people: Collection[ProfileId], *, code: str) -> None:
    """Notifications are locked before their deliveries; a mark under way is waited for and left alone."""
    await store.lock_open(tx, people)
    queued = await store.read_queued_of_people(tx, people)
    await withdraw(tx, [row["id"] for row in queued], code=code)
    await _cancel_twins(tx, people)
    await store.touch_people(tx, list(people))


async def _cancel_twins(tx: Transaction, people: Collection[ProfileId]) -> None:
    rows = await store.read_twins(tx, people)
    by_id: Mapping[int, Row] = {row["id"]: row for row in rows}
    gone: set[int] = set()
    for _, together in groupby(rows, key=lambda row: (row["person"], row["source_id"])):
        twins = list(together)
        opened = [Twin(row["id"], row["created_at"], row["tried"], row["live"]) for row in twins if row["is_open"]]
        gone |= superfluous(opened, told=any(row["state"] in TOLD for row in twins))
    decisions = {
        number: store.decision_json(Verdict(NotificationId(number), "drop", reason="merged", because=TWIN), at=tx.now)
        for number in gone
    }
    await store.cancel_twins(tx, decisions)
    lost: dict[tuple[int, str], int] = defaultdict(int)
    for number in gone:
        lost[by_id[number]["source_id"], by_id[number]["variant"]] += 1
    await metrics.add(
        tx, [Count(SourceId(source), "", variant, "dropped:merged", tx.now, n) for (source, variant), n in lost.items()]
    )
