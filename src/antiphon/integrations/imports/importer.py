"""Files into the database: rows in batches, the good part kept, the bad rows told with their lines.

A batch is one transaction. After a kill, run the same command again: rows that were taken in are repeats, which
change nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Literal

import msgspec
from msgspec import Struct

from antiphon import profiles
from antiphon.integrations.imports import facts as reading
from antiphon.integrations.imports import mapping as maps
from antiphon.integrations.imports.mapping import EventMap, PeopleMap
from antiphon.integrations.imports.running import Counts, Good, Reason, Run, Tally
from antiphon.integrations.imports.source import Form, Row, examine
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Invalid
from antiphon.kernel.records import Channel, ProfileId
from antiphon.profiles import Fact

Mode = Literal["upsert", "create", "update", "suppress"]
Progress = Callable[[int, int, int], None]
"""Rows done, bytes of the file done, bytes of the file."""

CHANNELS = {"email": (Channel.EMAIL,), "phone": (Channel.SMS, Channel.VOICE), "webpush": (Channel.PUSH,)}


class Report(Struct):
    """What an import did, or would do: a `Tally`, and of what."""

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
    run = people_run(database, form, mapping, mode=mode, at=database.clock.now(), dry_run=dry_run)
    return await _all(run, refused_path=refused_path, progress=progress)


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
    run = events_run(database, form, mapping or maps.guess_events(form.columns), dry_run=dry_run)
    return await _all(run, refused_path=refused_path, progress=progress)


async def _all(run: Run, *, refused_path: Path | None, progress: Progress | None) -> Report:
    form, tally = run.form, run.tally
    run.refused = _open_refused(refused_path, form.path)
    try:
        async for bytes_done in run.batches():
            if progress:
                progress(tally.rows, bytes_done, form.size)
    finally:
        if run.refused:
            run.refused.close()
    counted = {name: getattr(tally, name) for name in Tally.__struct_fields__}
    return Report(
        form.path.name, form.format, form.encoding, form.delimiter, run.mapping, dry_run=run.dry_run, **counted
    )


def people_run(
    database: Database, form: Form, mapping: PeopleMap, *, mode: Mode, at: datetime, dry_run: bool = False
) -> Run:
    """`at` is when the people of the file were told of. Raises Invalid for a map that does not fit."""
    maps.check_people(mapping, form.columns if form.format == "csv" else ())
    # Another map or mode is another import: only the very same one is a repeat.
    digest = hashlib.sha256(f"{form.digest} {mode} ".encode() + msgspec.json.encode(mapping)).hexdigest()[:32]

    async def write(tx: Transaction, goods: Sequence[Good]) -> Counts:
        return await (_suppress(tx, goods) if mode == "suppress" else _record_people(tx, goods, mode))

    def read(row: Row) -> Fact:
        return reading.person(row, mapping, digest=digest, at=at)

    return Run(database, form, mapping, read, write, dry_run=dry_run)


def events_run(database: Database, form: Form, mapping: EventMap, *, dry_run: bool = False) -> Run:
    """Raises Invalid for a map that does not fit."""
    maps.check_events(mapping, form.columns if form.format == "csv" else ())

    def read(row: Row) -> Fact:
        return reading.event(row, mapping, digest=form.digest)

    return Run(database, form, mapping, read, _record_events, dry_run=dry_run)


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


def _open_refused(path: Path | None, file: Path) -> IO[bytes] | None:
    if path is None:
        return None
    try:
        if path.exists() and path.samefile(file):
            raise Invalid("The refused rows cannot go into the file that is being imported.")
        return path.open("wb")
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror or error}") from error
