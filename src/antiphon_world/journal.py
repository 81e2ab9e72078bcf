"""The world's own log: JSON lines, each written by one system call, so that a line stands once `write` returned."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

LINES_MAX = 10_000
READ_MAX = 8_000_000
LOGGED_AS = {
    "machine_open": "machine_opened",
    "scan": "scanned",
    "shown": "shown",
    "open": "opened",
    "click": "clicked",
    "buy": "bought",
    "unsubscribe": "unsubscribed",
    "stop": "sms_sent",
    "complain": "complained",
    "prefer": "preferred",
    "browse": "browsed",
    "sign_in": "signed_in",
}


def rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journal:
    """Appends to `path`. `product_now` gives product time in seconds since the epoch."""

    def __init__(self, path: Path, product_now: Callable[[], float]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_CREAT | os.O_APPEND | os.O_RDWR | os.O_CLOEXEC, 0o644)
        self._product_now = product_now
        self._encode = msgspec.json.Encoder().encode
        self.counts: Counter[str] = Counter()

    def write(self, kind: str, **fields: Any) -> None:  # Any: whatever JSON can hold
        line = {"wall": round(time.time(), 6), "product": rfc3339(self._product_now()), "kind": kind, **fields}
        os.write(self._fd, self._encode(line) + b"\n")
        self.counts[kind] += 1

    def since(self, offset: int) -> tuple[list[msgspec.Raw], int]:
        """At most 10,000 whole lines from this byte on, and the offset that continues them."""
        chunk = os.pread(self._fd, READ_MAX, max(offset, 0))
        lines = chunk[: chunk.rfind(b"\n") + 1].splitlines(keepends=True)[:LINES_MAX]
        return [msgspec.Raw(line.rstrip(b"\n")) for line in lines], max(offset, 0) + sum(map(len, lines))

    def close(self) -> None:
        os.close(self._fd)
