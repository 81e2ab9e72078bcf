"""What the processes under a benchmark cost: CPU seconds and memory by kind, read from /proc (Linux)."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
KINDS = {"antiphon.app.worker": "worker", "antiphon.app.web": "web", "postgres": "postgres", "smtp-sink": "sink"}


class Use(Struct, frozen=True):
    """CPU seconds (user and system) since the processes began, and megabytes that are theirs now."""

    cpu_s: float = 0.0
    rss_mb: float = 0.0


def uses(root: int | None = None) -> dict[str, Use]:
    """By kind, of all descendants of a process (this one). Children that ended count with who waited for them."""
    found: dict[str, Use] = defaultdict(Use)
    for pid in descendants(root or os.getpid()):
        with suppress(OSError, IndexError):
            kind = kind_of(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            used = sum(map(int, fields[11:15])) / TICKS
            before = found[kind]
            found[kind] = Use(before.cpu_s + used, before.rss_mb + pages * PAGE / 2**20)
    return dict(found)


def kind_of(command: str) -> str:
    return next((kind for part, kind in KINDS.items() if part in command), "other")


def descendants(root: int) -> Iterator[int]:
    children = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError, IndexError):
                children[int((entry / "stat").read_text().rpartition(")")[2].split()[1])].append(int(entry.name))
    waiting = [root]
    while waiting:
        for child in children[waiting.pop()]:
            yield child
            waiting.append(child)


def spent(before: Mapping[str, Use], after: Mapping[str, Use]) -> dict[str, float]:
    """CPU seconds in between, by kind, the largest first."""
    used = {kind: use.cpu_s - before.get(kind, Use()).cpu_s for kind, use in after.items()}
    return dict(sorted(used.items(), key=lambda each: -each[1]))
