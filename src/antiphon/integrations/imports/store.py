"""The table of imports."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from antiphon.integrations.imports.importer import Mode
from antiphon.integrations.imports.mapping import EventMap, PeopleMap
from antiphon.integrations.imports.running import Tally
from antiphon.integrations.imports.source import Shape
from antiphon.kernel.db import Queries, Row, Transaction

queries = Queries("integrations")
Kind = Literal["people", "events"]
State = Literal["uploaded", "queued", "running", "done", "failed", "cancelled"]
Ended = Literal["done", "failed"]
LAST = 2**63 - 1


class Job(Struct, frozen=True, kw_only=True):
    """An uploaded file. `file` is its name in the folder, None once it was deleted."""

    id: int
    kind: Kind
    name: str
    file: str | None
    size: int
    lines: int
    form: Shape
    mapping: PeopleMap | EventMap | None
    mode: Mode
    state: State
    by: str
    started_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    problem: str
    tally: Tally
    bytes_done: int
    refused_bytes: int
    worked_s: float
    lease: int


async def insert(
    tx: Transaction,
    *,
    kind: Kind,
    name: str,
    file: str,
    size: int,
    lines: int,
    form: Shape,
    mapping: PeopleMap | EventMap | None,
    by: str,
) -> int:
    return int(
        await queries.value(
            tx,
            "insert_import",
            kind=kind,
            name=name,
            file=file,
            size=size,
            lines=lines,
            form=_json(form),
            mapping=_json(mapping) if mapping is not None else None,
            by=by,
        )
    )


async def read_all(tx: Transaction, *, before: int, limit: int) -> list[Job]:
    return [_job(row) for row in await queries.rows(tx, "read_imports", before=before, limit=limit)]


async def read(tx: Transaction, id: int) -> Job | None:
    row = await queries.row(tx, "read_import", id=id)
    return _job(row) if row is not None else None


async def set_map(tx: Transaction, id: int, mapping: PeopleMap | EventMap, mode: Mode) -> bool:
    return await queries.value(tx, "map_import", id=id, mapping=_json(mapping), mode=mode) is not None


async def start(tx: Transaction, id: int, *, by: str) -> bool:
    return await queries.value(tx, "start_import", id=id, by=by) is not None


async def cancel(tx: Transaction, id: int) -> bool:
    return await queries.value(tx, "cancel_import", id=id) is not None


async def claim(tx: Transaction, *, passed: Collection[int], lease_s: float) -> Job | None:
    row = await queries.row(tx, "claim_import", passed=list(passed), lease_s=lease_s)
    return _job(row) if row is not None else None


async def keep(
    tx: Transaction, job: Job, tally: Tally, *, bytes_done: int, refused_bytes: int, worked_s: float, lease_s: float
) -> bool:
    """False: it was cancelled, or is somebody else's by now."""
    kept = await queries.value(
        tx,
        "keep_import",
        id=job.id,
        lease=job.lease,
        counts=_json(tally),
        bytes_done=bytes_done,
        refused_bytes=refused_bytes,
        worked_s=worked_s,
        lease_s=lease_s,
    )
    return kept is not None


async def end(tx: Transaction, job: Job, state: Ended, *, problem: str = "") -> None:
    await queries.run(tx, "end_import", id=job.id, lease=job.lease, state=state, problem=problem)


async def let_go(tx: Transaction, job: Job) -> None:
    await queries.run(tx, "let_go_of_import", id=job.id, lease=job.lease)


async def forget_files(tx: Transaction, *, before: datetime) -> list[str]:
    return [row["file"] for row in await queries.rows(tx, "forget_files", before=before)]


async def files(tx: Transaction) -> list[str]:
    """Of all imports that have theirs: what came in the last days."""
    return [row["file"] for row in await queries.rows(tx, "read_files")]


def _json(value: Any) -> str:  # Any: whatever msgspec writes
    return msgspec.json.encode(value).decode()


def _job(row: Row) -> Job:
    given = {name: row[name] for name in Job.__struct_fields__ if name in row and name not in ("form", "mapping")}
    kind: type[PeopleMap | EventMap] = PeopleMap if row["kind"] == "people" else EventMap
    mapping = msgspec.convert(row["mapping"], kind) if row["mapping"] is not None else None
    tally = msgspec.convert(row["counts"], Tally)
    return Job(form=msgspec.convert(row["form"], Shape), mapping=mapping, tally=tally, **given)
