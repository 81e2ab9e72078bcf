"""Which traits and events there are, for whoever writes rules and messages; and what a trait was."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath

from antiphon.kernel.http import get
from antiphon.kernel.paths import segment_after
from antiphon.kernel.runtime import Runtime
from antiphon.profiles import asked, trait_schema
from antiphon.profiles.trait_schema import EventSchema, TraitSchema, TraitValue


@get("/traits", permission="people.read")
async def show_traits(runtime: NamedDependency[Runtime]) -> list[TraitSchema]:
    """From a sample, at most a minute old."""
    async with runtime.database.transaction(read_only=True) as tx:
        return await trait_schema.traits(tx)


@get("/events", permission="people.read")
async def show_event_names(runtime: NamedDependency[Runtime]) -> list[EventSchema]:
    """From a sample, at most a minute old."""
    async with runtime.database.transaction(read_only=True) as tx:
        return await trait_schema.event_schemas(tx)


@get("/profiles/{who:str}/traits/{name:str}/history", permission="people.read")
async def show_history(
    runtime: NamedDependency[Runtime], request: Request[Any, Any, Any], who: FromPath[str], name: FromPath[str]
) -> list[TraitValue]:
    """The newest first."""
    async with runtime.database.transaction(read_only=True) as tx:
        profile = await asked.person(tx, request)
        return await trait_schema.history(tx, profile, segment_after(request, "traits"))


routes = [show_traits, show_event_names, show_history]
