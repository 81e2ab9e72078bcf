"""Finding people and duplicates over HTTP."""

from __future__ import annotations

from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import FromQuery, Parameter
from msgspec import Struct

from antiphon.kernel.http import get
from antiphon.kernel.records import Identifier
from antiphon.kernel.runtime import Runtime
from antiphon.profiles import search

Limit = Annotated[int, Parameter(ge=1, le=search.PEOPLE_MAX)]
Cursor = FromQuery[str | None]


class PersonView(Struct):
    """`name` is empty where none is known; `identifiers` are the strongest few."""

    id: str
    name: str
    identifiers: list[Identifier]


class People(Struct):
    """The best first. `cursor` is null on the last page; a page before may have fewer than asked for, or none."""

    profiles: list[PersonView]
    cursor: str | None


@get("/profiles", permission="read")
async def find(
    runtime: NamedDependency[Runtime], q: FromQuery[str], cursor: Cursor = None, limit: Limit = 25
) -> People:
    async with runtime.database.transaction(read_only=True) as tx:
        found = await search.find_people(tx, q, limit=limit, cursor=cursor)
    return People([PersonView(str(one.id), one.name, one.identifiers) for one in found.people], found.cursor)


routes = [find]
