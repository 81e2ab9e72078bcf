"""Who is who: the locks of people, numbers that turned out to be somebody, and the people who are being moved.

A person may have several numbers: the ledger stays under the number it was written for, `person.merged_into` leads to
the person. Whatever locks or decides goes by the person, whatever is read goes over all their numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.errors import Busy
from antiphon.kernel.records import ProfileId, bucket_of
from antiphon.orchestration.store.base import queries

FOLLOWED_MAX = 8
"""How many merges of one person may happen while we wait for their lock."""


class Locked(Struct, frozen=True):
    """`leads`: whose each number is. `capped_at`: when each person's places under the caps were taken, also who is
    locked; `capped_as`: which places (`places.py`)."""

    leads: Mapping[int, ProfileId]
    capped_at: Mapping[ProfileId, list[datetime]]
    capped_as: Mapping[ProfileId, list[int]]


async def lock_people(tx: Transaction, numbers: Collection[int], *, make: bool = False) -> Locked:
    """Person, notification, delivery is the order of locks: call it before anything of theirs is written.

    `make`: who has no row gets one, so that also somebody new is locked. A merge that commits while we wait is
    followed; while we hold the lock there is none.
    """
    leads = {number: ProfileId(number) for number in numbers}
    capped: dict[ProfileId, list[datetime]] = {}
    what: dict[ProfileId, list[int]] = {}
    wanted = in_order(numbers)
    if make and wanted:
        await queries.run(tx, "insert_people", profiles=wanted)
    for _ in range(FOLLOWED_MAX):
        if not wanted:
            return Locked(leads, capped, what)
        rows = await queries.rows(tx, "lock_people", profiles=wanted)
        found = {number: row for row in rows for number in row["numbers"]}
        leads = {n: ProfileId(found[p]["merged_into"] or found[p]["profile_id"]) if p in found else p
                 for n, p in leads.items()}  # fmt: skip
        own = [row for row in rows if row["merged_into"] is None]
        capped |= {row["profile_id"]: row["capped_at"] for row in own}
        what |= {row["profile_id"]: row["capped_as"] for row in own}
        wanted = in_order({row["merged_into"] for row in rows if row["merged_into"] is not None})
    raise Busy("Somebody is being merged again and again.")


def in_order(numbers: Collection[int]) -> list[ProfileId]:
    """As the database locks them."""
    return [ProfileId(number) for number in sorted(set(numbers), key=lambda number: (bucket_of(number), number))]


async def people_of(tx: Transaction, numbers: Collection[int]) -> dict[int, ProfileId]:
    """Whose each number is, as it stands; nothing is locked."""
    merged = await queries.rows(tx, "read_merged", profiles=in_order(numbers)) if numbers else []
    return {number: ProfileId(number) for number in numbers} | {row["profile_id"]: row["merged_into"] for row in merged}


async def numbers_of(tx: Transaction, people: Collection[int]) -> dict[ProfileId, list[int]]:
    """All numbers of each person, their own first."""
    numbers: dict[ProfileId, list[int]] = {ProfileId(person): [person] for person in people}
    if people:
        for row in await queries.rows(tx, "read_numbers", profiles=in_order(people)):
            numbers[row["person"]].append(row["number"])
    return numbers


async def aliases(tx: Transaction, numbers: Collection[int]) -> dict[int, ProfileId]:
    """What the directory says in this transaction; ours follows it."""
    rows = await queries.rows(tx, "read_aliases", profiles=in_order(numbers)) if numbers else []
    return {row["id"]: row["profile_id"] for row in rows}


async def moving(tx: Transaction, people: Collection[int]) -> set[int]:
    """Those whose events are being moved."""
    rows = await queries.rows(tx, "read_moving", profiles=in_order(people)) if people else []
    return {row["profile_id"] for row in rows}


async def touch_people(tx: Transaction, people: Sequence[ProfileId], at: Sequence[datetime] | None = None) -> None:
    """Any number of a person will do."""
    if people:
        times = list(at) if at is not None else [tx.now] * len(people)
        await queries.run(tx, "touch_people", profiles=list(people), at=times)
        tx.wake("people")


async def read_waiting(tx: Transaction, people: Collection[ProfileId]) -> list[ProfileId]:
    rows = await queries.rows(tx, "read_waiting", profiles=in_order(people)) if people else []
    return [row["person"] for row in rows]


async def lock_numbers(tx: Transaction, numbers: Collection[int]) -> dict[int, Row]:
    """The rows of these very numbers; who has none gets one."""
    wanted = in_order(numbers)
    await queries.run(tx, "insert_people", profiles=wanted)
    return {row["profile_id"]: row for row in await queries.rows(tx, "lock_numbers", profiles=wanted)}


async def write_merges(tx: Transaction, leads: Mapping[int, ProfileId]) -> None:
    numbers = in_order(leads)
    if numbers:
        await queries.run(tx, "write_merges", numbers=numbers, people=[leads[number] for number in numbers])


async def write_whole(tx: Transaction, capped: Mapping[ProfileId, Sequence[tuple[datetime, int]]]) -> None:
    """These are people of their own, and get these places under the cap beside those that they have."""
    rows = [
        (person, at, what) for person in in_order(capped) for at, what in capped[ProfileId(person)] or ((None, None),)
    ]
    if rows:
        people, at, what = (list(column) for column in zip(*rows, strict=True))
        await queries.run(tx, "write_whole", people=people, at=at, what=what)


async def read_twins(tx: Transaction, people: Collection[ProfileId]) -> list[Row]:
    return await queries.rows(tx, "read_twins", profiles=in_order(people))


async def lock_open(tx: Transaction, people: Collection[ProfileId]) -> list[Row]:
    """All that is open of these people, under any of their numbers."""
    return await queries.rows(tx, "read_open", profiles=in_order(people))


async def cancel_twins(tx: Transaction, notifications: Mapping[int, str]) -> None:
    """Each with its decision as JSON text."""
    if notifications:
        ids = in_order(notifications)
        await queries.run(tx, "cancel_twins", notifications=ids, decisions=[notifications[i] for i in ids])
