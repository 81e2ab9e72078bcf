"""Imports over HTTP: upload a file, say which field is what, see what it would do, start it, look how far it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter
from litestar.response import Stream
from msgspec import Struct

from antiphon.integrations.imports import jobs, refused, room, store
from antiphon.integrations.imports.guessing import Column
from antiphon.integrations.imports.importer import Mode
from antiphon.integrations.imports.mapping import EventMap, PeopleMap
from antiphon.integrations.imports.running import Reason
from antiphon.integrations.imports.store import Job, Kind, State
from antiphon.integrations.imports.trying import ReadRow, Trial
from antiphon.kernel.digits import number_in
from antiphon.kernel.errors import Conflict, Flaw, Invalid, NotFound, invalid
from antiphon.kernel.http import author_of, flaw_of, get, post, put
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.said import worded

Anything = Request[Any, Any, Any]
LIST_MAX = 100


class Progress(Struct):
    """`rows` of about `rows_estimated` are done, and of the file's `size` in bytes `bytes_done`; `rows_per_s` of wall
    time, null before the first batch. `same` rows were taken in before."""

    rows: int
    rows_estimated: int
    bytes_done: int
    size: int
    rows_per_s: float | None
    new: int
    changed: int
    same: int
    skipped: int
    suppressed: int
    refused: int


class ImportView(Struct, kw_only=True):
    """`map` is as in the file of a map, null where nothing could be guessed.

    `file_kept_until`: null once it is gone.
    """

    id: str
    kind: Kind
    name: str
    state: State
    mode: Mode
    map: dict[str, Any] | None  # Any: a map, of people or of events
    format: str
    encoding: str
    delimiter: str
    by: str
    started_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    file_kept_until: datetime | None
    problem: str
    progress: Progress
    reasons: list[Reason]


class ImportPage(ImportView, kw_only=True):
    """`columns` as the map has them, `rows`: the first twenty as they would be read."""

    columns: list[Column]
    rows: list[ReadRow]


class Mapped(ImportPage, kw_only=True):
    """`trial`: a dry run over the first two thousand rows."""

    trial: Trial


class Imports(Struct):
    """The newest first. `cursor` is null on the last page."""

    imports: list[ImportView]
    cursor: str | None


class MapWish(Struct, forbid_unknown_fields=True):
    map: dict[str, Any]  # Any: a map, of people or of events
    mode: Mode = "upsert"


@post("/imports", permission="people.write", request_max_body_size=None, also={507: "The disk is too full"})
async def upload(
    runtime: NamedDependency[Runtime],
    request: Anything,
    kind: FromQuery[Kind],
    name: Annotated[str, Parameter(min_length=1, max_length=jobs.NAME_CHARS_MAX)],
    region: FromQuery[str | None] = None,
) -> ImportPage:
    """The body is the file: CSV or JSON lines, also packed with gzip, at most 1 GB. `region`: the country of national
    phone numbers, two letters."""
    length = number_in(request.headers.get("content-length", "")) or 0
    if length > jobs.UPLOAD_BYTES_MAX:
        raise jobs.too_large()
    if region is not None and not (len(region) == 2 and region.isascii() and region.isalpha()):
        raise invalid("region", "A country of two letters is needed, such as GB.")
    if "\0" in name:
        raise invalid("name", "A name has no character NUL.")
    room.find(jobs.folder(runtime), length)
    with room.one_of_few():
        id = await jobs.take(runtime, kind, name, request.stream(), by=author_of(request), region=region)
    return await _page(runtime, id)


@get("/imports", permission="people.read")
async def list_imports(
    runtime: NamedDependency[Runtime],
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, Parameter(ge=1, le=LIST_MAX)] = 50,
) -> Imports:
    before = store.LAST if cursor is None else _number(cursor, at="cursor")
    async with runtime.database.transaction(read_only=True) as tx:
        found = await store.read_all(tx, before=before, limit=limit + 1)
    views = [ImportView(**_fields(job)) for job in found[:limit]]
    return Imports(views, views[-1].id if len(found) > limit else None)


@get("/imports/{import_id:str}", permission="people.read")
async def show(runtime: NamedDependency[Runtime], import_id: FromPath[str]) -> ImportPage:
    return await _page(runtime, _id(import_id))


@put("/imports/{import_id:str}/mapping", permission="people.write")
async def set_map(runtime: NamedDependency[Runtime], import_id: FromPath[str], data: JSONBody[MapWish]) -> Mapped:
    """Until it is started. What it would do is tried out with the first two thousand rows and taken back."""
    id = _id(import_id)
    async with runtime.database.transaction(read_only=True) as tx:
        job = await jobs.find(tx, id)
    mapping = _map(data.map, job.kind)
    if data.mode != "upsert" and job.kind == "events":
        raise invalid("mode", "Events have no mode: leave it out.")
    mapped, look, trial = await jobs.set_map(runtime, id, mapping, data.mode)
    return Mapped(**_fields(mapped), columns=look.columns, rows=look.rows, trial=trial)


@post("/imports/{import_id:str}/start", permission="people.write", status_code=202)
async def start(runtime: NamedDependency[Runtime], request: Anything, import_id: FromPath[str]) -> ImportView:
    """Also goes on with one that failed: nothing counts twice."""
    id = _id(import_id)
    return ImportView(**_fields(await runtime.database.repeat(lambda tx: jobs.start(tx, id, by=author_of(request)))))


@post("/imports/{import_id:str}/cancel", permission="people.write", status_code=200)
async def cancel(runtime: NamedDependency[Runtime], import_id: FromPath[str]) -> ImportView:
    """Within a batch of five hundred rows. What was taken in stays."""
    id = _id(import_id)
    return ImportView(**_fields(await runtime.database.repeat(lambda tx: jobs.cancel(tx, id))))


@get("/imports/{import_id:str}/refused", permission="people.read", media_type="text/csv")
async def show_refused(runtime: NamedDependency[Runtime], import_id: FromPath[str]) -> Stream:
    """As CSV: `line`, `reason`, and the file's own columns, to be corrected and uploaded again."""
    async with runtime.database.transaction(read_only=True) as tx:
        job = await jobs.find(tx, _id(import_id))
    if job.file is None:
        raise Conflict("The file was deleted after seven days, and what was refused of it.")
    path = jobs.refused_path(jobs.folder(runtime), job.file)
    pages = refused.as_csv(path, job.form, size=job.refused_bytes)
    headers = {"Content-Disposition": f'attachment; filename="refused-{job.id}.csv"'}
    return Stream(_off_the_loop(pages), headers=headers)


async def _off_the_loop(pages: Iterator[str]) -> AsyncIterator[str]:
    while (page := await asyncio.to_thread(next, pages, None)) is not None:
        yield page


async def _page(runtime: Runtime, id: int) -> ImportPage:
    async with runtime.database.transaction(read_only=True) as tx:
        job = await jobs.find(tx, id)
    look = await jobs.look(runtime, job)
    return ImportPage(**_fields(job), columns=look.columns, rows=look.rows)


def _progress(job: Job) -> Progress:
    tally = job.tally
    return Progress(
        rows=tally.rows,
        rows_estimated=jobs.rows_estimated(job),
        bytes_done=job.bytes_done,
        size=job.size,
        rows_per_s=jobs.rows_per_s(job),
        new=tally.new,
        changed=tally.updated,
        same=tally.repeated,
        skipped=tally.skipped,
        suppressed=tally.suppressed,
        refused=tally.refused,
    )


def _fields(job: Job) -> dict[str, Any]:  # Any: the fields of the view
    same = ("kind", "name", "state", "mode", "by", "started_by", "created_at", "started_at", "ended_at")
    form = ("format", "encoding", "delimiter")
    return {
        **{name: getattr(job, name) for name in same},
        **{name: getattr(job.form, name) for name in form},
        "id": str(job.id),
        "problem": worded(job.problem),
        "map": msgspec.to_builtins(job.mapping) if job.mapping is not None else None,
        "file_kept_until": job.created_at + jobs.KEPT if job.file is not None else None,
        "progress": _progress(job),
        "reasons": job.tally.reasons,
    }


def _map(given: dict[str, Any], kind: Kind) -> PeopleMap | EventMap:  # Any: JSON
    """Raises Invalid with the place."""
    try:
        return msgspec.convert(given, PeopleMap) if kind == "people" else msgspec.convert(given, EventMap)
    except msgspec.ValidationError as error:
        flaw = flaw_of(str(error))
        raise Invalid("It is not a map.", flaws=[Flaw(f"map.{flaw.at}".rstrip("."), flaw.message)]) from error


def _id(text: str) -> int:
    if (number := number_in(text)) is None:
        raise NotFound("There is no import {text}.", text=text[:40])
    return number


def _number(text: str, *, at: str) -> int:
    if (number := number_in(text)) is None:
        raise invalid(at, "It is not a cursor that we gave.")
    return number


routes = [upload, list_imports, show, set_map, start, cancel, show_refused]
