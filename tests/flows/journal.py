"""What the world wrote down: the only witness."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

RECEIVED = {"mail_received": "email", "sms_received": "sms", "push_received": "push"}

Line = dict[str, Any]


class Journal:
    """`mark` is where a test begins; what is asked afterwards is about what came later."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._from = 0

    def mark(self) -> None:
        self._from = self.path.stat().st_size if self.path.exists() else 0

    def lines(self, *kinds: str) -> list[Line]:
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(self._from)
            whole = file.read().split(b"\n")[:-1]  # a line that is being written does not count yet
        found = [json.loads(line) for line in whole]
        return [line for line in found if not kinds or line["kind"] in kinds]

    def received(self, about: str = "") -> list[Line]:
        """Messages that arrived, of all channels; `about` stands in their subject or text."""
        return [line for line in self.lines(*RECEIVED) if about in f"{line.get('subject', '')} {line.get('text', '')}"]

    def channels_of(self, about: str = "") -> dict[int, list[str]]:
        """Who got it, each time over which channel."""
        return by_person(self.received(about))

    def counts(self, about: str = "") -> dict[str, int]:
        return dict(Counter(line["channel"] for line in self.received(about)))


def by_person(lines: Iterable[Line]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for line in lines:
        found[number_of(line)].append(line["channel"])
    return dict(found)


def number_of(line: Line) -> int:
    """Whom a line is about."""
    return int(line["person"].removeprefix("c"))
