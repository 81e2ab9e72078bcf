"""Rules as whoever edits a segment gives them: in JSON or in words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Flaw, Invalid, NotFound
from antiphon.kernel.said import worded
from antiphon.segments import making
from antiphon.segments.language.parse import parse
from antiphon.segments.language.text import from_text
from antiphon.segments.making import Document
from antiphon.segments.records import Segment


@contextlib.contextmanager
def reading(given: Document | str) -> Iterator[Document]:
    """The rule as a document. What is found wrong with one in words meanwhile also names line and column."""
    if not isinstance(given, str):
        yield given
        return
    found = from_text(given)
    try:
        parse(found.document)
        yield found.document
    except Invalid as error:
        flaws = [
            Flaw(flaw.at, worded("{what} ({place})", what=flaw.message, place=found.place(flaw.at)))
            if flaw.at.startswith("rule")
            else flaw
            for flaw in error.flaws
        ]
        raise Invalid(error.message, flaws=flaws) from error


async def create_draft(tx: Transaction, name: str, rule: Document | str, *, by: str = "") -> Segment:
    with reading(rule) as document:
        return await making.create_draft(tx, name, document, by=by)


async def save_draft(tx: Transaction, id_or_name: str, rule: Document | str, *, by: str = "") -> Segment:
    with reading(rule) as document:
        return await making.save_draft(tx, id_or_name, document, by=by)


async def revert(tx: Transaction, id_or_name: str, version: int, *, by: str = "") -> Segment:
    """The rule of an old version becomes the draft. Raises NotFound where there is no such version."""
    for each in await making.versions(tx, id_or_name):
        if each.version == version and each.state != "draft":
            return await making.save_draft(tx, id_or_name, each.rule, by=by)
    raise NotFound('"{id_or_name}" has no version {version}.', id_or_name=id_or_name, version=version)
