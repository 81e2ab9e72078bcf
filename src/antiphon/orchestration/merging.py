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
from antiphon.orchestration.store.places import source_of
from antiphon.orchestration.twins import TWIN, Twin, superfluous

TOLD = frozenset({"sent", "delivered"})


async def on_merged(tx: Transaction, merges: Sequence[Merged]) -> None:
    leads = follow(merges)
    await _write(tx, leads, whole=leads.values())


def follow(merges: Iterable[Merged]) -> dict[int, ProfileId]:
    """Each alias with its person, also where that became an alias later on."""
    leads: dict[int, ProfileId] = {}
    for merge in merges:
        person = leads.get(merge.profile, merge.profile)
        if person == merge.alias:  # the other way round by now
            del leads[merge.profile]
            person = merge.profile
        leads |= {number: person for number, before in leads.items() if before == merge.alias}
        leads[merge.alias] = person
    return leads


async def on_unmerged(tx: Transaction, undone: Sequence[Unmerged]) -> None:
    """Who is restored has the places under the cap of the person they were: too few messages, never too many."""
    before = {record.restored: record.profile for record in undone}
    await _write(tx, {}, whole=before.keys() | before.values(), before=before)


async def _write(
    tx: Transaction,
    said: Mapping[int, ProfileId],
    *,
    whole: Iterable[ProfileId],
    before: Mapping[ProfileId, ProfileId] | None = None,
) -> None:
    """`said`: numbers that are somebody's from now on; `whole`: who is nobody's; `before`: whose they were."""
    people = set(whole)
    leads = await _leads(tx, said, people)
    was = await store.people_of(tx, leads.keys() | people)
    rows = await store.lock_numbers(tx, leads.keys() | people | set(leads.values()) | set(was.values()))
    leads = {number: person for number, person in leads.items() if rows[number]["merged_into"] != person}
    capped: dict[ProfileId, list[tuple[datetime, int]]] = {person: [] for person in people | set(leads.values())}
    for number, person in leads.items():
        capped[person] += _places(rows[number])
    for person, other in ({person: was[person] for person in people} | dict(before or {})).items():
        if other != person and not rows[person]["capped_at"]:
            capped[person] += _places(rows[other])
    await store.write_merges(tx, leads)
    await store.write_whole(tx, capped)
    await _decide_anew(tx, capped.keys() | (set(was.values()) - leads.keys()))


def _places(row: Row) -> list[tuple[datetime, int]]:
    return list(zip(row["capped_at"], row["capped_as"], strict=True))


async def _leads(tx: Transaction, said: Mapping[int, ProfileId], people: set[ProfileId]) -> dict[int, ProfileId]:
    """The further numbers of all concerned go along, or where the directory says by now."""
    further = await store.numbers_of(tx, said.keys() | people)
    along = {number: said[alias] for alias, numbers in further.items() if alias in said for number in numbers}
    known = await store.aliases(tx, {number for numbers in further.values() for number in numbers})
    return {number: person for number, person in (along | known | dict(said)).items() if number not in people}


async def _decide_anew(tx: Transaction, people: Collection[ProfileId]) -> None:
    """Notifications are locked before their deliveries; a mark under way is waited for and left alone."""
    await store.lock_open(tx, people)
    queued = await store.read_queued_of_people(tx, people)
    await withdraw(tx, [row["id"] for row in queued], code="it turned out anew who is one person")
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
    await _give_back(tx, [by_id[number] for number in gone])
    lost: dict[tuple[int, str], int] = defaultdict(int)
    for number in gone:
        lost[by_id[number]["source_id"], by_id[number]["variant"]] += 1
    await metrics.add(
        tx, [Count(SourceId(source), "", variant, "dropped:merged", tx.now, n) for (source, variant), n in lost.items()]
    )


async def _give_back(tx: Transaction, twins: Sequence[Row]) -> None:
    """The places of those of which nothing ever left. Their people are locked."""
    never_left = [row for row in twins if row["sent_at"] is not None and not row["tried"] and not row["live"]]
    rows = await store.lock_numbers(tx, {row["person"] for row in never_left}) if never_left else {}
    places = {person: _places(row) for person, row in rows.items()}
    for twin in never_left:
        theirs = places[twin["person"]]
        found = [each for each in theirs if (each[0], source_of(each[1])) == (twin["sent_at"], twin["source_id"])]
        if found:
            theirs.remove(found[0])
    await store.write_packed(tx, {ProfileId(person): theirs for person, theirs in places.items()})
