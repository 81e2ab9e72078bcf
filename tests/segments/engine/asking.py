"""People as rows, and what a leaf says about them: of those given and of everybody, which must be the same."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from antiphon.kernel.db import Database
from antiphon.kernel.records import ProfileId, SegmentId, bucket_of
from antiphon.segments.engine.answers import Answer
from antiphon.segments.engine.frame import Frame, Moment, Words
from antiphon.segments.engine.leaves import answer
from antiphon.segments.language.rules import Leaf
from conftest import START

Said = tuple[bool, datetime | None]
"""Whether it holds, and when time alone may change that."""

_TARGET = (
    "WITH target AS MATERIALIZED (SELECT p.bucket, p.id, p.traits FROM unnest($1::smallint[], $2::bigint[])"
    " AS g (bucket, id) JOIN known_profile p ON p.bucket = g.bucket AND p.id = g.id)"
)


@dataclass
class Town:
    database: Database
    words: Words = field(default_factory=lambda: Words(segments={"vip": SegmentId(7)}, zone="Europe/Madrid"))
    people: dict[str, ProfileId] = field(default_factory=dict)

    async def person(self, name: str, **traits: Any) -> ProfileId:
        n = len(self.people) + 1
        id = self.people[name] = ProfileId(256 * n + n * 37 % 256)
        row = {"id": id, "bucket": bucket_of(id), "created_at": START, "anchor": n, "traits": json.dumps(traits)}
        await self.insert("profile", **row)
        return id

    async def about(self, table: str, name: str, **columns: Any) -> None:
        """A row of this person's."""
        id = self.people[name]
        await self.insert(table, bucket=bucket_of(id), profile_id=id, **columns)

    async def insert(self, table: str, **columns: Any) -> None:
        places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
        await self.database.pool.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", *columns.values()
        )

    async def ask(self, leaf: Leaf, at: datetime = START, *, present: bool = True) -> dict[str, Said]:
        """Of each person. `present`: `at` is now."""
        moment = Moment(at, present)
        given = await self._ask(leaf, Frame(self.words, moment, given=True))
        assert given == await self._ask(leaf, Frame(self.words, moment))
        return given

    async def holds(self, leaf: Leaf, at: datetime = START, *, present: bool = True) -> set[str]:
        return {name for name, (truth, _) in (await self.ask(leaf, at, present=present)).items() if truth}

    async def turns(self, leaf: Leaf, at: datetime = START, *, present: bool = True) -> dict[str, timedelta]:
        """How long after the instant time alone may change the answer, of those for whom it may."""
        found = await self.ask(leaf, at, present=present)
        return {name: timer - at for name, (_, timer) in found.items() if timer is not None}

    async def _ask(self, leaf: Leaf, frame: Frame) -> dict[str, Said]:
        target = ""
        if frame.given:
            frame.new([bucket_of(id) for id in self.people.values()], "smallint[]")
            frame.new(list(self.people.values()), "bigint[]")
            target = _TARGET
        said = answer(leaf, frame)
        rows = await self.database.pool.fetch(f"{target} {_judged(said, frame)}", *frame.values)
        judged = {row["id"]: (row["truth"], row["timer_at"]) for row in rows}
        assert len(judged) == len(rows), "each profile once"
        differing = [row["profile_id"] for row in await self._differing(leaf, frame)]
        assert len(differing) == len(set(differing)), "each profile once"
        found = {name: judged.get(id, (said.unknown, None)) for name, id in self.people.items()}
        assert set(differing) <= set(self.people.values()), "nobody else"
        assert {id for id, (truth, _) in judged.items() if truth is not said.unknown} == set(differing)
        assert all(timer is None or timer > frame.at for _, timer in found.values()), "no timer lies behind"
        return found

    async def _differing(self, leaf: Leaf, before: Frame) -> Collection[Any]:
        """Who differs from those of whom nothing is known; a statement of its own, with its own parameters."""
        frame = Frame(self.words, Moment(before.at, before.rollups), given=before.given)
        target = ""
        if frame.given:
            frame.values += before.values[:2]
            target = _TARGET
        return await self.database.pool.fetch(f"{target} {answer(leaf, frame).differing()}", *frame.values)


def _judged(said: Answer, frame: Frame) -> str:
    row = said.row()
    if row is None:
        return f"SELECT j.profile_id AS id, j.truth, j.timer_at FROM ({said.judged()}) j"
    timer = said.row_timer() or "NULL::timestamptz"
    return f"SELECT p.id, {row} AS truth, {timer} AS timer_at FROM {frame.people} p"
