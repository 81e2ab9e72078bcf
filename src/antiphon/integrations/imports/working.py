"""The worker of imports: one file at a time, and after a kill on from the row where it stood.

Progress is kept after each batch. What was taken in and not yet counted when a process ended is told of again, and is a
repeat that changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import IO

import structlog

from antiphon.integrations.imports import jobs, store, trying
from antiphon.integrations.imports.running import Counts, Good, Run, Write
from antiphon.integrations.imports.store import Job
from antiphon.kernel.clock import wall
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Conflict, Problem
from antiphon.kernel.runtime import Runtime

log = structlog.get_logger()
BATCH = 500
LEASE_S = 60.0


async def work(runtime: Runtime) -> int:
    """One import to its end, if one is waiting whose file lies here; old files go. How many it worked on.

    Nothing where this process knows of no data folder: no file lies here then.
    """
    try:
        database, place = runtime.database, jobs.folder(runtime)
    except Conflict:
        return 0
    await jobs.drop_old(database, place)
    passed: set[int] = set()
    while (job := await _claim(database, passed)) is not None:
        if job.file is not None and (place / job.file).exists():
            await _work_one(database, job, place)
            return 1
        passed.add(job.id)  # another machine may have the file
        held = job
        await database.repeat(lambda tx, held=held: store.let_go(tx, held))  # type: ignore[misc]  # bound at once
    return 0


async def _claim(database: Database, passed: Collection[int]) -> Job | None:
    return await database.repeat(lambda tx: store.claim(tx, passed=passed, lease_s=LEASE_S))


async def _work_one(database: Database, job: Job, place: Path) -> None:
    assert job.file is not None
    assert job.mapping is not None
    at = job.started_at or job.created_at
    form = jobs.form_of(job, place / job.file)
    log.info("import.begun", id=job.id, row=job.tally.rows)
    try:
        run = trying.make_run(database, form, job.mapping, job.mode, at, dry_run=False)
        run.tally = job.tally
        run.write = _unless_erased(job, run.write)
        with await asyncio.to_thread(_open_refused, jobs.refused_path(place, job.file), job.refused_bytes) as refused:
            run.refused = refused
            if not await _run(database, job, run, refused):
                return
    except (Problem, OSError) as error:
        await _end(database, job, "failed", _told(job, error))
    else:
        await _end(database, job, "done")
    log.info("import.ended", id=job.id, rows=job.tally.rows, refused=job.tally.refused)


def _unless_erased(job: Job, write: Write) -> Write:
    """Asked in the transaction of each batch: whoever is erased while a file is taken in stays so."""

    async def written(tx: Transaction, goods: Sequence[Good]) -> Counts:
        await jobs.refuse_if_erased(tx, job)
        return await write(tx, goods)

    return written


def _told(job: Job, error: Exception) -> str:
    if isinstance(error, Conflict):  # it says what to do
        return str(error)
    return f"It stopped after row {job.tally.rows}: {error}. Start it again; nothing counts twice."


async def _run(database: Database, job: Job, run: Run, refused: IO[bytes]) -> bool:
    """False: it was cancelled, or is somebody else's by now."""
    begun = wall()
    async for bytes_done in run.batches(batch=BATCH):
        await asyncio.to_thread(refused.flush)
        now = wall()
        if not await _keep(database, job, run, bytes_done, refused.tell(), now - begun):
            return False
        begun = now
    return True


async def _keep(database: Database, job: Job, run: Run, bytes_done: int, refused_bytes: int, worked_s: float) -> bool:
    async def keep(tx: Transaction) -> bool:
        tx.wake(jobs.WAKE)
        return await store.keep(
            tx,
            job,
            run.tally,
            bytes_done=bytes_done,
            refused_bytes=refused_bytes,
            worked_s=worked_s,
            lease_s=LEASE_S,
        )

    return await database.repeat(keep)


async def _end(database: Database, job: Job, state: store.Ended, problem: str = "") -> None:
    async def end(tx: Transaction) -> None:
        await store.end(tx, job, state, problem=problem)
        tx.wake(jobs.WAKE)

    await database.repeat(end)


def _open_refused(path: Path, size: int) -> IO[bytes]:
    """On from `size`: what lies beyond was written by a batch that was not counted."""
    file = path.open("r+b" if path.exists() else "w+b")
    file.truncate(size)
    file.seek(size)
    return file
