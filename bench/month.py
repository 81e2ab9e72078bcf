"""A month of a company against the real product: real HTTP, real workers, the world outside; judged by SQL of its own.

    python -m bench.month [--people 100000] [--days 30] [--every 1] [--workers 2] [--folder DIR]

The story, the rules and their planted violations are those of tests/flows (month.py, verdict.sql). Exit code 1 where a
rule was broken, or where one does not find what was planted for it.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.machine import machine

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))


def part(name: str) -> Any:
    """Any: the tests are not type-checked."""
    return importlib.import_module(f"flows.{name}")


def main() -> int:
    asked = parse()
    os.environ["ANTIPHON_TEST_FAST_DATABASE"] = "0" if asked.durable else "1"
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as name:
        return run(asked, Path(asked.folder or name))


def run(asked: argparse.Namespace, folder: Path) -> int:
    company_of, verdict_of, begun = part("company"), part("verdict"), time.monotonic()
    start = company_of.START.isoformat()
    with part("house").house(folder, start=start, mail=True, workers=asked.workers, durable=asked.durable) as home:
        company = company_of.Company(home, asked.people)
        speakers, callers = max(asked.people // 400, 15), max(asked.people // 1_000, 8)
        part("month").live(company, asked.days, speakers=speakers, callers=callers, every=asked.every, tell=say)
        lived_s = time.monotonic() - begun
        verdict = verdict_of.judge(company)
    print(f"{asked.people:,} people, {asked.days} days in {lived_s:,.0f} s; judged in"
          f" {time.monotonic() - begun - lived_s:,.0f} s; {len(company.said):,} words of people,"
          f" {len(company.aims):,} messages asked for")  # fmt: skip
    print("\n".join(verdict_of.told(verdict)))
    return 1 if verdict.found or verdict.blind else 0


def say(line: str) -> None:
    print(line, flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--every", type=int, default=1, help="campaigns on each so-manieth day")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", help="kept afterwards; else a temporary one")
    parser.add_argument("--durable", action="store_true", help="wait for the disk, as in production")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
