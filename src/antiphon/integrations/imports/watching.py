"""How far an import is, in plain values: for whoever watches it live."""

from __future__ import annotations

from typing import Any

from antiphon.integrations.imports import jobs
from antiphon.kernel.db import Transaction
from antiphon.kernel.digits import number_in
from antiphon.kernel.errors import NotFound

IMPORTS_WAKE = jobs.WAKE


async def read_progress(tx: Transaction, id: str) -> dict[str, Any]:  # Any: a live topic's document
    """Raises NotFound."""
    if (number := number_in(id)) is None:
        raise NotFound("There is no import {id}.", id=id[:40])
    job = await jobs.find(tx, number)
    tally = job.tally
    return {
        "state": job.state,
        "problem": job.problem,
        "rows": tally.rows,
        "rows_estimated": jobs.rows_estimated(job),
        "rows_per_s": jobs.rows_per_s(job),
        "n": {
            "new": tally.new,
            "changed": tally.updated,
            "same": tally.repeated,
            "skipped": tally.skipped,
            "suppressed": tally.suppressed,
            "refused": tally.refused,
        },
    }
