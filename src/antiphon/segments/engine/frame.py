"""The question that is being turned into SQL: at which instant, about whom, with which values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.kernel.records import SegmentId

_NUMBER = re.compile(r"\$(\d+)")

NOBODY = 0
"""The number of an event name that was never seen."""


class Moment(Struct, frozen=True):
    """The instant that is asked about. `rollups`: it is now; rollups and members know no other instant."""

    at: datetime
    rollups: bool = True


class Words(Struct, frozen=True):
    """What names in rules stand for: events by number, segments by id; and the time zone of the company."""

    events: Mapping[str, int] = {}
    segments: Mapping[str, SegmentId] = {}
    zone: str = "UTC"


class Statement(Struct, frozen=True):
    text: str
    parameters: Sequence[Any]


class Frame:
    """Values are added while the text is made; each stands in the statement once.

    `given`: the question is about the profiles of the table `target (bucket, id, traits)`, else about everybody.
    """

    def __init__(self, words: Words, moment: Moment, *, given: bool = False) -> None:
        self.words, self.at, self.rollups, self.given = words, moment.at, moment.rollups, given
        self.values: list[Any] = []
        self._seen: dict[tuple[str, str], str] = {}

    def add(self, value: Any, kind: str) -> str:
        key = (kind, repr(value))
        if key not in self._seen:
            self._seen[key] = self.new(value, kind)
        return self._seen[key]

    def new(self, value: Any, kind: str) -> str:
        self.values.append(value)
        return f"${len(self.values)}::{kind}"

    def json(self, value: object) -> str:
        return self.add(msgspec.json.encode(value).decode(), "jsonb")

    @property
    def now(self) -> str:
        return self.add(self.at, "timestamptz")

    def event(self, name: str) -> str:
        return self.add(self.words.events.get(name, NOBODY), "integer")

    def limit(self, rows: str, *, alias: str = "t") -> str:
        """A join that keeps the rows of given profiles; empty where the question is about everybody."""
        return (
            f" JOIN target {alias} ON {alias}.bucket = {rows}.bucket AND {alias}.id = {rows}.profile_id"
            if self.given
            else ""
        )

    @property
    def people(self) -> str:
        """A table `(bucket, id, traits)` of whom the question is about."""
        return "target" if self.given else "known_profile"

    def statement(self, text: str) -> Statement:
        """With the values that stand in it: one that was added and not used would have no type."""
        used = sorted({int(number) for number in _NUMBER.findall(text)})
        new = {old: n for n, old in enumerate(used, 1)}
        return Statement(
            _NUMBER.sub(lambda found: f"${new[int(found[1])]}", text), [self.values[old - 1] for old in used]
        )
