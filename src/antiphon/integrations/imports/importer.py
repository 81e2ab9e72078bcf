"""Files into the database: rows in batches, the good part kept, the bad rows told with their lines.

A batch is one transaction. After a kill, run the same command again: rows that were taken in are repeats, which
change nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import IO, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from antiphon import profiles
from antiphon.integrations.imports import facts as reading
from antiphon.integrations.imports import mapping as maps
from antiphon.integrations.imports.mapping import EventMap, PeopleMap
from antiphon.integrations.imports.source import Form, Reader, Row, examine
from antiphon.integrations.intake import blame
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Channel, ProfileId
from antiphon.profiles import Fact

T = TypeVar("T")
Mode = Literal["upsert", "create", "update", "suppress"]
Progress = Callable[[int, int, int], None]
"""Rows done, bytes of the file done, bytes of the file."""

BATCH = 2_000
REASONS_MAX = 20
CHANNELS = {"email": (Channel.EMAIL,), "phone": (Channel.SMS, Channel.VOICE), "webpush": (Channel.PUSH,)}


class Reason(Struct, frozen=True):
    line: int
    reason: str


class Report(Struct):
    """What an import did, or would do.

    `new` rows made a person or an event, `updated` rows changed a person or were said of one, `repeated` rows were
    taken in before, `skipped` rows did not fit the mode, `suppressed` rows stopped an address. `reasons` are those
    of the first twenty refused rows. `rows` is the sum of all.
    """

    file: str
    format: str
    encoding: str
    delimiter: str
    map: PeopleMap | EventMap
    dry_run: bool
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


async def import_people(
    database: Database,
    file: Path,
    mapping: PeopleMap | None = None,
    *,
    mode: Mode = "upsert",
    dry_run: bool = False,
    refused_path: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Raises Invalid for a file or a map that cannot be used at all; single rows never raise.

    `suppress` opts the addresses of the rows out and makes nobody. A dry run does everything and takes it back.
    """
    form = await asyncio.to_thread(examine, file)
    mapping = mapping or maps.guess_people(form.columns)
    maps.check_people(mapping, form.columns if form.format == "csv" else ())
    # Another map or mode is another import: only the very same one is a repeat.
    digest = hashlib.sha256(f"{form.digest} {mode} ".encode() + msgspec.json.encode(mapping)).hexdigest()[:32]
    at = database.clock.now()

    async def write(tx: Transaction, goods: Sequence[Good]) -> Counts:
        return await (_suppress(tx, goods) if mode == "suppress" else _record_people(tx, goods, mode))

    run = _Run(database, form, mapping, lambda row: reading.person(row, mapping, digest=digest, at=at), write)
    return await run.all(dry_run=dry_run, refused_path=refused_path, progress=progress)


async def import_events(
    database: Database,
    file: Path,
    mapping: EventMap | None = None,
    *,
    dry_run: bool = False,
    refused_path: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """As `import_people`. Without ids of their own, equal lines of one file are events of their own."""
    form = await asyncio.to_thread(examine, file)
    mapping = mapping or maps.guess_events(form.columns)
    maps.check_events(mapping, form.columns if form.format == "csv" else ())
    run = _Run(database, form, mapping, lambda row: reading.event(row, mapping, digest=form.digest), _record_events)
    return await run.all(dry_run=dry_run, refused_path=refused_path, progress=progress)


async def _record_people(tx: Transaction, goods: Sequence[Good], mode: Literal["upsert", "create", "update"]) -> Counts:
    known = await profiles.find(tx, [identifier for good in goods for identifier in good.fact.who])
    recorded = await profiles.record(tx, [good.fact for good in goods], mode=mode)
    made: set[ProfileId | None] = {
        profile
        for good, profile in zip(goods, recorded.profiles, strict=True)
        if not any(identifier in known for identifier in good.fact.who)
    }
    new = len(made - {None})
    return Counts(new, recorded.new - new, recorded.repeated, recorded.skipped)


async def _record_events(tx: Transaction, goods: Sequence[Good]) -> Counts:
    recorded = await profiles.record(tx, [good.fact for good in goods])
    return Counts(new=recorded.new, repeated=recorded.repeated)


async def _suppress(tx: Transaction, goods: Sequence[Good]) -> Counts:
    for kind, channels in CHANNELS.items():
        values = sorted({who.value for good in goods for who in good.fact.who if who.kind == kind})
        for channel in channels if values else ():
            await profiles.opt_out(tx, channel, values, how="import")
    stopped = sum(any(who.kind in CHANNELS for who in good.fact.who) for good in goods)
    return Counts(suppressed=stopped, skipped=len(goods) - stopped)


class _Run:
    """One import under way."""

    def __init__(
        self,
        database: Database,
        form: Form,
        mapping: PeopleMap | EventMap,
        read: Callable[[Row], Fact],
        write: Callable[[Transaction, Sequence[Good]], Awaitable[Counts]],
    ) -> None:
        self._database, self._form, self._read, self._write = database, form, read, write
        self._refused: IO[bytes] | None = None
        self._dry = False
        self.report = Report(form.path.name, form.format, form.encoding, form.delimiter, mapping, dry_run=False)

    async def all(self, *, dry_run: bool, refused_path: Path | None, progress: Progress | None) -> Report:
        self._dry = self.report.dry_run = dry_run
        self._refused = _open_refused(refused_path, self._form.path)
        reader = Reader(self._form)
        try:
            while rows := await asyncio.to_thread(reader.take, BATCH):
                await self._take(rows)
                self.report.rows += len(rows)
                if progress:
                    progress(self.report.rows, min(reader.bytes_done, self._form.size), self._form.size)
        finally:
            reader.close()
            if self._refused:
                self._refused.close()
        return self.report

    async def _take(self, rows: Sequence[Row]) -> None:
        goods: list[Good] = []
        for row in rows:
            try:
                goods.append(Good(row, self._fact(row)))
            except Invalid as error:
                self._refuse(row, str(error))
        if goods:
            await self._store(goods)

    def _fact(self, row: Row) -> Fact:
        if row.fault:
            raise Invalid(row.fault)
        fact = self._read(row)
        if found := profiles.flaws(fact):
            raise Invalid("The row cannot be stored.", flaws=found)
        return fact

    async def _store(self, goods: Sequence[Good]) -> None:
        """Splits what cannot be stored together until the row that is to blame stands alone."""
        try:
            counts = await attempt(self._database, lambda tx: self._write(tx, goods), dry_run=self._dry)
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
                setattr(self.report, field, getattr(self.report, field) + count)

    def _refuse(self, row: Row, reason: str) -> None:
        self.report.refused += 1
        if len(self.report.reasons) < REASONS_MAX:
            self.report.reasons.append(Reason(row.line, reason[:300]))
        if self._refused:
            line = {"line": row.line, "reason": reason[:1_000], "row": row.text.rstrip("\r\n")}
            self._refused.write(msgspec.json.encode(line) + b"\n")


def _open_refused(path: Path | None, file: Path) -> IO[bytes] | None:
    if path is None:
        return None
    try:
        if path.exists() and path.samefile(file):
            raise Invalid("The refused rows cannot go into the file that is being imported.")
        return path.open("wb")
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror or error}") from error


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
