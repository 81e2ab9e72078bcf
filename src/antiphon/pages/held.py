"""Visits that look like a person's, until their session is over: seconds, or minutes for a very early open.

A visit is on disk and in the counts at once, so that the screen shows it; on the timeline, in segments and in what is
learned of people it is when it is judged. Judging takes it off the counts again and hands it on as what it was, in one
transaction: the fold of receipts counts it for good, whatever came before or between. So no figure ever drops, but for
what turned out to be a machine's: that moves over to those of machines. A process that dies loses nothing: what is
held is due in the table, and whoever works next takes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from antiphon import channels, metrics, orchestration
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.due import work_loop
from antiphon.kernel.records import Count, DeliveryId, Receipt
from antiphon.orchestration import Visited
from antiphon.pages import store
from antiphon.pages.machines import is_too_quick
from antiphon.pages.sessions import Seen, add, by_machine
from antiphon.pages.store import Due, Held

BATCH = 500
PAUSE_S = 0.5
"""Nobody is woken when a session is over."""


class Visit(Struct, frozen=True):
    """Of a delivery, by whom is not known yet. `swept`: all that a gateway went through with it, if it was one."""

    delivery: DeliveryId
    seen: Seen
    swept: frozenset[int] = frozenset()


async def hold(tx: Transaction, visits: Sequence[Visit]) -> list[Receipt]:
    """Returns what is to be told at once: where nothing new can be learned of who visits."""
    found = await orchestration.read_visited(tx, {visit.delivery for visit in visits})
    known = [visit for visit in visits if visit.delivery in found]
    waiting = [visit for visit in known if not _is_settled(visit.seen, found[visit.delivery])]
    if waiting:
        await _hold(tx, waiting, {visit.delivery: found[visit.delivery] for visit in waiting})
    rest = [visit for visit in known if _is_settled(visit.seen, found[visit.delivery])]
    return [_receipt(visit.delivery, visit.seen, machine=False) for visit in rest]


def _is_settled(seen: Seen, visited: Visited) -> bool:
    return visited.opened if seen.link is None else visited.done


async def _hold(tx: Transaction, visits: Sequence[Visit], visited: Mapping[DeliveryId, Visited]) -> None:
    swept = {DeliveryId(number) for visit in visits for number in visit.swept}
    before = await store.lock(tx, list(visited.values()), swept - visited.keys())
    after = {number: replace(one, swept=one.swept or number in swept) for number, one in before.items()}
    for visit in visits:
        after[visit.delivery] = _with(after[visit.delivery], visit.seen, visited[visit.delivery])
    await store.write(tx, list(after.values()))
    await metrics.add(
        tx,
        [
            count
            for number, where in visited.items()
            for count in _counted(after[number], where, 1)
            if count not in _counted(before[number], where, 1)
        ],
    )


def _with(held: Held, seen: Seen, visited: Visited) -> Held:
    """It counts as a person's for now, but for what came too quickly for one."""
    held = replace(held, seen=add(held.seen, [seen]))
    if is_too_quick(visited.channel, held.handed_at, seen.at, proxy=seen.proxy) or held.swept:
        return held
    if held.opened is None and not visited.opened:
        held = replace(held, opened=seen.at)
    if seen.link is not None and held.clicked is None and not visited.clicked:
        held = replace(held, clicked=seen.at)
    return held


def _counted(held: Held, where: Visited | Due, n: int) -> list[Count]:
    said = (("opened", held.opened), ("clicked", held.clicked))
    return [Count(where.source, where.channel, where.variant, kind, at, n) for kind, at in said if at is not None]


async def judge(tx: Transaction, *, batch: int = BATCH) -> int:
    """What is due, at most so many deliveries. Returns how many."""
    due = await store.take(tx, batch=batch)
    await metrics.add(tx, [count for one in due for count in _counted(one.held, one, -1)])
    await channels.take_receipts(tx, [receipt for one in due for receipt in _judged(one.held)])
    return len(due)


def _judged(held: Held) -> Iterator[Receipt]:
    verdicts = by_machine(held.seen, handed_at=held.handed_at, swept=held.swept)
    for seen, machine in zip(held.seen, verdicts, strict=True):
        yield _receipt(held.delivery, seen, machine=machine)


def _receipt(delivery: DeliveryId, seen: Seen, *, machine: bool) -> Receipt:
    kind = "opened" if seen.link is None else "clicked"
    return Receipt(kind, seen.at, delivery=delivery, machine=machine, link=seen.link, device=seen.device)  # type: ignore[arg-type]  # one of two kinds


async def run(database: Database) -> None:
    """Until cancelled."""
    await work_loop(database, "visits", lambda: database.repeat(judge), pause_s=PAUSE_S)
