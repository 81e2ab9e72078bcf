"""What the tables say at quiet moments, beside what was acknowledged when: for judges, never for the script."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from antiphon.kernel import postgres
from flows.house import House

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Look:
    """The directory and the ledger of consents at one quiet moment."""

    wall: float
    product: datetime
    identifiers: Rows
    aliases: dict[int, int]
    addresses: Rows
    traits: dict[int, dict[str, Any]]
    consents: Rows


class Witness:
    """`marks` are (wall, number): every statement up to that number was acknowledged by then."""

    def __init__(self, home: House) -> None:
        with postgres.join_or_start(home.data) as running:
            self.dsn = running.dsn
        self._loop = asyncio.new_event_loop()
        self._connection = self._loop.run_until_complete(asyncpg.connect(self.dsn))
        self.looks: list[Look] = []
        self.marks: list[tuple[float, int]] = [(0.0, 0)]

    def rows(self, sql: str, *values: Any) -> Rows:
        return [dict(row) for row in self._loop.run_until_complete(self._connection.fetch(sql, *values))]

    def acknowledged(self) -> None:
        ((newest,),) = (row.values() for row in self.rows("SELECT coalesce(max(id >> 8), 0) FROM consent"))
        self.marks.append((time.time(), newest))

    def look(self, product: datetime) -> Look:
        self.acknowledged()
        traits = self.rows("SELECT id, traits FROM profile")
        seen = Look(
            time.time(),
            product,
            self.rows("SELECT id, kind, value, profile_id, shared FROM identifier"),
            {row["id"]: row["profile_id"] for row in self.rows("SELECT id, profile_id FROM alias")},
            self.rows("SELECT profile_id, channel, value, state FROM address"),
            {row["id"]: json.loads(row["traits"]) for row in traits},
            self.rows("SELECT id >> 8 AS n, * FROM consent ORDER BY id >> 8"),
        )
        self.looks.append(seen)
        return seen

    def close(self) -> None:
        self._loop.run_until_complete(self._connection.close())
        self._loop.close()
