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

QUICK_S = 0.2
REST = 10
"""What takes longer than `QUICK_S` to count is counted again after so many times as long, by each process: whoever asks
every second takes a tenth of a core at most, and hears of a million people what was so a moment ago."""


class Tally(Struct, frozen=True):
    """People of a source by state and by reason. `doubles`: more than one attempt is known to have arrived."""

    states: dict[str, int]
    reasons: dict[str, int]
    doubles: int
    prefer: str | None = None


async def tally(tx: Transaction, source: SourceId) -> Tally:
    prefer = (await store.read_sources(tx, [source]))[source].prefer
    return msgspec.structs.replace(await _tally(tx, source), prefer=prefer)


async def _tally(tx: Transaction, source: SourceId) -> Tally:
    kept = _kept.setdefault(tx.database, {})
    until, found = kept.get(source, (0.0, None))
    if found is not None and time.monotonic() < until:
        return found
    begun = time.monotonic()
    found = await _count(tx, source)
    took = time.monotonic() - begun
    kept.pop(source, None)
    if took > QUICK_S:
        kept[source] = time.monotonic() + REST * took, found
    return found


async def _count(tx: Transaction, source: SourceId) -> Tally:
    states: dict[str, int] = defaultdict(int)
    reasons: dict[str, int] = defaultdict(int)
    for row in await store.count_states(tx, source):
        states[row["state"]] += row["n"]
        if row["reason"]:
            reasons[row["reason"]] += row["n"]
    return Tally(dict(states), dict(reasons), await store.count_doubles(tx, source))


_kept: WeakKeyDictionary[Database, dict[SourceId, tuple[float, Tally]]] = WeakKeyDictionary()
