"""What is known of everybody: folded from what people did, learned by a keeper, read by whoever decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from weakref import WeakKeyDictionary

from antiphon.kernel.clock import wall
from antiphon.kernel.db import Database, Row, Transaction
from antiphon.metrics import store_priors as store
from antiphon.metrics.cells import DEFAULTS, KEYS
from antiphon.metrics.daytime import HOURS
from antiphon.metrics.fitting import default_prior, fit
from antiphon.metrics.predicting import Population

KEPT_S = 30.0
"""Wall time for which a process goes on with what it read."""

WORTH_IT = 0.02
"""Learned anew once the messages or the answers of a cell are a fiftieth more or fewer …"""

SOON = 50
"""… of what they were, or of this many while they are few …"""

AT_LEAST_EVERY = timedelta(days=1)
"""… and otherwise once a day: people may have changed while sums did not."""

_kept: WeakKeyDictionary[Database, tuple[float, Population]] = WeakKeyDictionary()


async def fold_responses(tx: Transaction) -> int:
    """How many sums were written; the keeper calls it every few seconds, and again at once while there are parts."""
    return await store.fold(tx)


async def fit_priors(tx: Transaction, defaults: Mapping[str, float] = DEFAULTS) -> int:
    """Learn the cells of which enough has changed; how many those were. Some milliseconds each, however many people."""
    sums = {row["cell"]: row for row in await store.read_sums(tx) if _is_worth_it(row, tx)}
    if not sums:
        return 0
    grids: dict[int, dict[tuple[int, int], int]] = defaultdict(dict)
    for row in await store.read_grid(tx, sums):
        grids[row["cell"]][row["sent"], row["answered"]] = row["people"]
    await store.write_priors(tx, {cell: fit(grid, defaults[KEYS[cell]]) for cell, grid in grids.items()}, sums)
    return len(grids)


def _is_worth_it(row: Row, tx: Transaction) -> bool:
    if row["fitted_at"] is None or tx.now - row["fitted_at"] >= AT_LEAST_EVERY:
        return True
    pairs = ((row["sent"], row["fitted_sent"]), (row["answered"], row["fitted_answered"]))
    return any(abs(now - then) > WORTH_IT * max(then, SOON) for now, then in pairs)


async def population(tx: Transaction, defaults: Mapping[str, float] = DEFAULTS) -> Population:
    """Of every cell what was learned, or the default; up to half a minute old. A process always names the same."""
    at, known = _kept.get(tx.database, (0.0, None))
    if known is None or not 0 <= wall() - at < KEPT_S:
        priors = await store.read_priors(tx)
        totals = await store.read_hour_totals(tx)
        known = Population(
            {key: priors.get(cell) or default_prior(defaults[key]) for cell, key in enumerate(KEYS)},
            tuple(totals.get(hour, 0) for hour in range(HOURS)),
        )
        _kept[tx.database] = wall(), known
    return known
