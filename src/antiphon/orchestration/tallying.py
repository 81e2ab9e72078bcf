"""How many people of a source are in which state: counted from the ledger, row by row."""

from __future__ import annotations

import time
from collections import defaultdict
from weakref import WeakKeyDictionary

import msgspec
from msgspec import Struct

from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.records import SourceId
from antiphon.orchestration import store

MANY, QUICK_S = 50_000, 0.2
REST = 10
"""So many that took longer than `QUICK_S` are counted again after so many times as long, by each process: whoever asks
every second takes a tenth of a core at most, and hears of a million people what was so a moment ago. What was counted
in another state of its campaign is not told any more."""


class Tally(Struct, frozen=True):
    """People of a source by state and by reason. `doubles`: more than one attempt is known to have arrived."""

    states: dict[str, int]
    reasons: dict[str, int]
    doubles: int
    prefer: str | None = None


async def tally(tx: Transaction, source: SourceId, *, standing: str = "") -> Tally:
    """`standing`: the state of the campaign that asks."""
    known = (await store.read_sources(tx, [source]))[source]
    found = await _tally(tx, source, f"{known.state} {standing}")
    return msgspec.structs.replace(found, prefer=known.prefer)


async def _tally(tx: Transaction, source: SourceId, standing: str) -> Tally:
    kept = _kept.setdefault(tx.database, {})
    until, then, found = kept.get(source, (0.0, "", None))
    if found is not None and then == standing and time.monotonic() < until:
        return found
    begun = time.monotonic()
    found = await _count(tx, source)
    took = time.monotonic() - begun
    kept.pop(source, None)
    if took > QUICK_S and sum(found.states.values()) >= MANY:
        kept[source] = time.monotonic() + REST * took, standing, found
    return found


async def _count(tx: Transaction, source: SourceId) -> Tally:
    states: dict[str, int] = defaultdict(int)
    reasons: dict[str, int] = defaultdict(int)
    for row in await store.count_states(tx, source):
        states[row["state"]] += row["n"]
        if row["reason"]:
            reasons[row["reason"]] += row["n"]
    return Tally(dict(states), dict(reasons), await store.count_doubles(tx, source))


_kept: WeakKeyDictionary[Database, dict[SourceId, tuple[float, str, Tally]]] = WeakKeyDictionary()
