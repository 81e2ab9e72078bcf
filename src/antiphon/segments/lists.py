"""People in lists, by what they are called; and the members of any segment as rows of a table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from antiphon import profiles
from antiphon.kernel import csv_cells
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Flaw, Invalid, invalid
from antiphon.kernel.records import Identifier, ProfileId
from antiphon.kernel.said import worded
from antiphon.segments import making, resolve
from antiphon.segments.store import lists as store

PEOPLE_MAX = 10_000
FLAWS_MAX = 100
COLUMNS_MAX = 100
PAGE = 1000
COLUMNS = ("profile", "external_id", "entered_at")


class Put(Struct, frozen=True):
    """How many came or went, and who is not known."""

    changed: int
    unknown: Sequence[Identifier]


async def add(tx: Transaction, id_or_name: str, people: Sequence[Identifier], *, skip_unknown: bool = False) -> Put:
    """Raises Invalid, with the place of each, where somebody is not known, unless they are to be skipped."""
    found, unknown = await _known(tx, people, skip_unknown=skip_unknown)
    return Put(await making.add_to_list(tx, id_or_name, found), unknown)


async def remove(tx: Transaction, id_or_name: str, people: Sequence[Identifier], *, skip_unknown: bool = False) -> Put:
    """As `add`."""
    found, unknown = await _known(tx, people, skip_unknown=skip_unknown)
    return Put(await making.remove_from_list(tx, id_or_name, found), unknown)


async def _known(
    tx: Transaction, people: Sequence[Identifier], *, skip_unknown: bool
) -> tuple[list[ProfileId], list[Identifier]]:
    if len(people) > PEOPLE_MAX:
        raise invalid("people", "At most {most} people at once.", most=PEOPLE_MAX)
    found = await profiles.find(tx, people)
    unknown = [(n, person) for n, person in enumerate(people) if person not in found]
    if unknown and not skip_unknown:
        flaws = [
            Flaw(f"people[{n}]", worded("Nobody is known as {kind}:{value}.", kind=who.kind, value=who.value))
            for n, who in unknown[:FLAWS_MAX]
        ]
        raise Invalid("{n} of {all} are not known; nothing was done.", flaws=flaws, n=len(unknown), all=len(people))
    return list(dict.fromkeys(found.values())), list(dict.fromkeys(person for _, person in unknown))


# ---- a segment as a table ----


async def export(database: Database, id_or_name: str, columns: Sequence[str] = COLUMNS) -> AsyncIterator[str]:
    """The members as CSV, page by page: a header, then a line each, by profile id.

    A column is `profile`, `entered_at`, a kind of identifier, or a trait by its path; `trait:email` is the trait of a
    name that means something else. What a spreadsheet would take for a formula is told as text.

    Raises UnknownSegment and Invalid before the first page.
    """
    if not 0 < len(columns) <= COLUMNS_MAX or not all(columns):
        raise invalid("columns", "1 to {most} names of columns are needed.", most=COLUMNS_MAX)
    async with database.transaction(read_only=True) as tx:
        segment = await resolve.get(tx, id_or_name)
    named = [column for column in columns if profiles.is_kind(column)]

    async def pages() -> AsyncIterator[str]:
        yield csv_cells.lines([columns])
        after = 0
        while True:
            async with database.transaction(read_only=True) as tx:
                rows = await store.page(tx, segment.id, named, after=after, limit=PAGE)
            if rows:
                yield csv_cells.lines([[_cell(row, column) for column in columns] for row in rows])
            if len(rows) < PAGE:
                return
            after = rows[-1].profile

    return pages()


def _cell(row: store.Row, column: str) -> str:
    if column == "profile":
        return str(row.profile)
    if column == "entered_at":
        return _written(row.entered_at)
    if profiles.is_kind(column):
        return row.names.get(column, "")
    return _written(_at(row.traits, column.removeprefix("trait:")))


def _at(traits: dict[str, Any], path: str) -> Any:  # Any: JSON
    """A key of that very name goes before the path."""
    if path in traits:
        return traits[path]
    found: Any = traits  # Any: JSON
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
