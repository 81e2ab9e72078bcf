"""What an import would do: the first rows as they would be read, and a dry run over the first thousands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from antiphon import profiles
from antiphon.integrations.imports.importer import Mode, events_run, people_run
from antiphon.integrations.imports.mapping import EventMap, PeopleMap
from antiphon.integrations.imports.running import Counts, Good, Reason, Run
from antiphon.integrations.imports.source import Form, Reader, Row
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.records import Identifier, ProfileId

SHOWN = 20
LOOKED_AT = 200
TRIED = 2_000


class ReadRow(Struct, frozen=True):
    """A row as it would be read, or what is wrong with it. `line` is where it begins, the first of the file being 1.

    Of people `traits`, of events `event`, `at` and `properties`.
    """

    line: int
    identifiers: list[Identifier]
    flaws: list[Flaw]
    traits: dict[str, Any] | None = None  # Any: JSON
    event: str | None = None
    at: datetime | None = None
    properties: dict[str, Any] | None = None  # Any: JSON


class Trial(Struct):
    """A dry run over the first `rows`; `is_whole`: that is the file. `same` rows would change nothing."""

    rows: int
    is_whole: bool
    new: int
    changed: int
    same: int
    skipped: int
    suppressed: int
    refused: int
    reasons: list[Reason]


def make_run(
    database: Database, form: Form, mapping: PeopleMap | EventMap, mode: Mode, at: datetime, *, dry_run: bool
) -> Run:
    """Raises Invalid for a map that does not fit the file."""
    if isinstance(mapping, PeopleMap):
        return people_run(database, form, mapping, mode=mode, at=at, dry_run=dry_run)
    return events_run(database, form, mapping, dry_run=dry_run)


def first_rows(form: Form, most: int = LOOKED_AT) -> list[Row]:
    reader = Reader(form)
    try:
        return reader.take(most)
    finally:
        reader.close()


def read_rows(run: Run, rows: Sequence[Row]) -> list[ReadRow]:
    return [_read(run, row) for row in rows[:SHOWN]]


def _read(run: Run, row: Row) -> ReadRow:
    try:
        fact = run.fact(row)
    except Invalid as error:
        return ReadRow(row.line, [], list(error.flaws) or [Flaw("", error.message)])
    who = [Identifier(one.kind, one.value) for one in fact.who]
    if fact.event is None:
        return ReadRow(row.line, who, [], traits=fact.traits or {})
    properties = msgspec.json.decode(fact.properties) if fact.properties else {}
    return ReadRow(row.line, who, [], event=fact.event, at=fact.at, properties=properties)


async def try_out(run: Run) -> Trial:
    """Takes a dry run: whatever it writes is taken back."""
    same = 0
    whole = run.write

    async def write(tx: Transaction, goods: Sequence[Good]) -> Counts:
        nonlocal same
        unchanged = await _unchanged(tx, goods) if isinstance(run.mapping, PeopleMap) else 0
        counts = await whole(tx, goods)
        same += min(unchanged, counts.updated)
        return counts

    run.write = write
    async for _ in run.batches(batch=TRIED, rows_max=TRIED):
        pass
    tally = run.tally
    return Trial(
        rows=tally.rows,
        is_whole=tally.rows < TRIED,
        new=tally.new,
        changed=tally.updated - same,
        same=tally.repeated + same,
        skipped=tally.skipped,
        suppressed=tally.suppressed,
        refused=tally.refused,
        reasons=tally.reasons,
    )


async def _unchanged(tx: Transaction, goods: Sequence[Good]) -> int:
    """Rows whose person is known by all that they name, has every trait and belongs to the account."""
    known = await profiles.find(tx, [who for good in goods for who in good.fact.who])
    people = {one.id: one for one in await profiles.read(tx, sorted(set(known.values())))}
    return sum(_is_same(good, known, people) for good in goods)


def _is_same(good: Good, known: Mapping[Identifier, ProfileId], people: Mapping[ProfileId, profiles.Profile]) -> bool:
    owners = {known.get(who) for who in good.fact.who}
    owner = next(iter(owners))
    if len(owners) != 1 or owner is None or owner not in people:
        return False
    person = people[owner]
    account = good.fact.account
    belongs = account is None or any(one.key == account.key for one in person.accounts)
    return belongs and all(person.traits.get(name) == value for name, value in (good.fact.traits or {}).items())
