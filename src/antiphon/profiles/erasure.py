"""Forgetting a person: every number and every name that they had, in one transaction, and a last look afterwards.

Told upwards as `Erased`, so that every part deletes what it has. What others write about the number while it is being
erased is found by two looks: one as soon as they have ended, one when every lease that stood then is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic

import structlog
from msgspec import Struct

from antiphon.kernel import outlet
from antiphon.kernel.db import Database, Rival, Row, Transaction
from antiphon.kernel.due import Claimed
from antiphon.kernel.errors import Busy
from antiphon.kernel.records import Channel, Erased, Identifier, ProfileId, bucket_of
from antiphon.profiles import store
from antiphon.profiles.identifiers import channel_of, plain
from antiphon.profiles.identity import move as moves
from antiphon.profiles.identity import work as merges
from antiphon.profiles.mentions import Mentions, mentions_of
from antiphon.profiles.numbers import NUMBER, find_one
from antiphon.profiles.suppression import suppress

log = structlog.get_logger()

EVENTS_AT_ONCE = 50_000
"""More than these are deleted by due work: nobody can reach the number that they lie under any more."""

SETTLE_S = 5.0
"""How long an erasure waits for merges under way and for messages that are just leaving."""

LAST_LOOK = timedelta(seconds=90)
"""Wall time. Longer than any lease: whoever held one has written by then, or never will."""

TRIES = 5
"""How often it begins again because a merge began before its locks were had."""

TOPIC = "erasures"

InFlight = Callable[[Transaction, Sequence[ProfileId]], Awaitable[bool]]
in_flight: list[InFlight] = []
"""Whether something for these numbers is leaving right now; named by the wiring, for the ledger lies above us."""


class Erasure(Struct, frozen=True):
    """What was erased, or would be.

    deleted     rows by table
    anonymised  rows that stay and name nobody, by table
    suppressed  opt-outs that hold on, as keyed hashes of their addresses
    finished    whether all of it is done; the rest, events of great numbers, follows by itself
    """

    profiles: list[str]
    deleted: dict[str, int]
    anonymised: dict[str, int]
    suppressed: int
    finished: bool
    dry_run: bool


class _TakenBack(Exception):
    """A dry run ends its transaction with this."""

    def __init__(self, found: Erasure) -> None:
        self.found = found


async def last_erased_at(tx: Transaction) -> datetime | None:
    """For whoever remembers something of people outside of the database: what is older is to be forgotten."""
    return await store.erasure.newest(tx)


async def erase(database: Database, who: Identifier, *, keep_counts: bool = False, dry_run: bool = False) -> Erasure:
    """Forget the person that this name leads to. Raises NotFound, and Busy while a merge of theirs is under way.

    When it returns, nothing of theirs leaves any more. A dry run does everything and takes it back.
    """
    begun = monotonic()

    async def work(tx: Transaction) -> Erasure:
        found = await _erase(tx, who, keep_counts=keep_counts, dry_run=dry_run)
        if dry_run:
            raise _TakenBack(found)
        return found

    for tries_left in reversed(range(TRIES)):
        numbers = await _settled(database, who)
        try:
            found = await database.repeat(work)
            break
        except _TakenBack as back:
            return back.found
        except Busy:  # a merge began since we looked
            if not tries_left:
                raise
    await _until(database, lambda tx: _leaving(tx, numbers), within_s=1.0)
    await look_again(database)
    rows = sum(found.deleted.values())
    log.info("profile.erased", numbers=len(found.profiles), rows=rows, seconds=round(monotonic() - begun, 3))
    return found


async def _settled(database: Database, who: Identifier) -> list[ProfileId]:
    """The person's numbers, once no merge of theirs is under way and nothing of theirs is just leaving."""

    async def numbers(tx: Transaction) -> list[ProfileId]:
        return await store.erasure.numbers(tx, await find_one(tx, who))

    async def restless(tx: Transaction) -> bool:
        ids = await numbers(tx)
        return (
            await store.erasure.is_moving(tx, ids)
            or await store.erasure.is_undecided(tx, ids)
            or await _leaving(tx, ids)
        )

    await _until(database, restless, within_s=SETTLE_S, helping=_work_identity)
    async with database.transaction(read_only=True) as tx:
        return await numbers(tx)


async def _work_identity(database: Database) -> None:
    """A worker may be busy, or not there at all."""
    await merges.work(database)
    await moves.work(database)


async def _until(
    database: Database,
    restless: Callable[[Transaction], Awaitable[bool]],
    *,
    within_s: float,
    helping: Callable[[Database], Awaitable[None]] | None = None,
) -> None:
    """Look every 50 ms until there is rest, or the time is over."""
    end = monotonic() + within_s
    while True:
        async with database.transaction(read_only=True) as tx:
            if not await restless(tx):
                return
        if monotonic() > end:
            return
        if helping is not None:
            await helping(database)
        await asyncio.sleep(0.05)


async def _leaving(tx: Transaction, ids: Sequence[ProfileId]) -> bool:
    for ask in in_flight:
        if await ask(tx, ids):
            return True
    return False


async def _erase(tx: Transaction, who: Identifier, *, keep_counts: bool, dry_run: bool) -> Erasure:
    """Locks go down the order that all writers keep: directory, profile, events, sums, ledger, due rows."""
    before = await store.erasure.written(tx)
    await store.erasure.hold_identity(tx)
    ids = await store.erasure.numbers(tx, await find_one(tx, who))
    names = await store.erasure.lock(tx, ids)
    identifiers = [Identifier(row["kind"], row["value"]) for row in names]
    if not (int(who.value) in ids if who.kind == NUMBER else plain(who) in identifiers):
        raise Rival("The name was given to somebody else meanwhile.")
    if await store.erasure.is_moving(tx, ids):
        raise Busy("A merge of this person is under way; try again shortly.")
    addresses = addresses_of(identifiers, await store.erasure.addresses(tx, ids))
    events = await store.erasure.delete_events(tx, ids, limit=EVENTS_AT_ONCE)
    await store.erasure.delete(tx, ids, [row["id"] for row in names])
    await _delete_refused(tx, mentions_of(identifiers))
    record = Erased(tuple(ids), tuple(addresses), tuple(identifiers), keep_counts)
    await outlet.publish(tx, [record])
    await store.erasure.add(tx, ids, keep_counts=keep_counts)
    tx.wake(TOPIC)
    suppressed = await suppress(tx, addresses)
    return _report(
        ids, before, await store.erasure.written(tx), suppressed, finished=events < EVENTS_AT_ONCE, dry_run=dry_run
    )


async def _delete_refused(tx: Transaction, said: Mentions) -> None:
    await store.erasure.delete_refused(tx, parts=said.parts, words=said.words, digits=said.digits)


def addresses_of(identifiers: Sequence[Identifier], known: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Wherever they could be written to or could write from: a phone is one for texts, calls and chats."""
    found = set(known)
    for identifier in identifiers:
        channel = channel_of(identifier.kind)
        if channel is None or channel == Channel.SMS:
            found.add((Channel.CHAT.value, identifier.value))
        if channel is not None:
            found.add((channel.value, identifier.value))
        if channel == Channel.SMS:
            found.add((Channel.VOICE.value, identifier.value))
    return sorted(found)


def _report(
    ids: Sequence[ProfileId],
    before: dict[str, tuple[int, int]],
    after: dict[str, tuple[int, int]],
    suppressed: int,
    *,
    finished: bool,
    dry_run: bool,
) -> Erasure:
    grown = {
        name: (deleted - before.get(name, (0, 0))[0], updated - before.get(name, (0, 0))[1])
        for name, (deleted, updated) in sorted(after.items())
    }
    return Erasure(
        profiles=[str(id) for id in ids],
        deleted={name: deleted for name, (deleted, _) in grown.items() if deleted},
        anonymised={name: updated for name, (_, updated) in grown.items() if updated},
        suppressed=suppressed,
        finished=finished,
        dry_run=dry_run,
    )


BATCH = 100
LEASE_S = 30.0


async def look_again(database: Database) -> int:
    """Look once more at numbers that were erased; how many were looked at. Resumes what a crash broke off."""
    async with database.transaction() as tx:
        claimed = await store.erasure.ERASURES.claim(tx, batch=BATCH, lease_s=LEASE_S)
    return await database.repeat(lambda tx: _look(tx, claimed)) if claimed else 0


async def _look(tx: Transaction, claimed: Sequence[Claimed]) -> int:
    ids = sorted((ProfileId(item.key[1]) for item in claimed), key=lambda id: (bucket_of(id), id))
    ready = {row["profile_id"]: row for row in await store.erasure.ready(tx, ids, last_after=LAST_LOOK)}
    next_due = [None if _is_last(ready, item.key[1]) else tx.now for item in claimed]
    mine = {key[1] for key in await store.erasure.ERASURES.finish(tx, claimed, next_due)}
    looked = [id for id in ids if id in mine and id in ready]
    for keep_counts in (False, True):
        await _sweep(tx, [id for id in looked if ready[id]["keep_counts"] == keep_counts], keep_counts=keep_counts)
    return len(looked)


def _is_last(ready: Mapping[int, Row], id: int) -> bool:
    return id in ready and bool(ready[id]["is_last"])


async def _sweep(tx: Transaction, ids: Sequence[ProfileId], *, keep_counts: bool) -> None:
    """Whatever was written about these numbers meanwhile, and events that were too many for one transaction."""
    if not ids:
        return
    names = await store.erasure.lock(tx, ids)
    events = await store.erasure.delete_events(tx, ids, limit=EVENTS_AT_ONCE)
    await store.erasure.delete(tx, ids, [row["id"] for row in names])
    await outlet.publish(tx, [Erased(tuple(ids), (), (), keep_counts)])
    if events < EVENTS_AT_ONCE:
        await store.erasure.note_looks(tx, ids)
    else:
        await store.erasure.come_back(tx, ids)
