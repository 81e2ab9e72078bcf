"""From an event to the memberships it changes: how long, and up to which rate nothing piles up; 50 segments are live.

    python -m bench.segment_latency [--profiles 1000000] [--rate 2000] [--seconds 20] [--data FOLDER]

Events of 30 kinds (zipf(1)) about people at random are taken in by one process, another is a worker (see
`bench.segment_work`). A latency is the time from the acknowledged commit of an event to the commit of a change of
membership it made (`SegmentChange` by what happened, not by time); nobody has two events close together, so the event
is known by its profile. Then the rate is raised until the due rows that wait grow over the run, or events are
acknowledged late. At the end all is worked off, and five segments are verified against their rules.

Beside it, in the same run: intake alone at the same rate, without a worker; and due rows claimed, finished and their
changes written by hand, 1,000 at a time.

Goals: at 2,000 events/s half of the changes within 100 ms and 99 of 100 within 500 ms; nothing piles up at 5,000/s.
"""

from __future__ import annotations

import argparse
import asyncio
import bisect
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from antiphon.kernel.db import Database
from bench import segment_stage
from bench.crowd import profile_of, quantile
from bench.segment_rules import watched
from bench.segment_stage import verdict
from bench.segment_work import Loaded, Noted, loading, working

P50_MS, P99_MS, RATE = 100, 500, 5_000
RATES = (3_000, 4_000, 5_000, 7_000, 10_000, 14_000)
WAITS_S = 0.5
"""Due rows that wait are no backlog while there are fewer than come in so long."""


class Run(NamedTuple):
    rate: float
    loaded: Loaded
    latencies_ms: list[float]
    waiting: list[int]
    worked_off_s: float
    worker_mb: float
    server_mb: float

    @property
    def acknowledged_ms(self) -> list[float]:
        return [1000 * (each.acknowledged - each.sent) for each in self.loaded.sent] or [0.0]

    @property
    def achieved(self) -> float:
        done = [each.acknowledged for each in self.loaded.sent]
        return len(done) / (max(done) - min(done)) if len(done) > 1 else 0.0

    @property
    def keeps_up(self) -> bool:
        """What waits at the end is little, or no more than in the first half; and intake took in what came."""
        half, last = len(self.waiting) // 2, self.waiting[-3:]
        early, late = max(self.waiting[1:half] or [0]), sum(last) / max(1, len(last))
        small = late <= WAITS_S * self.rate
        return not self.loaded.busy and self.achieved >= 0.95 * self.rate and (small or late <= early)


async def run_at(dsn: str, folder: Path, database: Database, *, people: int, rate: float, seconds: float) -> Run:
    waiting: list[int] = []
    with working(dsn) as worker:
        await segment_stage.at_rest(database)
        await worker.noted()
        async with segment_stage.Watch(folder, worker.pid) as memory:
            with loading(dsn, people=people, rate=rate, seconds=seconds, seed=int(perf_counter() * 1000)) as load:
                done = asyncio.create_task(load.done())
                while not done.done():
                    waiting.append(await segment_stage.due(database))
                    await asyncio.wait([done], timeout=1.0)
                loaded = await done
            worked_off_s = await segment_stage.at_rest(database)
            noted = await worker.noted()
    return Run(
        rate, loaded, latencies(loaded, noted), waiting, worked_off_s, memory.rss_mb, memory.pss_mb
    )  # fmt: skip


def latencies(loaded: Loaded, noted: Sequence[Noted]) -> list[float]:
    """Milliseconds; of each change the latest event of its profile that had been handed in."""
    sent: dict[int, list[tuple[float, float]]] = {}
    for each in sorted(loaded.sent, key=lambda each: each.sent):
        sent.setdefault(profile_of(each.person), []).append((each.sent, each.acknowledged))
    found = []
    for change in noted:
        theirs = sent.get(change.profile)
        if change.happened and theirs:
            place = bisect.bisect(theirs, (change.at, 0.0)) - 1
            if place >= 0:
                found.append(max(0.0, 1000 * (change.at - theirs[place][1])))
    return found


async def alone(dsn: str, *, people: int, rate: float, seconds: float) -> list[float]:
    """Milliseconds to the acknowledgement where nobody works."""
    with loading(dsn, people=people, rate=rate, seconds=seconds, seed=int(perf_counter() * 1000)) as load:
        loaded = await load.done()
    return [1000 * (each.acknowledged - each.sent) for each in loaded.sent]


async def by_hand(database: Database, *, batch: int = 1_000, rounds: int = 20) -> float:
    """Rows a second that are claimed, finished and logged, in two transactions a batch, by hand; on a table apart."""
    await database.pool.execute(
        """
        CREATE TABLE by_hand AS SELECT bucket, id AS profile_id, now() AS due_at, NULL::timestamptz AS lease_until
          FROM profile LIMIT $1::integer""",
        batch * rounds,
    )
    await database.pool.execute("CREATE INDEX by_hand_at ON by_hand (due_at, profile_id)")
    await database.pool.execute("CREATE TABLE by_hand_change (LIKE segment_change)")
    begun, done = perf_counter(), 0
    while True:
        async with database.transaction() as tx:
            rows = await tx.rows(
                """
                UPDATE by_hand d SET lease_until = clock_timestamp() + interval '60 s'
                  FROM (SELECT ctid FROM by_hand WHERE due_at IS NOT NULL ORDER BY due_at LIMIT $1
                           FOR UPDATE SKIP LOCKED) due
                 WHERE d.ctid = due.ctid RETURNING d.bucket, d.profile_id""",
                batch,
            )
        if not rows:
            break
        async with database.transaction() as tx:
            await tx.rows(
                """
                WITH gone AS (UPDATE by_hand SET due_at = NULL WHERE profile_id = ANY ($1::bigint[])
                                AND due_at IS NOT NULL RETURNING bucket, profile_id)
                INSERT INTO by_hand_change (bucket, segment_id, profile_id, at, entered, cause, leaf)
                SELECT bucket, 1, profile_id, $2, true, 'happened', '' FROM gone""",
                [row["profile_id"] for row in rows],
                tx.now,
            )
        done += len(rows)
    took = perf_counter() - begun
    await database.pool.execute("DROP TABLE by_hand, by_hand_change")
    return done / took


def show(run: Run) -> None:
    times = run.latencies_ms or [float("nan")]
    print(
        f"{run.rate:8,.0f} {run.achieved:9,.0f} {quantile(run.acknowledged_ms, 0.5):7.1f}"
        f" {quantile(run.acknowledged_ms, 0.99):8.1f} {len(run.latencies_ms):8,} {quantile(times, 0.5):8.1f}"
        f" {quantile(times, 0.99):8.1f} {max(run.waiting or [0]):9,} {(run.waiting or [0])[-1]:8,}"
        f" {run.worked_off_s:7.1f} {run.worker_mb:7.0f} {run.server_mb:7.0f}"
        f"  {'keeps up' if run.keeps_up else 'FALLS BEHIND'}",
        flush=True,
    )


def head() -> None:
    print(
        f"\n{'events/s':>8} {'taken in':>9} {'ack p50':>7} {'p99 ms':>8} {'changes':>8} {'to p50':>8} {'p99 ms':>8}"
        f" {'due most':>9} {'at end':>8} {'rest s':>7} {'wrk MB':>7} {'PG MB':>7}"
    )


async def measure(dsn: str, folder: Path, database: Database, arguments: argparse.Namespace) -> bool:
    people, seconds = await database.pool.fetchval("SELECT count(*) FROM profile"), arguments.seconds
    hand = await by_hand(database)
    acknowledged = await alone(dsn, people=people, rate=arguments.rate, seconds=seconds / 2)
    print(
        f"intake alone, {arguments.rate:,.0f}/s: p50 {quantile(acknowledged, 0.5):.1f} ms, p99"
        f" {quantile(acknowledged, 0.99):.1f} ms; claimed, finished and logged by hand: {hand:,.0f} rows/s"
    )
    await segment_stage.work_off(database)
    head()
    first = await run_at(dsn, folder, database, people=people, rate=arguments.rate, seconds=seconds)
    show(first)
    highest = arguments.rate if first.keeps_up else 0.0
    for rate in arguments.rates:
        found = await run_at(dsn, folder, database, people=people, rate=rate, seconds=seconds)
        show(found)
        if not found.keeps_up:
            break
        highest = rate
    wrong = await segment_stage.verified(database, list(watched(arguments.segments))[: arguments.verified])
    p50, p99 = (quantile(first.latencies_ms or [float("inf")], share) for share in (0.5, 0.99))
    print(
        f"\nat {arguments.rate:,.0f}/s p50 {p50:.0f} ms, {P50_MS} ms: {verdict(p50, P50_MS)};"
        f" p99 {p99:.0f} ms, {P99_MS} ms: {verdict(p99, P99_MS)};"
        f" p50 is {p50 / quantile(acknowledged, 0.5):.1f} of an acknowledgement alone\n"
        f"nothing piles up at {highest:,.0f}/s, {RATE:,}/s: {verdict(highest, RATE, at_least=True)};"
        f" {highest / hand:.3f} of by hand; wrong memberships in {arguments.verified} segments: {wrong}"
    )
    return p50 <= P50_MS and p99 <= P99_MS and highest >= RATE and not wrong


async def run(dsn: str, folder: Path, arguments: argparse.Namespace) -> bool:
    async with segment_stage.staged(dsn, arguments) as database:
        return await measure(dsn, folder, database, arguments)


def main() -> None:
    options = segment_stage.options(__doc__)
    options.add_argument("--rate", type=float, default=2_000)
    options.add_argument("--rates", type=float, nargs="*", default=list(RATES))
    options.add_argument("--seconds", type=float, default=20.0)
    options.add_argument("--verified", type=int, default=5)
    arguments = options.parse_args()
    with segment_stage.served(arguments.data) as (dsn, folder):
        kept = asyncio.run(run(dsn, folder, arguments))
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
