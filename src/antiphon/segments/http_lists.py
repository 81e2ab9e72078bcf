"""Lists and computed traits over HTTP, and the members of any segment as a table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream
from msgspec import Struct

from antiphon import profiles
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Flaw, Invalid
from antiphon.kernel.http import delete, get, post, put
from antiphon.kernel.paths import segment_after
from antiphon.kernel.records import Identifier
from antiphon.kernel.runtime import Runtime
from antiphon.segments import lists, making
from antiphon.segments.http_making import Anything, named
from antiphon.segments.resolve import UnknownComputed
from antiphon.segments.store import registry
from antiphon.segments.views import SegmentView, segment_view

Definition = dict[str, Any]  # Any: a measure, see docs/reference/rules.md


class NewList(Struct, forbid_unknown_fields=True):
    name: str


class Person(Struct, forbid_unknown_fields=True):
    kind: str
    value: str


class People(Struct, forbid_unknown_fields=True):
    """`skip_unknown`: whoever is not known is named in the answer; else nothing is done."""

    people: list[Person]
    skip_unknown: bool = False


class Changed(Struct):
    """`changed`: how many came, or went."""

    changed: int
    unknown: list[Person]


class ComputedTrait(Struct):
    name: str
    definition: Definition


class ComputedTraits(Struct):
    computed_traits: list[ComputedTrait]


@post("/lists", permission="segments.write")
async def make_list(runtime: NamedDependency[Runtime], data: JSONBody[NewList]) -> SegmentView:
    """A segment whose members are put in and taken out by hand. 409 where the name is taken."""
    return segment_view(await runtime.database.repeat(lambda tx: making.make_list(tx, data.name)))


@put("/lists/{segment:str}/members", permission="segments.write")
async def add(
    runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str], data: JSONBody[People]
) -> Changed:
    """These people are in; whoever is in already stays. At most 10,000 at once."""
    return await _change(runtime, request, data, lists.add)


@delete("/lists/{segment:str}/members", permission="segments.write", status_code=200)
async def remove(
    runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str], data: JSONBody[People]
) -> Changed:
    """These people are out. At most 10,000 at once."""
    return await _change(runtime, request, data, lists.remove)


async def _change(
    runtime: Runtime, request: Anything, data: People, act: Callable[..., Awaitable[lists.Put]]
) -> Changed:
    name, who = segment_after(request, "lists"), _identifiers(data.people)

    async def work(tx: Transaction) -> lists.Put:
        return await act(tx, name, who, skip_unknown=data.skip_unknown)

    done = await runtime.database.repeat(work)
    return Changed(done.changed, [Person(each.kind, each.value) for each in done.unknown])


def _identifiers(people: list[Person]) -> list[Identifier]:
    """Raises Invalid with the place of each that is none."""
    found: list[Identifier] = []
    flaws: list[Flaw] = []
    for n, person in enumerate(people):
        try:
            found.append(profiles.normalise(person.kind, person.value))
        except Invalid as error:
            flaws.append(Flaw(f"people[{n}]", error.flaws[0].message if error.flaws else error.message))
    if flaws:
        raise Invalid("The request is not valid.", flaws=flaws[: lists.FLAWS_MAX])
    return found


@get("/segments/{segment:str}/export", permission="segments.read", media_type="text/csv")
async def export(
    runtime: NamedDependency[Runtime], request: Anything, segment: FromPath[str], columns: FromQuery[str] = ""
) -> Stream:
    """The members as CSV. `columns`: profile, entered_at, kinds of identifiers, traits; joined by commas."""
    wanted = columns.split(",") if columns else lists.COLUMNS
    pages = await lists.export(runtime.database, named(request), wanted)
    return Stream(pages)


@get("/computed-traits", permission="segments.read")
async def list_computed(runtime: NamedDependency[Runtime]) -> ComputedTraits:
    async with runtime.database.transaction(read_only=True) as tx:
        return ComputedTraits([ComputedTrait(*each) for each in (await registry.computed(tx)).items()])


@get("/computed-traits/{name:str}", permission="segments.read")
async def show_computed(runtime: NamedDependency[Runtime], request: Anything, name: FromPath[str]) -> ComputedTrait:
    wanted = segment_after(request, "computed-traits")
    async with runtime.database.transaction(read_only=True) as tx:
        known = await registry.computed(tx)
    if wanted not in known:
        raise UnknownComputed('There is no computed trait "{wanted}".', wanted=wanted)
    return ComputedTrait(wanted, known[wanted])


@put("/computed-traits/{name:str}", permission="segments.write")
async def set_computed(
    runtime: NamedDependency[Runtime], request: Anything, name: FromPath[str], data: JSONBody[Definition]
) -> ComputedTrait:
    """409 where segments name it and it would change."""
    wanted = segment_after(request, "computed-traits")
    await runtime.database.repeat(lambda tx: making.set_computed(tx, wanted, data))
    return ComputedTrait(wanted, data)


@delete("/computed-traits/{name:str}", permission="segments.write")
async def drop_computed(runtime: NamedDependency[Runtime], request: Anything, name: FromPath[str]) -> None:
    wanted = segment_after(request, "computed-traits")
    await runtime.database.repeat(lambda tx: making.drop_computed(tx, wanted))


routes = [make_list, add, remove, export, list_computed, show_computed, set_computed, drop_computed]
