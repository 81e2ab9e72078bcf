"""Changing messages over HTTP: drafts, versions, names, the archive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Concatenate, ParamSpec

from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from antiphon.content import editing, store_editing
from antiphon.content.records import Kept
from antiphon.content.views import (
    Clash,
    Document,
    MessageView,
    VersionList,
    VersionPage,
    message_view,
    theirs,
    version_page,
    version_view,
)
from antiphon.kernel.db import Transaction
from antiphon.kernel.digits import INTEGER_MAX, number_in
from antiphon.kernel.errors import invalid
from antiphon.kernel.http import answer, author_of, delete, details, get, patch, post, put
from antiphon.kernel.paths import segment_after
from antiphon.kernel.runtime import Runtime

VERSIONS_MAX = 200

P = ParamSpec("P")
Anything = Request[Any, Any, Any]
Revision = FromQuery[int | None]


class Written(Struct, forbid_unknown_fields=True):
    """A message as far as it is written. Its `name` is not looked at: `PATCH` renames."""

    document: Document


class NewName(Struct, forbid_unknown_fields=True):
    name: str


class CopyName(Struct, forbid_unknown_fields=True):
    """Without a name it is that of the original and `(copy)`."""

    name: str | None = None


class OldVersion(Struct, forbid_unknown_fields=True):
    version: Annotated[int, Meta(ge=1)]


def on_clash(_request: Anything, error: editing.EditedMeanwhile) -> Response[Clash]:
    """409 with both texts: whoever wrote in two tabs loses neither."""
    plain = answer(error)
    said = details(error)
    clash = Clash(said.type, said.title, said.status, said.code, said.errors, theirs(error.kept), error.yours)
    return Response(clash, status_code=plain.status_code, media_type="application/problem+json")


_CLASHES = {editing.EditedMeanwhile: on_clash}
_CLASH = ResponseSpec(
    Clash,
    media_type="application/problem+json",
    description="It contradicts what there is; of `edited_meanwhile` both texts",
    generate_examples=False,
)


@put("/messages/{message:str}/draft", permission="messages.write", exception_handlers=_CLASHES)
async def save_draft(
    runtime: NamedDependency[Runtime],
    request: Anything,
    message: FromPath[str],
    data: JSONBody[Written],
    if_revision: Revision = None,
) -> MessageView:
    """What the message may become, kept whatever is wrong with it: see `problems`. Nothing is sent by it."""
    by = author_of(request)
    return await _changed(runtime, request, editing.save_draft, data.document, if_revision=if_revision, by=by)


@delete("/messages/{message:str}/draft", permission="messages.write", status_code=200, exception_handlers=_CLASHES)
async def discard_draft(
    runtime: NamedDependency[Runtime], request: Anything, message: FromPath[str], if_revision: Revision = None
) -> MessageView:
    """Back to the newest version; 409 where there is none: delete the message."""
    return await _changed(runtime, request, editing.discard_draft, if_revision=if_revision, by=author_of(request))


@post("/messages/{message:str}/publish", permission="messages.write", status_code=200, exception_handlers=_CLASHES)
async def publish(
    runtime: NamedDependency[Runtime], request: Anything, message: FromPath[str], if_revision: Revision = None
) -> MessageView:
    """The draft is the newest version from now on. 400 names every flaw with its place."""
    return await _changed(runtime, request, editing.publish, if_revision=if_revision, by=author_of(request))


@get("/messages/{message:str}/versions", permission="messages.read")
async def versions(
    runtime: NamedDependency[Runtime],
    request: Anything,
    message: FromPath[str],
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = 50,
) -> VersionList:
    before = _place(cursor)
    if not 1 <= limit <= VERSIONS_MAX:
        raise invalid("limit", "A number from 1 to {most} is needed.", most=VERSIONS_MAX)
    async with runtime.database.transaction(read_only=True) as tx:
        kept = await store_editing.read(tx, named(request))
        found = await store_editing.versions(tx, kept.id, before=before, limit=limit)
    return VersionList([version_view(each) for each in found], str(found[-1].version) if len(found) == limit else None)


@get("/messages/{message:str}/versions/{version:int}", permission="messages.read")
async def show_version(
    runtime: NamedDependency[Runtime], request: Anything, message: FromPath[str], version: FromPath[int]
) -> VersionPage:
    """As its author wrote it."""
    async with runtime.database.transaction(read_only=True) as tx:
        kept = await store_editing.read(tx, named(request))
        return version_page(*await store_editing.version(tx, kept, version))


@post("/messages/{message:str}/revert", permission="messages.write", status_code=200, exception_handlers=_CLASHES)
async def revert(
    runtime: NamedDependency[Runtime],
    request: Anything,
    message: FromPath[str],
    data: JSONBody[OldVersion],
    if_revision: Revision = None,
) -> MessageView:
    """The text of an old version becomes the draft."""
    by = author_of(request)
    return await _changed(runtime, request, editing.revert, data.version, if_revision=if_revision, by=by)


@patch("/messages/{message:str}", permission="messages.write", exception_handlers=_CLASHES)
async def rename(
    runtime: NamedDependency[Runtime],
    request: Anything,
    message: FromPath[str],
    data: JSONBody[NewName],
    if_revision: Revision = None,
) -> MessageView:
    """The old name leads there as well: programs that send by it go on."""
    return await _changed(runtime, request, editing.rename, data.name, if_revision=if_revision, by=author_of(request))


@post("/messages/{message:str}/archive", permission="messages.write", status_code=200, exception_handlers=_CLASHES)
async def archive(
    runtime: NamedDependency[Runtime], request: Anything, message: FromPath[str], if_revision: Revision = None
) -> MessageView:
    """Nobody begins to send it any more; what is under way goes on."""
    return await _changed(runtime, request, editing.archive, if_revision=if_revision, by=author_of(request))


@post("/messages/{message:str}/restore", permission="messages.write", status_code=200, exception_handlers=_CLASHES)
async def restore(
    runtime: NamedDependency[Runtime], request: Anything, message: FromPath[str], if_revision: Revision = None
) -> MessageView:
    return await _changed(runtime, request, editing.restore, if_revision=if_revision, by=author_of(request))


@delete("/messages/{message:str}", permission="messages.write", status_code=204, exception_handlers=_CLASHES)
async def delete_message(
    runtime: NamedDependency[Runtime], request: Anything, message: FromPath[str], if_revision: Revision = None
) -> None:
    """Only one that never was published; 409 `message_published` for any other: archive it."""
    name = named(request)
    await runtime.database.repeat(lambda tx: editing.delete(tx, name, if_revision=if_revision))


@post("/messages/{message:str}/copy", permission="messages.write", status_code=201)
async def copy(
    runtime: NamedDependency[Runtime], request: Anything, message: FromPath[str], data: JSONBody[CopyName]
) -> MessageView:
    """A draft that says the same."""
    return await _changed(runtime, request, editing.copy, name=data.name, by=author_of(request))


async def _changed(
    runtime: Runtime,
    request: Anything,
    change: Callable[Concatenate[Transaction, str, P], Awaitable[Kept]],
    *given: P.args,
    **more: P.kwargs,
) -> MessageView:
    """`change` is one of `editing`: it takes the message that the path names, then what is given."""
    name = named(request)
    return message_view(await runtime.database.repeat(lambda tx: change(tx, name, *given, **more)))


def named(request: Anything) -> str:
    return segment_after(request, "messages")


def _place(cursor: str) -> int | None:
    if not cursor:
        return None
    if (place := number_in(cursor, most=INTEGER_MAX)) is None:
        raise invalid("cursor", "It is not a cursor that we gave.")
    return place


_changing = [save_draft, discard_draft, publish, revert, rename, archive, restore, delete_message]
for _route in _changing:
    _route.responses[409] = _CLASH  # what kernel/http.py put there says less

routes = [*_changing, versions, show_version, copy]
