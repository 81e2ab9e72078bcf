"""One import under way: batch by batch, each a transaction.

What cannot be stored together is parted until the row that is to blame stands alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import IO, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from antiphon import profiles
from antiphon.integrations.imports.mapping import EventMap, PeopleMap
from antiphon.integrations.imports.source import Form, Reader, Row
from antiphon.integrations.intake import blame
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Invalid
from antiphon.profiles import Fact

T = TypeVar("T")
BATCH = 2_000
REASONS_MAX = 20


class Reason(Struct, frozen=True):
    line: int
    reason: str


class Tally(Struct):
    """`new` rows made a person or an event, `updated` rows changed a person or were said of one, `repeated` rows were
    taken in before, `skipped` rows did not fit the mode, `suppressed` rows stopped an address. `reasons` are those
    of the first twenty refused rows. `rows` is the sum of all.
    """

    rows: int = 0
    new: int = 0
    updated: int = 0
    repeated: int = 0
    skipped: int = 0
    suppressed: int = 0
    refused: int = 0
    reasons: list[Reason] = []


class Good(NamedTuple):
    row: Row
    fact: Fact


class Counts(NamedTuple):
    new: int = 0
    updated: int = 0
    repeated: int = 0
    skipped: int = 0
    suppressed: int = 0


Write = Callable[[Transaction, Sequence[Good]], Awaitable[Counts]]


class Run:
    """One import under way: `tally` is what it did so far. A dry run takes everything back."""

    def __init__(
        self,
        database: Database,
        form: Form,
        mapping: PeopleMap | EventMap,
        read: Callable[[Row], Fact],
        write: Write,
        *,
        dry_run: bool,
    ) -> None:
        self._database, self._read, self.write = database, read, write
        self.form, self.mapping, self.dry_run = form, mapping, dry_run
        self.refused: IO[bytes] | None = None
        self.tally = Tally()

    async def batches(self, *, batch: int = BATCH, rows_max: int | None = None) -> AsyncIterator[int]:
        """Goes on behind the rows that are counted; after each batch, how many bytes of the file are done."""
        reader = Reader(self.form)
        try:
            await asyncio.to_thread(_pass_over, reader, self.tally.rows)
            left = rows_max
            while rows := await asyncio.to_thread(reader.take, batch if left is None else min(batch, left)):
                await self._take(rows)
                self.tally.rows += len(rows)
                left = None if left is None else left - len(rows)
                yield min(reader.bytes_done, self.form.size)
        finally:
            reader.close()

    def fact(self, row: Row) -> Fact:
        """Raises Invalid."""
        if row.fault:
            raise Invalid(row.fault)
        fact = self._read(row)
        if found := profiles.flaws(fact):
            raise Invalid("The row cannot be stored.", flaws=found)
        return fact

    async def _take(self, rows: Sequence[Row]) -> None:
        goods: list[Good] = []
        for row in rows:
            try:
                goods.append(Good(row, self.fact(row)))
            except Invalid as error:
                self._refuse(row, str(error))
        if goods:
            await self._store(goods)

    async def _store(self, goods: Sequence[Good]) -> None:
        """Splits what cannot be stored together until the row that is to blame stands alone."""
        try:
            counts = await attempt(self._database, lambda tx: self.write(tx, goods), dry_run=self.dry_run)
        except Exception as error:
            if blame(error) != "fact":
                raise
            if len(goods) == 1:
                self._refuse(goods[0].row, str(error))
                return
            for half in (goods[: len(goods) // 2], goods[len(goods) // 2 :]):
                await self._store(half)
        else:
            for field, count in counts._asdict().items():
                setattr(self.tally, field, getattr(self.tally, field) + count)

    def _refuse(self, row: Row, reason: str) -> None:
        self.tally.refused += 1
        if len(self.tally.reasons) < REASONS_MAX:
            self.tally.reasons.append(Reason(row.line, reason[:300]))
        if self.refused:
            line = {"line": row.line, "reason": reason[:1_000], "row": row.text.rstrip("\r\n")}
            self.refused.write(msgspec.json.encode(line) + b"\n")


def _pass_over(reader: Reader, rows: int) -> None:
    while rows > 0 and (taken := reader.take(min(rows, BATCH))):
        rows -= len(taken)


class _TakenBack(Exception):
    """Rolls a dry run back."""


async def attempt(database: Database, work: Callable[[Transaction], Awaitable[T]], *, dry_run: bool) -> T:
    """Runs `work` in a transaction; a dry run rolls it back, so what it counts is what would happen."""
    if not dry_run:
        return await database.repeat(work)
    results: list[T] = []

    async def then_undo(tx: Transaction) -> None:
        results.append(await work(tx))
        raise _TakenBack

    with contextlib.suppress(_TakenBack):
        await database.repeat(then_undo)
    return results[-1]
