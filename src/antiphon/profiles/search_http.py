"""Finding people and duplicates over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter
from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound, invalid
from antiphon.kernel.http import get, post
from antiphon.kernel.records import Identifier
from antiphon.kernel.runtime import Runtime
from antiphon.profiles import asked, duplicates, search
from antiphon.profiles.duplicates import Duplicate, KeptApart
from antiphon.profiles.likeness import Reason
from antiphon.profiles.numbers import find_one, read_name

Limit = Annotated[int, Parameter(ge=1, le=search.PEOPLE_MAX)]
PairsLimit = Annotated[int, Parameter(ge=1, le=duplicates.PAIRS_MAX)]
Anything = Request[Any, Any, Any]
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


@get("/profiles", permission="people.read")
async def find(
    runtime: NamedDependency[Runtime], q: FromQuery[str], cursor: Cursor = None, limit: Limit = 25
) -> People:
    async with runtime.database.transaction(read_only=True) as tx:
        found = await search.find_people(tx, q, limit=limit, cursor=cursor)
    return People([_person(one) for one in found.people], found.cursor)


class DuplicateView(Struct):
    """Two people who may be one. `score` is from 0 to 1; reasons and rules are told for programs and for people."""

    profiles: list[PersonView]
    score: float
    reasons: list[Reason]
    kept_apart: list[KeptApart]


class DuplicatePage(Struct):
    """`cursor` is null on the last page; a page before may be empty."""

    duplicates: list[DuplicateView]
    cursor: str | None


class DuplicatesOf(Struct):
    duplicates: list[DuplicateView]


@get("/profiles/duplicates", permission="people.read")
async def list_duplicates(
    runtime: NamedDependency[Runtime], cursor: Cursor = None, limit: PairsLimit = 50
) -> DuplicatePage:
    async with runtime.database.transaction(read_only=True) as tx:
        found = await duplicates.find_duplicates(tx, limit=limit, cursor=cursor)
    return DuplicatePage([_duplicate(one) for one in found.duplicates], found.cursor)


@get("/profiles/{who:str}/duplicates", permission="people.read")
async def duplicates_of(runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str]) -> DuplicatesOf:
    """The likeliest first."""
    async with runtime.database.transaction(read_only=True) as tx:
        found = await duplicates.duplicates_of(tx, await asked.person(tx, request))
    return DuplicatesOf([_duplicate(one) for one in found])


class ApartWish(Struct, forbid_unknown_fields=True, rename={"other": "from"}):
    """`from`: the other person, as kind:value."""

    other: str


class Apart(Struct):
    profiles: list[str]


@post("/profiles/{who:str}/apart", permission="people.write", status_code=200)
async def keep_apart(
    runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str], data: JSONBody[ApartWish]
) -> Apart:
    """They are two customers, whatever is named together later."""
    named = read_name(data.other)

    async def work(tx: Transaction) -> Apart:
        one = await asked.person(tx, request)
        try:
            other = await find_one(tx, named)
        except NotFound as error:
            raise invalid("from", "There is no such profile.") from error
        await duplicates.keep_apart(tx, one, other, by=asked.by(request))
        return Apart([str(one), str(other)])

    return await runtime.database.repeat(work)


def _duplicate(one: Duplicate) -> DuplicateView:
    return DuplicateView([_person(one.one), _person(one.other)], one.score, one.reasons, one.kept_apart)


def _person(one: search.FoundPerson) -> PersonView:
    return PersonView(str(one.id), one.name, one.identifiers)


routes = [find, list_duplicates, duplicates_of, keep_apart]
