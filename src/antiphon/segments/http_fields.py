"""What a screen for writing segments asks: which conditions there are, a rule in both forms, all segments at once."""

from __future__ import annotations

from typing import Any

from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Struct

from antiphon.kernel.http import get, post
from antiphon.kernel.runtime import Runtime
from antiphon.segments import known
from antiphon.segments.editing import reading
from antiphon.segments.language.parse import parse
from antiphon.segments.language.text import to_text
from antiphon.segments.overview import Line, overview
from antiphon.segments.views import SegmentView, fields_of


class SomeRule(Struct, forbid_unknown_fields=True):
    """A rule document, or a rule in words."""

    rule: dict[str, Any] | str  # Any: a rule document, see docs/reference/rules.md


class BothForms(Struct):
    rule: dict[str, Any]  # Any: a rule document
    text: str


class SegmentLine(SegmentView, kw_only=True):
    """`sizes` at the end of each of the last fourteen days that it was there; `used_by`: segments that name it."""

    size: int
    entered_today: int
    left_today: int
    sizes: list[int]
    used_by: list[str]


class AllSegments(Struct):
    """By name."""

    segments: list[SegmentLine]


@get("/segments/fields", permission="segments.read")
async def show_fields(runtime: NamedDependency[Runtime]) -> known.Fields:
    """Every condition as a form, the operators, and the names that are known: what a rule may be made of."""
    async with runtime.database.transaction(read_only=True) as tx:
        return await known.fields(tx)


@post("/segments/words", permission="segments.read", status_code=200)
async def in_words(data: JSONBody[SomeRule]) -> BothForms:
    """The same rule as a document and in words. Keeps nothing; names are not looked up."""
    with reading(data.rule) as document:
        parse(document)
        return BothForms(document, to_text(document))


@get("/segments/overview", permission="segments.read")
async def show_overview(runtime: NamedDependency[Runtime]) -> AllSegments:
    """All segments with what a list shows of each."""
    async with runtime.database.transaction(read_only=True) as tx:
        return AllSegments([_line(line) for line in await overview(tx)])


def _line(line: Line) -> SegmentLine:
    return SegmentLine(
        **fields_of(line.segment),
        size=line.size,
        entered_today=line.entered_today,
        left_today=line.left_today,
        sizes=line.sizes,
        used_by=line.users,
    )


routes = [show_fields, in_words, show_overview]
