"""Everything that docs/reference/performance.md claims, one benchmark after the other: `make bench`."""

from __future__ import annotations

import subprocess
import sys

ALL = (
    "ingest_core",
    "ingest_http",
    "growth",
    "segments",
    "segment_latency",
    "segment_flips",
    "segment_builds",
    "segment_idle",
    "segment_growth",
    "people",
    "merge",
    "smtp",
    "campaign",
    "failover",
    "pause",
    "receipts",
    "claims",
    "decision",
    "response",
    "receipts",
    "webhooks",
    "failover",
    "pause",
    "claims",
    "size",
    "idle",
    "browser",
    "startup",
)


def main() -> int:
    wanted = sys.argv[1:] or ALL
    failed = []
    for name in wanted:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{name}"]).returncode:
            failed.append(name)
    print(f"\nfailed: {', '.join(failed)}" if failed else "\nall ran")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
