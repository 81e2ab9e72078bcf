"""Files that somebody uploads: kept in the data folder, looked at, mapped, tried, started.

A worker takes them in (`working.py`). Each file is deleted seven days after it came; what is told of its import stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from msgspec import Struct

from antiphon import profiles
from antiphon.integrations.imports import guessing, room, store, trying
from antiphon.integrations.imports.guessing import Column
from antiphon.integrations.imports.importer import Mode
from antiphon.integrations.imports.mapping import EventMap, PeopleMap
from antiphon.integrations.imports.source import Form, Row, examine, placed
from antiphon.integrations.imports.store import Job, Kind
from antiphon.integrations.imports.trying import ReadRow, Trial
from antiphon.kernel.clock import wall
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Conflict, Invalid, NotFound, TooLarge
from antiphon.kernel.runtime import Runtime

UPLOAD_BYTES_MAX = 1 << 30
CLEAR_BYTES_MAX = 8 << 30
NAME_CHARS_MAX = 200
KEPT = timedelta(days=7)
NOBODYS_AFTER = timedelta(days=1)
"""By the clock of the machine, as files have it."""
WAKE = "imports"


class Look(Struct, frozen=True):
    """What is in a file: its columns, and its first rows as the map reads them. Without a map there are no rows."""

    columns: list[Column]
    rows: list[ReadRow]


def folder(runtime: Runtime) -> Path:
    """Raises Conflict where this process knows of no data folder."""
    given = runtime.data or (Path(data) if (data := os.environ.get("ANTIPHON_DATA")) else None)
    if given is None:
        raise Conflict("There is no data folder for uploads. Serve with --data, or use `antiphon import`.")
    return given / "uploads"


async def take(
    runtime: Runtime, kind: Kind, name: str, body: AsyncIterator[bytes], *, by: str, region: str | None = None
) -> int:
    """Keep what is uploaded; the number of its import. Raises TooLarge, NoRoom, and Invalid for what is no table."""
    place = folder(runtime)
    place.mkdir(mode=0o700, exist_ok=True, parents=True)
    partial = place / f"{secrets.token_hex(12)}.part"
    try:
        size, is_packed = await _write(partial, body)
        path = partial.with_suffix(".gz" if is_packed else ".txt")
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    try:
        form = await _examine(path, name)
        mapping = await asyncio.to_thread(_guess, form, kind, region)
        async with runtime.database.transaction() as tx:
            return await store.insert(
                tx,
                kind=kind,
                name=name,
                file=path.name,
                size=size,
                lines=form.lines,
                form=form.shape(),
                mapping=mapping,
                by=by,
            )
    except BaseException:
        path.unlink(missing_ok=True)
        raise


async def _write(path: Path, body: AsyncIterator[bytes]) -> tuple[int, bool]:
    """How many bytes, and whether they are gzip (RFC 1952 2.3.1: they begin with 1f 8b)."""
    size, start = 0, b""
    with path.open("xb") as file:
        async for chunk in room.flowing(path.parent, body):
            size += len(chunk)
            if size > UPLOAD_BYTES_MAX:
                raise too_large()
            start = start if len(start) > 1 else (start + chunk)[:2]
            await asyncio.to_thread(file.write, chunk)
    return size, start == b"\x1f\x8b"


def too_large() -> TooLarge:
    return TooLarge(
        "A file may have {most} MB. Pack it with gzip, part it, or use `antiphon import`.", most=UPLOAD_BYTES_MAX >> 20
    )


async def _examine(path: Path, name: str) -> Form:
    """Says the name that the file has for whoever sent it."""
    try:
        return await asyncio.to_thread(examine, path, bytes_max=CLEAR_BYTES_MAX)
    except Invalid as error:
        raise Invalid(error.message.replace(str(path), name).replace(path.name, name), flaws=error.flaws) from error


def _guess(form: Form, kind: Kind, region: str | None) -> PeopleMap | EventMap | None:
    rows = trying.first_rows(form)
    return guessing.with_region(guessing.guess(kind, _columns(form, rows), rows), region)


async def find(tx: Transaction, id: int) -> Job:
    """Raises NotFound."""
    job = await store.read(tx, id)
    if job is None:
        raise NotFound("There is no import {id}.", id=id)
    return job


async def look(runtime: Runtime, job: Job) -> Look:
    """Nothing for a file that was deleted, or lies on another machine."""
    path = folder(runtime) / (job.file or "-")
    if job.file is None or not path.exists():
        return Look([], [])
    form = form_of(job, path)
    rows = await asyncio.to_thread(trying.first_rows, form)
    columns = await asyncio.to_thread(guessing.columns_of, _columns(form, rows), rows, job.mapping)
    if job.mapping is None:
        return Look(columns, [])
    run = trying.make_run(runtime.database, form, job.mapping, job.mode, job.created_at, dry_run=True)
    return Look(columns, trying.read_rows(run, rows))


async def set_map(runtime: Runtime, id: int, mapping: PeopleMap | EventMap, mode: Mode) -> tuple[Job, Look, Trial]:
    """And what it would do. Raises Invalid with places, Conflict once it was started, NotFound."""
    async with runtime.database.transaction(read_only=True) as tx:
        job = await find(tx, id)
    if job.state != "uploaded" or job.file is None:
        raise Conflict("It was started, or its file was deleted: the map cannot be changed any more. Upload it again.")
    path = folder(runtime) / job.file
    if not path.exists():
        raise Conflict("The file is not on this machine any more. Upload it again.")
    run = trying.make_run(runtime.database, form_of(job, path), mapping, mode, job.created_at, dry_run=True)
    trial = await trying.try_out(run)

    async def keep(tx: Transaction) -> Job:
        if not await store.set_map(tx, id, mapping, mode):
            raise Conflict("It was started meanwhile.")
        return await find(tx, id)

    mapped = await runtime.database.repeat(keep)
    return mapped, await look(runtime, mapped), trial


async def start(tx: Transaction, id: int, *, by: str) -> Job:
    """Also goes on with one that failed. Raises NotFound, Conflict."""
    job = await find(tx, id)
    if job.mapping is None:
        raise Conflict("Nobody has said which field is what: PUT …/mapping first.")
    if not await store.start(tx, id, by=by):
        if job.file is None:
            raise Conflict("Its file was deleted. Upload it again.")
        raise Conflict("It is {state}.", state=job.state)
    await refuse_if_erased(tx, job)
    tx.wake(WAKE)
    return await find(tx, id)


async def refuse_if_erased(tx: Transaction, job: Job) -> None:
    """Raises Conflict where somebody was erased since the file came: it may speak of them and bring them back."""
    erased_at = await profiles.last_erased_at(tx)
    if erased_at is not None and erased_at > job.created_at:
        raise Conflict("Somebody was erased since this file came, and it may speak of them. Upload the file again.")


async def cancel(tx: Transaction, id: int) -> Job:
    """What was taken in stays. Raises NotFound, Conflict."""
    job = await find(tx, id)
    if not await store.cancel(tx, id):
        raise Conflict("It is {state} already.", state=job.state)
    tx.wake(WAKE)
    return await find(tx, id)


async def drop_old(database: Database, place: Path) -> int:
    """Delete files that came more than seven days ago, and what an upload that broke off left. How many files."""
    before = database.clock.now() - KEPT
    names = await database.repeat(lambda tx: store.forget_files(tx, before=before))
    gone = [path for name in names for path in (place / name, refused_path(place, name))]
    gone += await _nobodys(database, place)
    for path in gone:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
    return len(names)


async def _nobodys(database: Database, place: Path) -> list[Path]:
    """Files that no import knows, for a day at least: whoever was writing them is no more."""
    old = await asyncio.to_thread(_untouched, place)
    if not old:
        return []
    async with database.transaction(read_only=True) as tx:
        known = {Path(name).stem for name in await store.files(tx)}
    return [path for path in old if path.stem not in known]


def _untouched(place: Path) -> list[Path]:
    until = wall() - NOBODYS_AFTER.total_seconds()
    try:
        return [path for path in place.iterdir() if path.is_file() and path.stat().st_mtime < until]
    except OSError:  # there was no upload yet, or somebody else tidies up
        return []


def form_of(job: Job, path: Path) -> Form:
    return placed(job.form, path, size=job.size, lines=job.lines)


def rows_estimated(job: Job) -> int:
    """Cells with ends of lines in them count as rows until the end is reached."""
    return job.tally.rows if job.state == "done" else max(job.tally.rows, job.lines - (job.form.format == "csv"))


def rows_per_s(job: Job) -> float | None:
    """Of wall time; None before the first batch."""
    return round(job.tally.rows / job.worked_s, 1) if job.worked_s > 0 else None


def refused_path(place: Path, file: str) -> Path:
    return place / f"{Path(file).stem}.refused"


def _columns(form: Form, rows: list[Row]) -> list[str]:
    """Of JSON lines, what the first rows have."""
    if form.format == "csv":
        return [name for name in form.columns if name]
    return list(dict.fromkeys(name for row in rows for name in row.values))[: guessing.COLUMNS_MAX]
