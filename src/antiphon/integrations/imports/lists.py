"""Files of people into a list, or out of it.

The file is read to its end before anybody is put in: a row that names nobody stops all of it, unless such rows are to
be left out. Then people go in by thousands; after a kill, run the same command again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, get_args

from msgspec import Struct

from antiphon import profiles, segments
from antiphon.integrations.imports import facts
from antiphon.integrations.imports.mapping import Kind, PeopleMap, check_people, guess_people
from antiphon.integrations.imports.source import Form, Reader, Row, examine
from antiphon.kernel.db import Database
from antiphon.kernel.errors import Flaw, Invalid, invalid
from antiphon.kernel.records import Identifier, ProfileId

BATCH = 2_000
REASONS_MAX = 20
Progress = Callable[[int, int, int], None]
_KINDS: tuple[Kind, ...] = get_args(Kind)


class Left(Struct, frozen=True):
    """A row that was left out."""

    line: int
    reason: str


class Report(Struct):
    """`changed` of the people came, or went; `skipped` rows named nobody: `reasons` are those of the first twenty."""

    rows: int = 0
    changed: int = 0
    skipped: int = 0
    reasons: list[Left] = []


def read_columns(columns: Sequence[str]) -> dict[Kind, str]:
    """`email=mail` each. Raises Invalid."""
    found: dict[Kind, str] = {}
    for given in columns:
        kind, equals, column = given.partition("=")
        if not equals or kind not in _KINDS or not column:
            raise invalid(
                "column", "{given!r} is not KIND=COLUMN, with a kind of {known}.", given=given, known=", ".join(_KINDS)
            )
        found[kind] = column
    return found


async def change_list(
    database: Database,
    list_name: str,
    file: Path,
    columns: Mapping[Kind, str],
    *,
    act: Literal["add", "remove"] = "add",
    skip_unknown: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Raises Invalid for a file that cannot be used, and where a row names nobody: with the lines of the first."""
    form = await asyncio.to_thread(examine, file)
    mapping = PeopleMap(dict(columns)) if columns else guess_people(form.columns)
    check_people(mapping, form.columns if form.format == "csv" else ())
    report = Report()
    found = await _find(database, form, mapping.identifiers, report, progress)
    if report.skipped and not skip_unknown:
        flaws = [Flaw(f"line {left.line}", left.reason) for left in report.reasons]
        raise Invalid(
            "{skipped} of {rows} rows name nobody; nothing was done.",
            flaws=flaws,
            skipped=report.skipped,
            rows=report.rows,
        )
    change = segments.add_to_list if act == "add" else segments.remove_from_list
    for start in range(0, max(len(found), 1), BATCH):  # once at least: a list that is none is told
        some = found[start : start + BATCH]
        report.changed += await database.repeat(partial(change, id_or_name=list_name, profiles=some))
    return report


async def _find(
    database: Database, form: Form, columns: Mapping[Kind, str], report: Report, progress: Progress | None
) -> list[ProfileId]:
    found: dict[ProfileId, None] = {}
    reader = Reader(form)
    try:
        while rows := await asyncio.to_thread(reader.take, BATCH):
            named = list(_named(rows, columns, report))
            wanted = [who for _, people in named for who in people]
            async with database.transaction(read_only=True) as tx:
                known = await profiles.find(tx, wanted)
            for row, people in named:
                profile = next((known[who] for who in people if who in known), None)
                if profile is None:
                    _leave_out(report, row, f"Nobody is known as {' or '.join(f'{w.kind}:{w.value}' for w in people)}.")
                else:
                    found[profile] = None
            report.rows += len(rows)
            if progress:
                progress(report.rows, min(reader.bytes_done, form.size), form.size)
    finally:
        reader.close()
    return list(found)


def _named(
    rows: Sequence[Row], columns: Mapping[Kind, str], report: Report
) -> Iterator[tuple[Row, tuple[Identifier, ...]]]:
    for row in rows:
        try:
            if row.fault:
                raise Invalid(row.fault)
            yield row, facts.identifiers(row, columns, region=None)
        except Invalid as error:
            _leave_out(report, row, str(error))


def _leave_out(report: Report, row: Row, reason: str) -> None:
    report.skipped += 1
    if len(report.reasons) < REASONS_MAX:
        report.reasons.append(Left(row.line, reason[:300]))
