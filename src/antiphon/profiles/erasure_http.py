"""What people may ask of whoever keeps their data: all of it, and that it goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from antiphon.kernel import settings
from antiphon.kernel.http import delete, get
from antiphon.kernel.records import Identifier
from antiphon.kernel.runtime import Runtime
from antiphon.profiles import asked, erasure, export, export_page
from antiphon.profiles.retention_view import View, view

Anything = Request[Any, Any, Any]


@get("/profiles/{who:str}/export", permission="people.privacy")
async def show_export(
    runtime: NamedDependency[Runtime],
    request: Anything,
    who: FromPath[str],
    format: FromQuery[Literal["json", "html"]] = "json",
    lang: FromQuery[Literal["en", "es", "fr"]] = "en",
) -> Stream:
    """Everything that is known of a person. `lang` is for `format=html`."""
    named = asked.named(request)
    async with runtime.database.transaction(read_only=True) as tx:
        await export.find(tx, named)  # a 404 is said before the document begins
    kind = "application/json" if format == "json" else "text/html"  # Litestar adds the charset
    return Stream(
        document(runtime, named, format=format, lang=lang),
        media_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="export.{format}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        },
    )


async def document(
    runtime: Runtime, who: Identifier, *, format: Literal["json", "html"], lang: str
) -> AsyncIterator[bytes]:
    """In chunks, read in one transaction. Raises NotFound before the first."""
    async with runtime.database.transaction(read_only=True) as tx:
        person = await export.find(tx, who)
        if format == "json":
            chunks = export.as_json(tx, person)
        else:
            chunks = export_page.as_html(tx, person, locale=lang, brand=(await settings.read(tx)).brand_name)
        async for chunk in chunks:
            yield chunk


@delete("/profiles/{who:str}", permission="people.privacy", status_code=202)
async def forget(
    runtime: NamedDependency[Runtime],
    request: Anything,
    who: FromPath[str],
    keep_counts: FromQuery[bool] = False,
    dry_run: FromQuery[bool] = False,
) -> erasure.Erasure:
    """Erase a person. Events of great numbers follow by themselves: see `finished`."""
    named = asked.named(request)
    return await erasure.erase(runtime.database, named, keep_counts=keep_counts, dry_run=dry_run)


@get("/retention", permission="settings.read")
async def show_retention(runtime: NamedDependency[Runtime]) -> View:
    """What is kept for how long, what the rules would let go now, sizes, and where they lead."""
    return await view(runtime.database)


routes = [show_export, forget, show_retention]
