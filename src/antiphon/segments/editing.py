"""What whoever edits a segment does: rules as they are given, in JSON or in words; drafts, reverts, archives.

The stages of a ladder are edited as one, by the ladder: alone they are refused here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Flaw, Invalid, NotFound
from antiphon.segments import making, resolve
from antiphon.segments.language.parse import parse
from antiphon.segments.language.text import from_text
from antiphon.segments.making import Document, InUse
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
            Flaw(flaw.at, f"{flaw.message} ({found.place(flaw.at)})") if flaw.at.startswith("rule") else flaw
            for flaw in error.flaws
        ]
        raise Invalid(error.message, flaws=flaws) from error


async def create_draft(tx: Transaction, name: str, rule: Document | str, *, by: str = "") -> Segment:
    with reading(rule) as document:
        return await making.create_draft(tx, name, document, by=by)


async def save_draft(tx: Transaction, id_or_name: str, rule: Document | str, *, by: str = "") -> Segment:
    await _alone(tx, id_or_name)
    with reading(rule) as document:
        return await making.save_draft(tx, id_or_name, document, by=by)


async def discard_draft(tx: Transaction, id_or_name: str) -> Segment:
    await _alone(tx, id_or_name)
    return await making.discard_draft(tx, id_or_name)


async def publish(database: Database, id_or_name: str, *, wait_s: float | None = None) -> Segment:
    async with database.transaction(read_only=True) as tx:
        await _alone(tx, id_or_name)
    return await making.publish(database, id_or_name, wait_s=wait_s)


async def revert(tx: Transaction, id_or_name: str, version: int, *, by: str = "") -> Segment:
    """The rule of an old version becomes the draft. Raises NotFound where there is no such version."""
    await _alone(tx, id_or_name)
    for each in await making.versions(tx, id_or_name):
        if each.version == version and each.state != "draft":
            return await making.save_draft(tx, id_or_name, each.rule, by=by)
    raise NotFound(f'"{id_or_name}" has no version {version}.')


async def restore(database: Database, id_or_name: str, *, wait_s: float | None = None) -> Segment:
    async with database.transaction(read_only=True) as tx:
        await _alone(tx, id_or_name)
    return await making.restore(database, id_or_name, wait_s=wait_s)


async def _alone(tx: Transaction, id_or_name: str) -> None:
    segment = await resolve.get(tx, id_or_name)
    if segment.stage_of is not None:
        raise InUse(f'"{segment.name}" is a stage of "{segment.stage_of}". Change the ladder instead.')
