"""How fast rules are: counts, touched profiles, a first fill; each beside SQL written by hand, in the same run.

    python bench/segments.py [--profiles 1000000] [--events 20000000]

Absolute numbers belong to the machine; ratios travel. Event names are zipf(1) over 30, activity of profiles is
skewed, 180 days in time order. The server is a throw-away one with the product's settings, without fsync.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from antiphon import segments
from antiphon.kernel import outlet, postgres
from antiphon.kernel.clock import ClockState
from antiphon.kernel.db import Database, Transaction, open_database
from antiphon.kernel.migrate import migrate
from antiphon.kernel.records import Event, ProfileId
from antiphon.segments import resolve, store
from antiphon.segments.parse import parse
from bench import crowd
from bench.crowd import NOW, profile_of

SENT, OPENED, BOUGHT, ADDED = 1, 4, 9, 7
NAMES = {SENT: "sent", OPENED: "opened", BOUGHT: "bought", ADDED: "added"}

NONE_OPENED = {"event": "opened", "within": "21d", "count": {"op": "eq", "value": 0}}
RULES: dict[str, Any] = {
    "none opened in 21 d": NONE_OPENED,
    "sent >= 3, none opened in 21 d": {"all": [{"event": "sent", "count": {"op": "gte", "value": 3}}, NONE_OPENED]},
    "three traits": {
        "all": [
            {"trait": "country", "op": "in", "value": ["de", "fr", "it"]},
            {"trait": "tier", "op": "eq", "value": "gold"},
            {"trait": "age", "op": "gte", "value": 25},
        ]
    },
    "bought >= 3 and for > 100 in 30 d": {
        "all": [
            {"event": "bought", "within": "30d", "count": {"op": "gte", "value": 3}},
            {"event": "bought", "within": "30d", "sum": {"property": "amount", "op": "gt", "value": 100}},
        ]
    },
    "added, then bought, in 7 d": {"sequence": ["added", "bought"], "within": "7d"},
}
BY_HAND = {
    "none opened in 21 d": """
        SELECT count(*) FROM profile p
         WHERE NOT EXISTS (SELECT FROM event_sum s WHERE s.bucket = p.bucket AND s.profile_id = p.id
                              AND s.name_id = 4 AND s.last_at > $1::timestamptz - interval '504 h')""",
    "sent >= 3, none opened in 21 d": """
        SELECT count(*) FROM event_sum e
         WHERE e.name_id = 1 AND e.count >= 3
           AND NOT EXISTS (SELECT FROM event_sum s WHERE s.bucket = e.bucket AND s.profile_id = e.profile_id
                              AND s.name_id = 4 AND s.last_at > $1::timestamptz - interval '504 h')""",
    "three traits": """
        SELECT count(*) FROM profile
         WHERE traits ->> 'country' IN ('de', 'fr', 'it') AND traits ->> 'tier' = 'gold'
           AND (traits ->> 'age')::integer >= 25 AND $1::timestamptz IS NOT NULL""",
    "bought >= 3 and for > 100 in 30 d": """
        SELECT count(*) FROM (
          SELECT FROM event WHERE name_id = 9 AND at > $1::timestamptz - interval '720 h' AND at <= $1
           GROUP BY profile_id HAVING count(*) >= 3 AND sum((properties ->> 'amount')::float8) > 100) found""",
    "added, then bought, in 7 d": """
        SELECT count(DISTINCT a.profile_id) FROM event a
         WHERE a.name_id = 7 AND a.at > $1::timestamptz - interval '168 h' AND a.at <= $1
           AND EXISTS (SELECT FROM event b WHERE b.name_id = 9 AND b.profile_id = a.profile_id
                          AND b.at > a.at AND b.at <= $1)""",
}
DELTA = [NONE_OPENED, RULES["sent >= 3, none opened in 21 d"], *list(RULES.values())[3:]]


async def best_ms(work: Callable[[], Awaitable[Any]], *, runs: int = 4) -> tuple[float, Any]:
    """The quickest of some runs, the first of which only warms up."""
    times, answer = [], None
    for _ in range(runs):
        begun = perf_counter()
        answer = await work()
        times.append((perf_counter() - begun) * 1000)
    return min(times[1:]), answer


async def counts(database: Database) -> None:
    print(f"{'count over everybody':38} {'members':>9} {'ours ms':>9} {'by hand':>9} {'ratio':>6}")
    for name, rule in RULES.items():

        async def ours(rule: Any = rule) -> int:
            async with database.transaction(read_only=True) as tx:
                return await segments.count(tx, rule)

        async def by_hand(name: str = name) -> int:
            async with database.transaction(read_only=True) as tx:
                return int((await tx.rows(BY_HAND[name], NOW))[0][0])

        (mine, found), (theirs, expected) = await best_ms(ours), await best_ms(by_hand)
        assert found == expected, (name, found, expected)
        print(f"{name:38} {found:9} {mine:9.0f} {theirs:9.0f} {mine / theirs:6.2f}")


async def deltas(database: Database, people: int) -> None:
    draw = random.Random(1)
    print(f"\n{'touched profiles, 4 rules':38} {'p50 ms':>9} {'goal':>9}")
    for size, goal in ((1, 2), (100, 8), (1000, None), (10_000, 300)):
        times = []
        for _ in range(40 if size < 1000 else 6):
            ids = [ProfileId(profile_of(n)) for n in draw.sample(range(1, people + 1), min(size, people))]
            async with database.transaction(read_only=True) as tx:
                times.append(await _judge(tx, ids))
        print(f"{size:38} {median(times):9.2f} {goal or '':>9}")


async def _judge(tx: Transaction, ids: Sequence[ProfileId]) -> float:
    rules = [parse(rule) for rule in DELTA]
    names = await resolve.numbers(tx, rules)
    begun = perf_counter()
    await store.judge(tx, rules, names, ids)
    return (perf_counter() - begun) * 1000


async def memberships(database: Database, people: int) -> None:
    begun = perf_counter()
    made = await segments.create(database, "none opened", {"version": 1, "rule": NONE_OPENED})
    async with database.transaction(read_only=True) as tx:
        bounds = await segments.bounds(tx, made.id)
    print(f"\nfill of {bounds.count if bounds else 0} members: {perf_counter() - begun:.2f} s")
    ids = random.Random(2).sample(range(1, people + 1), min(10_000, people))
    outlet.take(database, Event, segments.on_events)
    begun = perf_counter()
    async with database.transaction() as tx:
        await segments.on_events(tx, [Event(ProfileId(profile_of(n)), "opened", OPENED, NOW) for n in ids])
    touched = perf_counter() - begun
    begun, worked = perf_counter(), 0
    while found := await segments.work(database):
        worked += found
    print(
        f"touch {len(ids)} profiles: {touched * 1000:.0f} ms; work {worked}: {(perf_counter() - begun) * 1000:.0f} ms"
    )


async def run(dsn: str, *, people: int, events: int) -> None:
    await migrate(dsn)
    database = await open_database(dsn)
    await database.start()
    await database.move_clock(lambda _state: ClockState(held_at=NOW))
    begun = perf_counter()
    await crowd.people(database, people)
    await crowd.events(database, people=people, count=events, named=NAMES)
    version = await database.pool.fetchval("SHOW server_version")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, PostgreSQL {version}")
    print(f"load {os.getloadavg()[0]:.1f}; {people} profiles, {events} events made in {perf_counter() - begun:.0f} s\n")
    await counts(database)
    await deltas(database, people)
    await memberships(database, people)
    await database.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    options.add_argument("--profiles", type=int, default=1_000_000)
    options.add_argument("--events", type=int, default=20_000_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgres.throwaway(Path(folder) / "pg") as dsn:
        asyncio.run(run(dsn, people=chosen.profiles, events=chosen.events))


if __name__ == "__main__":
    main()
