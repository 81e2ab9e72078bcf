"""The lane of questions that people ask while they write rules: few at once, none for long.

A rule that somebody is trying out must not hold up what is at work, nor the other questions. So a process asks two of
them at once, twenty more wait, and the rest is sent away; each statement has ten seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from antiphon.kernel.db import Database, DatabaseError, Transaction
from antiphon.kernel.errors import Busy, Flaw, Problem
from antiphon.segments import cost
from antiphon.segments.language.parse import parse
from antiphon.segments.store import previewing

AT_ONCE = 2
WAITING_MAX = 20
TIMEOUT_S = 10.0
_CANCELLED = "57014"  # SQLSTATE: a statement took longer than it may
T = TypeVar("T")
Document = dict[str, Any]  # Any: a rule document, JSON as it came


class RuleTooSlow(Problem):
    """The rule takes too long to be tried out."""

    status = 400
    code = "rule_too_slow"


class _Lane:
    def __init__(self) -> None:
        self.free = asyncio.Semaphore(AT_ONCE)
        self.waiting = 0


_lanes: WeakKeyDictionary[Database, _Lane] = WeakKeyDictionary()


async def ask(
    database: Database,
    work: Callable[[Transaction], Awaitable[T]],
    *,
    rule: Document,
    timeout_s: float = TIMEOUT_S,
) -> T:
    """Do `work`, which only reads, in its turn. `rule` is what it asks, for the sentence if it takes too long.

    Raises Busy where too many wait already, and RuleTooSlow that names the costliest leaf.
    """
    lane = _lanes.setdefault(database, _Lane())
    if lane.waiting >= WAITING_MAX:
        raise Busy("Many rules are being tried out; try again shortly.")
    lane.waiting += 1
    try:
        await lane.free.acquire()
    finally:
        lane.waiting -= 1
    try:
        async with database.transaction(read_only=True) as tx:
            await previewing.bound(tx, timeout_s=timeout_s)
            return await work(tx)
    except DatabaseError as error:
        if getattr(error, "sqlstate", None) != _CANCELLED:
            raise
        raise await _too_slow(database, rule, timeout_s) from error
    finally:
        lane.free.release()


async def _too_slow(database: Database, rule: Document, timeout_s: float) -> RuleTooSlow:
    async with database.transaction(read_only=True) as tx:
        at, _ = await cost.costliest(tx, parse(rule))
    said = "This part takes longest. A shorter window, or fewer conditions on properties, make it faster."
    return RuleTooSlow("The rule was not answered within {timeout_s:g} s.", flaws=[Flaw(at, said)], timeout_s=timeout_s)
