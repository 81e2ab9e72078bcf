"""Whether segments stay as quick with more people and with more segments.

    python -m bench.segment_growth [--sizes 100000 1000000] [--counts 10 50 200] [--largest]

For each size a durable server of its own with 20 events a person; then more and more live segments. Each time three
rules counted over everybody (S2, S3, S5, beside SQL by hand), the latency from an event to its changes at 2,000
events/s, 20,000 windows that end in one minute with one worker, and the most memory of worker and PostgreSQL.
`--largest` adds 5,000,000 people, which take most of an hour to make.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from antiphon.kernel.db import Database
from bench import segment_flips, segment_latency, segment_stage, segments
from bench.segment_rules import FIVE

PER_PERSON = 20
COUNTED = ("S2", "S3", "S5")
FLIPPED = 20_000


async def one(dsn: str, folder: Path, database: Database, arguments: argparse.Namespace, people: int) -> None:
    await database.move_clock(lambda state: state.held())
    print(f"{'count over everybody, ms':26} {'members':>9} {'ours':>8} {'by hand':>8}   ratio")
    for name in COUNTED:
        mine, found = await segments.ours(database, FIVE[name])
        hand, expected = await segments.by_hand(database, name, database.clock.now())
        assert found == expected, (name, found, expected)
        print(f"{name:26} {found:9,} {mine:8.1f} {hand:8.1f} {mine / hand:7.2f}", flush=True)
    await database.move_clock(lambda state: state.released())
    segment_latency.head()
    segment_latency.show(
        await segment_latency.run_at(
            dsn, folder, database, people=people, rate=arguments.rate, seconds=arguments.seconds
        )
    )
    await segment_flips.measure(dsn, database, people=min(FLIPPED, people // 2), workers=1)


async def run(dsn: str, folder: Path, arguments: argparse.Namespace, people: int) -> None:
    for count in arguments.counts:
        wanted = argparse.Namespace(
            profiles=people, events=people * PER_PERSON, segments=count, patience=arguments.patience
        )
        print(f"\n--- {people:,} people, {count} segments", flush=True)
        async with segment_stage.staged(dsn, wanted) as database:
            await one(dsn, folder, database, arguments, people)


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    options.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    options.add_argument("--counts", type=int, nargs="+", default=[10, 50, 200])
    options.add_argument("--largest", action="store_true", help="5,000,000 people too")
    options.add_argument("--rate", type=float, default=2_000)
    options.add_argument("--seconds", type=float, default=20.0)
    segment_stage.add_patience(options)
    arguments = options.parse_args()
    for people in [*arguments.sizes, *([5_000_000] if arguments.largest else [])]:
        with segment_stage.served(None) as (dsn, folder):
            asyncio.run(run(dsn, folder, arguments, people))


if __name__ == "__main__":
    main()
