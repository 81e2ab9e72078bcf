"""An export for people: one HTML file in their language, without script, that prints."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from antiphon.kernel import i18n
from antiphon.kernel.db import Transaction
from antiphon.profiles.export import CHUNK_BYTES, Person, sections


async def as_html(tx: Transaction, person: Person, *, locale: str, brand: str) -> AsyncIterator[bytes]:
    """In chunks. English where there is no such language."""
    locale = locale if locale in i18n.LOCALES else i18n.DEFAULT
    pieces = (
        _environment()
        .get_template("export.html")
        .generate_async(
            t=partial(i18n.translate, locale), locale=locale, brand=brand, at=tx.now, sections=_read(tx, person)
        )
    )
    buffer = bytearray()
    async for piece in pieces:
        buffer += piece.encode()
        if len(buffer) >= CHUNK_BYTES:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer)


async def _read(tx: Transaction, person: Person) -> AsyncIterator[dict[str, Any]]:
    for section in sections.values():
        yield {"name": section.name, "records": _records(section.read(tx, person))}


async def _records(rows: AsyncIterator[Any]) -> AsyncIterator[dict[str, Any]]:
    async for row in rows:
        yield dict(row)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("antiphon.profiles"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        enable_async=True,
    )
