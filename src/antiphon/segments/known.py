"""What a rule may name, as it is known now: for whoever writes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from antiphon import profiles
from antiphon.kernel.db import Transaction
from antiphon.segments.language.measures import parse_computed
from antiphon.segments.language.rules import NUMBERS, ComputedTrait
from antiphon.segments.language.slots import FORMS, LeafForm, MeasureForm, Operator, measures, operators
from antiphon.segments.store import registry


class Name(Struct, frozen=True):
    """`type`: text, number, boolean, date, list, object, mixed; empty where it is not known."""

    name: str
    type: str = ""
    examples: list[Any] = []
    note: str = ""


class EventName(Struct, frozen=True):
    name: str
    count: int
    properties: list[Name]


class Known(Struct, frozen=True):
    """`segments` by name, the archived ones left out; names of campaigns are asked for elsewhere."""

    traits: list[Name]
    computed: list[Name]
    events: list[EventName]
    segments: list[Name]
    topics: list[Name]


class Fields(Struct, frozen=True):
    leaves: list[LeafForm]
    operators: list[Operator]
    measures: list[MeasureForm]
    known: Known


async def fields(tx: Transaction) -> Fields:
    """Names of traits and events come from a sample, at most a minute old."""
    return Fields([*FORMS], operators(), measures(), await _known(tx))


async def _known(tx: Transaction) -> Known:
    schema = profiles.trait_schema
    return Known(
        traits=[each for trait in await schema.traits(tx) for each in _names(trait)],
        computed=_computed(await registry.computed(tx)),
        events=[
            EventName(event.name, event.count, [each for property in event.properties for each in _names(property)])
            for event in await schema.event_schemas(tx)
        ],
        segments=sorted(
            (Name(each.name, each.kind) for each in await registry.list_all(tx) if each.state != "archived"),
            key=lambda each: each.name.casefold(),
        ),
        topics=[Name(topic.name) for topic in await profiles.topics(tx)],
    )


def _names(found: profiles.trait_schema.TraitSchema) -> list[Name]:
    """A list is asked by any of its items; an object by its paths."""
    name = f"{found.name}[]" if found.type == "list" and "." not in found.name else found.name
    own = [] if found.type == "object" else [Name(found.name, found.type, found.examples)]
    more = [Name(name, "", [])] if name != found.name else []
    return [*own, *more, *(Name(path) for path in found.paths)]


def _computed(known: Mapping[str, Any]) -> list[Name]:
    return [Name(name, _type_of(parse_computed(definition))) for name, definition in sorted(known.items())]


def _type_of(computed: ComputedTrait) -> str:
    if computed.of in NUMBERS or computed.of == "recency":
        return "number"
    return "date" if computed.field is None else ""
