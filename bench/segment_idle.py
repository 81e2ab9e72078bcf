"""What live segments cost while nothing happens: CPU of the worker and of PostgreSQL, with and without them.

    python -m bench.segment_idle [--profiles 1000000] [--segments 50] [--seconds 30] [--data FOLDER]

Product time runs, so windows that end in these seconds are worked, as in life. The reference is the same worker before
any segment was made; with a folder that has segments already, there is none.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from antiphon.app.opening import opened
from antiphon.kernel.db import Database
from bench import segment_stage
from bench.segment_stage import server_pids, used_s, verdict
from bench.segment_work import working

GOAL_PERCENT = 2.0


async def idle(dsn: str, folder: Path, database: Database, *, seconds: float) -> tuple[float, float]:
    """Per cent of one core: the worker, PostgreSQL."""
    with working(dsn) as worker:
        await segment_stage.at_rest(database)
        await asyncio.sleep(5.0)
        before = used_s([worker.pid, *server_pids(folder)])
        await asyncio.sleep(seconds)
        after = used_s([worker.pid, *server_pids(folder)])
    used = {pid: spent - before.get(pid, 0.0) for pid, spent in after.items()}
    mine = used.pop(worker.pid)
    return 100 * mine / seconds, 100 * sum(used.values()) / seconds


async def run(dsn: str, folder: Path, arguments: argparse.Namespace) -> bool:
    async with opened(dsn) as runtime:
        fresh = not await runtime.database.pool.fetchval("SELECT EXISTS (SELECT FROM segment)")
    found = {}
    for count in (0, arguments.segments) if fresh else (arguments.segments,):
        wanted = argparse.Namespace(**vars(arguments) | {"segments": count})
        async with segment_stage.staged(dsn, wanted) as database:
            found[count] = await idle(dsn, folder, database, seconds=arguments.seconds)
    for count, (worker, server) in found.items():
        print(f"{count:4} segments: worker {worker:.2f} %, PostgreSQL {server:.2f} % of one core")
    most = sum(found[arguments.segments])
    ratio = f", {most / max(0.01, sum(found[0])):.1f} of none" if 0 in found else ""
    print(f"both {most:.2f} %{ratio}; {GOAL_PERCENT:.0f} %: {verdict(most, GOAL_PERCENT)}")
    return most <= GOAL_PERCENT


def main() -> None:
    options = segment_stage.options(__doc__)
    options.add_argument("--seconds", type=float, default=30.0)
    arguments = options.parse_args()
    with segment_stage.served(arguments.data) as (dsn, folder):
        kept = asyncio.run(run(dsn, folder, arguments))
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
