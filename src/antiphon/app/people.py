"""The list of people as a screen scrolls through it, whole or a segment or who was found, and the same as CSV.

The list goes by number, so that who came last stands first. `at` jumps: 0.37 is where 37 % of the numbers lie behind,
which is near 37 % of the people. A cursor says from which number to go on, and which way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal

from litestar.di import NamedDependency
from litestar.params import FromQuery, Parameter
from litestar.response import Stream
from msgspec import Struct

from antiphon import profiles, segments
from antiphon.app.topics import queries
from antiphon.kernel import csv_cells
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.digits import number_in
from antiphon.kernel.errors import invalid
from antiphon.kernel.http import get
from antiphon.kernel.records import Identifier, ProfileId, SegmentId
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import places, zones
from antiphon.profiles import listing
from antiphon.profiles.listing import Listed

PAGE_MAX = 500
SEARCH_MAX = 100
LOOKS_MAX = 10
EXACT_BELOW = 20_000
PAST_ALL = 2**63 - 1
EXPORT_PAGE = 1_000
EXPORTED = ("id", "name", "external_id", "email", "phone", "country", "channels", "last_seen", "created_at")

Sort = Literal["newest", "oldest"]


class PersonRow(Struct):
    """`name` is empty where none is known; `identifier` is the strongest. `last_seen` is to the day.

    channels    where they can be reached: the address is not dead, and nobody opted it out of everything
    country     ISO 3166-1 alpha-2 of what was told, else of the phone number; empty where it is not known
    """

    id: str
    name: str
    identifier: Identifier | None
    channels: list[str]
    country: str
    last_seen: datetime | None
    created_at: datetime


class People(Struct):
    """`cursor` leads on and `previous` back; null where the list ends. `position`: where the first row stands, 0 to 1.

    `total` is null for a search: nobody counts them. A page of a search may have fewer people than asked for, or none,
    and still not be the last.
    """

    people: list[PersonRow]
    cursor: str | None
    previous: str | None
    position: float | None
    total: int | None
    total_is_estimate: bool


class Wanted(Struct, frozen=True):
    """Which people: everybody, who is more than a device, a segment's, or who is called so."""

    q: str
    segment: SegmentId | None
    newest_first: bool
    known: bool


@get("/people", permission="people.read")
async def list_people(
    runtime: NamedDependency[Runtime],
    q: FromQuery[str] = "",
    cursor: FromQuery[str | None] = None,
    limit: Annotated[int, Parameter(ge=1, le=PAGE_MAX)] = 100,
    segment: FromQuery[str | None] = None,
    sort: FromQuery[Sort] = "newest",
    at: Annotated[float | None, Parameter(ge=0, le=1)] = None,
    known: FromQuery[bool] = False,
) -> People:
    """`q`: who is called so, the best first; `sort` says nothing of them. `at`: jump, instead of a cursor. `known`:
    without those of whom there is nothing but a device; of a segment and a search it says nothing."""
    async with runtime.database.transaction(read_only=True) as tx:
        wanted = await _wanted(tx, q, segment, sort, known=known)
        if wanted.q:
            if at is not None:
                raise invalid("at", "A search has no positions: leave it out.")
            return await _search(tx, wanted, cursor, min(limit, SEARCH_MAX))
        return await _page(tx, wanted, cursor, at, limit)


@get("/people/export", permission="people.read", media_type="text/csv")
async def export_people(
    runtime: NamedDependency[Runtime],
    q: FromQuery[str] = "",
    segment: FromQuery[str | None] = None,
    sort: FromQuery[Sort] = "newest",
    known: FromQuery[bool] = False,
) -> Stream:
    """The same list as CSV, all of it. What a spreadsheet would take for a formula is told as text."""
    async with runtime.database.transaction(read_only=True) as tx:
        wanted = await _wanted(tx, q, segment, sort, known=known)
    headers = {"Content-Disposition": 'attachment; filename="people.csv"'}
    return Stream(_export(runtime.database, wanted), headers=headers)


async def _wanted(tx: Transaction, q: str, segment: str | None, sort: Sort, *, known: bool) -> Wanted:
    """Raises UnknownSegment."""
    found = (await segments.get(tx, segment)).id if segment else None
    return Wanted(q.strip(), found, sort == "newest", known and found is None)


async def _page(tx: Transaction, wanted: Wanted, cursor: str | None, at: float | None, limit: int) -> People:
    given = _read_cursor(cursor) if cursor is not None else None
    span = await _span(tx, wanted)
    total, is_estimate = await _total(tx, wanted)
    if span is None:
        return People([], None, None, None, 0, total_is_estimate=False)
    bound, back = given or (_start(span, at, wanted), False)
    newest_first = wanted.newest_first is not back
    ids, reached = await _numbers(tx, wanted, bound, newest_first=newest_first, limit=limit + 1)
    more, ids = len(ids) > limit or reached is not None, ids[:limit]
    if back:
        ids.reverse()
    rows = [_row(one) for one in await listing.listed(tx, ids)]
    first, last = (ids[0], ids[-1]) if ids else (bound, bound)
    if reached is not None:
        first, last = (reached, last) if back else (first, reached)
    goes_on = more if not back else True
    came_from = more if back else _is_inside(span, first, wanted)
    there = bool(ids) or reached is not None
    return People(
        rows,
        f"on.{last}" if there and goes_on else None,
        f"back.{first}" if there and came_from else None,
        _position(span, first, wanted) if ids else None,
        total,
        is_estimate,
    )


def _start(span: tuple[int, int], at: float | None, wanted: Wanted) -> int:
    """Exclusive: what lies beyond it begins the page."""
    lowest, highest = span
    if not wanted.newest_first:
        return lowest - 1 if at is None else lowest - 1 + round((highest - lowest) * at)
    return PAST_ALL if at is None else highest + 1 - round((highest - lowest) * at)


def _position(span: tuple[int, int], id: int, wanted: Wanted) -> float:
    lowest, highest = span
    done = highest - id if wanted.newest_first else id - lowest
    return round(min(max(done / max(1, highest - lowest), 0.0), 1.0), 6)


def _is_inside(span: tuple[int, int], first: int, wanted: Wanted) -> bool:
    return first < span[1] if wanted.newest_first else first > span[0]


async def _span(tx: Transaction, wanted: Wanted) -> tuple[int, int] | None:
    if wanted.segment is None:
        return await listing.span(tx)
    row = await queries.row(tx, "span_of_members", segment=wanted.segment)
    return (row["lowest"], row["highest"]) if row is not None and row["lowest"] is not None else None


async def _total(tx: Transaction, wanted: Wanted) -> tuple[int, bool]:
    if wanted.segment is not None:
        return (await segments.sizes(tx, [wanted.segment]))[wanted.segment], False
    about = await (profiles.about_how_many_known(tx) if wanted.known else profiles.about_how_many(tx))
    return about, about >= EXACT_BELOW


async def _numbers(
    tx: Transaction, wanted: Wanted, bound: int, *, newest_first: bool, limit: int
) -> tuple[list[ProfileId], int | None]:
    """The second: beyond which number to go on, where there may be more than were found."""
    if wanted.known:
        return await listing.known(tx, beyond=bound, newest_first=newest_first, limit=limit)
    if wanted.segment is None:
        return await listing.numbers(tx, beyond=bound, newest_first=newest_first, limit=limit), None
    given = {"segment": wanted.segment, "bound": bound, "limit": limit}
    if newest_first:
        rows = await queries.rows(tx, "newest_members", **given)
    else:
        rows = await queries.rows(tx, "oldest_members", **given)
    return [ProfileId(row["profile_id"]) for row in rows], None


async def _search(tx: Transaction, wanted: Wanted, cursor: str | None, limit: int) -> People:
    found, goes_on = await _found(tx, wanted, cursor, limit)
    rows = [_row(one) for one in await listing.listed(tx, found)]
    return People(rows, goes_on, None, None, None, total_is_estimate=False)


async def _found(tx: Transaction, wanted: Wanted, cursor: str | None, limit: int) -> tuple[list[ProfileId], str | None]:
    """Of a segment, ten looks at most: where they are few among many, a page may have fewer, or none."""
    found: list[ProfileId] = []
    for _ in range(LOOKS_MAX if wanted.segment is not None else 1):
        page = await profiles.find_people(tx, wanted.q, limit=limit - len(found), cursor=cursor)
        found += await _members_among(tx, wanted, [one.id for one in page.people])
        cursor = page.cursor
        if cursor is None or len(found) >= limit:
            break
    return found, cursor


async def _members_among(tx: Transaction, wanted: Wanted, ids: list[ProfileId]) -> list[ProfileId]:
    if wanted.segment is None or not ids:
        return ids
    rows = await queries.rows(tx, "who_of_them", people=ids, segment=wanted.segment)
    inside = {row["profile_id"] for row in rows}
    return [id for id in ids if id in inside]


def _read_cursor(cursor: str) -> tuple[int, bool]:
    """The number, and whether it leads back."""
    way, _, number = cursor.partition(".")
    if way not in ("on", "back") or (place := number_in(number)) is None:
        raise invalid("cursor", "It is not a cursor that we gave.")
    return place, way == "back"


def _row(one: Listed) -> PersonRow:
    return PersonRow(
        str(one.id),
        one.name,
        one.identifiers[0] if one.identifiers else None,
        one.channels,
        country_of(one.country, one.identifiers),
        one.seen_at,
        one.created_at,
    )


def country_of(told: str, identifiers: list[Identifier]) -> str:
    known = places.country_of(told) if told else None
    if known is not None:
        return known
    phones = (zones.region_near(one.value) for one in identifiers if one.kind == "phone")
    return next((region[:2] for region in phones if region), "")


# ---- as a table ----


async def _export(database: Database, wanted: Wanted) -> AsyncIterator[str]:
    """Page by page, each in a transaction of its own."""
    yield csv_cells.lines([EXPORTED])
    bound = PAST_ALL if wanted.newest_first else 0
    cursor: str | None = None
    while True:
        async with database.transaction(read_only=True) as tx:
            if wanted.q:
                ids, cursor = await _found(tx, wanted, cursor, SEARCH_MAX)
                is_last = cursor is None
            else:
                ids, reached = await _numbers(tx, wanted, bound, newest_first=wanted.newest_first, limit=EXPORT_PAGE)
                is_last = len(ids) < EXPORT_PAGE and reached is None
                bound = reached or (ids[-1] if ids else bound)
            rows = await listing.listed(tx, ids)
        if rows:
            yield csv_cells.lines([_cells(one) for one in rows])
        if is_last:
            return


def _cells(one: Listed) -> list[str]:
    names: dict[str, str] = {}
    for identifier in one.identifiers:
        names.setdefault(identifier.kind, identifier.value)
    return [
        str(one.id),
        one.name,
        *(names.get(kind, "") for kind in ("external_id", "email", "phone")),
        country_of(one.country, one.identifiers),
        " ".join(one.channels),
        f"{one.seen_at:%Y-%m-%d}" if one.seen_at else "",
        one.created_at.isoformat().replace("+00:00", "Z"),
    ]


routes = [list_people, export_people]
