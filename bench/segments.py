"""How fast rules are looked up over everybody, and previewed: each beside SQL by hand and a column store, in one run.

    python -m bench.segments [--profiles 1000000] [--events 20000000] [--segments 50] [--data FOLDER]

First the five rules of the design (`segment_rules.FIVE`) counted over everybody: ours, SQL written by hand for this one
rule on the same tables, and DuckDB with the same people and events (see `bench.columns`), which counts raw events. All
must find the same number. Then previews of rules drawn at random, each once, beside the bare count of all profiles.
Product time is held, so that all ask about the same instant.

Goals: at most 3 times DuckDB where sums of events answer, at most 12 times where raw events are read; 99 of 100
previews within 300 ms where traits, sums or stored segments answer; else an estimate within 300 ms and the exact number
within 2 s.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from datetime import datetime
from time import perf_counter
from typing import Any

from antiphon import segments
from antiphon.kernel.db import Database, Transaction
from bench import columns, segment_stage
from bench.crowd import quantile
from bench.segment_rules import ADDED, BOUGHT, FIVE, OPENED, SENT, asked, watched
from bench.segment_stage import at_most_ms, verdict

GOALS = {"S2": 3.0, "S3": 12.0, "S4": 12.0, "S5": 12.0}
QUICK = {"traits", "rollups", "stored segments"}
QUICK_MS, EXACT_MS = 300, 2_000

_GOLD = """traits ->> 'country' IN ('de', 'fr', 'it') AND traits ->> 'tier' = 'gold'
           AND (traits ->> 'age')::integer BETWEEN 25 AND 45"""
_SILENT = f"""
    SELECT e.profile_id FROM event_sum e
     WHERE e.name_id = {SENT} AND e.count >= 3
       AND NOT EXISTS (SELECT FROM event_sum s WHERE s.bucket = e.bucket AND s.profile_id = e.profile_id
                          AND s.name_id = {OPENED} AND s.last_at > $1::timestamptz - interval '504 h')"""
_BUYING = f"""
    SELECT profile_id FROM event WHERE name_id = {BOUGHT} AND at > $1::timestamptz - interval '720 h' AND at <= $1
     GROUP BY profile_id HAVING count(*) >= 3 AND sum((properties ->> 'amount')::float8) > 100"""
BY_HAND = {
    "S1": f"SELECT id FROM profile WHERE {_GOLD} AND $1::timestamptz IS NOT NULL",
    "S2": _SILENT,
    "S3": _BUYING,
    "S4": f"(SELECT id FROM profile WHERE {_GOLD} UNION {_BUYING}) EXCEPT {_SILENT}",
    "S5": f"""
        SELECT DISTINCT a.profile_id FROM event a
         WHERE a.name_id = {ADDED} AND a.at <= $1
           AND EXISTS (SELECT FROM event b WHERE b.name_id = {BOUGHT} AND b.profile_id = a.profile_id
                          AND b.at > a.at AND b.at <= a.at + interval '168 h' AND b.at <= $1)""",
}


async def ours(database: Database, rule: Any) -> tuple[float, int]:
    return await at_most_ms(database, lambda tx: segments.count(tx, rule))


async def by_hand(database: Database, name: str, now: datetime) -> tuple[float, int]:
    async def count(tx: Transaction) -> int:
        return int((await tx.rows(f"SELECT count(*) FROM ({BY_HAND[name]}) found", now))[0][0])

    return await at_most_ms(database, count)


async def counts(database: Database, *, names: Sequence[str] = tuple(FIVE)) -> bool:
    now = database.clock.now()
    store = await columns.copied(database, now)
    print(
        f"\n{'count over everybody, ms':26} {'members':>9} {'ours':>8} {'by hand':>8} {'DuckDB':>8}"
        "   of hand  of DuckDB"
    )
    kept = True
    for name in names:
        mine, found = await ours(database, FIVE[name])
        hand, expected = await by_hand(database, name, now)
        forms = {"S1 typed": ("typed",), "S1 JSON": ("JSON",)} if name == "S1" else {name: ()}
        for label, some in forms.items():
            stored, theirs = columns.best(store, name, some)
            assert found == expected == theirs, (name, found, expected, theirs)
            goal = f"{GOALS[name]:.0f}: {verdict(mine / stored, GOALS[name])}" if name in GOALS else ""
            kept &= "MISSED" not in goal
            print(
                f"{label:26} {found:9,} {mine:8.1f} {hand:8.1f} {stored:8.1f} {mine / hand:9.2f}"
                f" {mine / stored:10.2f}  {goal}",
                flush=True,
            )
    store.connection.close()
    return kept


async def previews(database: Database, count: int, names: tuple[str, ...]) -> bool:
    """Each rule once, as somebody tries one after the other; by what it reads."""
    bare, _ = await at_most_ms(database, lambda tx: tx.rows("SELECT count(*) FROM profile"))
    exact: dict[str, list[float]] = {}
    guessed: dict[str, list[float]] = {}
    within = 0
    for kind, rule in asked(count, names):
        took, shown = await _preview(database, rule, estimate=False)
        exact.setdefault(kind, []).append(took)
        took, guess = await _preview(database, rule, estimate=True)
        guessed.setdefault(kind, []).append(took)
        within += abs(guess.count - shown.count) <= guess.margin
    print(f"\n{'preview, ms':34} {'asked':>6} {'p50':>8} {'p99':>8} {'most':>8} {'of bare':>8}")
    print(f"{'bare count of profiles':34} {'':6} {bare:8.1f}")
    kept = True
    for kind, times in exact.items():
        kept &= _show(kind, times, bare, QUICK_MS if kind in QUICK else EXACT_MS)
        kept &= _show(f"{kind}, estimate", guessed[kind], bare, QUICK_MS)
    print(f"{within} of {count} estimates are within their margin (19 of 20 are promised)")
    return kept


async def _preview(database: Database, rule: Any, *, estimate: bool) -> tuple[float, Any]:
    begun = perf_counter()
    async with database.transaction(read_only=True) as tx:
        shown = await segments.preview(tx, rule, estimate=estimate)
    return (perf_counter() - begun) * 1000, shown


def _show(name: str, times: list[float], bare: float, goal: float) -> bool:
    p99 = quantile(times, 0.99)
    print(
        f"{name:34} {len(times):6} {quantile(times, 0.5):8.1f} {p99:8.1f} {max(times):8.1f}"
        f" {quantile(times, 0.5) / bare:8.1f}   {goal:.0f} ms: {verdict(p99, goal)}",
        flush=True,
    )
    return p99 <= goal


async def run(dsn: str, arguments: argparse.Namespace) -> bool:
    async with segment_stage.staged(dsn, arguments) as database:
        await database.move_clock(lambda state: state.held())
        try:
            kept = await counts(database)
            names = tuple(watched(arguments.segments))[:20]
            return await previews(database, arguments.previews, names) and kept
        finally:
            await database.move_clock(lambda state: state.released())


def main() -> None:
    options = segment_stage.options(__doc__)
    options.add_argument("--previews", type=int, default=200)
    arguments = options.parse_args()
    with segment_stage.served(arguments.data) as (dsn, _folder):
        kept = asyncio.run(run(dsn, arguments))
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
