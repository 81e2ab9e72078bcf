"""Messages over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct, field

from antiphon.content import composing, editing, http_editing, listing, store, store_editing
from antiphon.content.http_editing import Anything, named
from antiphon.content.lint import Finding, lint
from antiphon.content.message import Message, channels_of
from antiphon.content.parsing import parse
from antiphon.content.preview import Preview, preview, variables_for
from antiphon.content.records import Kept
from antiphon.content.views import Document, MessageList, MessageView, card_view, message_view
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import invalid
from antiphon.kernel.http import author_of, get, post
from antiphon.kernel.records import Channel
from antiphon.kernel.runtime import Runtime


class Checked(Struct):
    """`errors` and `warnings`: how many of the findings are these."""

    errors: int
    warnings: int
    findings: list[Finding]


_UNRENDERED = {422: "The message cannot be rendered for this person; `errors` say where"}

Who = Annotated[str, Meta(max_length=1_000)]


class Asked(Struct, forbid_unknown_fields=True):
    """`as`: somebody, as `kind:value`; without it of nobody in particular. `variables`: as in `POST /send`."""

    who: Who | None = field(default=None, name="as")
    channel: str | None = None
    locale: Annotated[str, Meta(max_length=35)] = ""
    variant: Annotated[str, Meta(max_length=32)] = ""
    variables: dict[str, Any] = {}


@post("/messages", permission="messages.write")
async def create(
    runtime: NamedDependency[Runtime], request: Anything, data: JSONBody[Document], draft: FromQuery[bool] = False
) -> MessageView:
    """Published at once. `draft`: kept as one instead, whatever is wrong with it but its name."""
    by = author_of(request)
    if draft:
        return message_view(await runtime.database.repeat(lambda tx: editing.create_draft(tx, data, by=by)))
    message = parse(data)

    async def work(tx: Transaction) -> Kept:
        stored = await editing.create(tx, message, data, by=by)
        return await store_editing.read(tx, str(stored.id))

    return message_view(await runtime.database.repeat(work))


@get("/messages", permission="messages.read")
async def list_all(
    runtime: NamedDependency[Runtime],
    q: FromQuery[str] = "",
    topic: FromQuery[str] = "",
    channel: FromQuery[str] = "",
    in_state: Annotated[str, QueryParameter(name="state")] = "",
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = 100,
) -> MessageList:
    """`q`: part of the name or the topic. `state`: draft, published or archived; without it all but the archived."""
    asked = listing.Asked(q=q, topic=topic, channel=channel, state=in_state, cursor=cursor, limit=limit)
    async with runtime.database.transaction(read_only=True) as tx:
        found, onwards = await listing.page(tx, asked)
    return MessageList([card_view(card) for card in found], onwards)


@get("/messages/fields", permission="messages.read")
async def fields(runtime: NamedDependency[Runtime], topic: FromQuery[str] = "") -> composing.Fields:
    """What a message may be made of: variables with what they hold, Liquid, forms, kinds of blocks, limits."""
    async with runtime.database.transaction(read_only=True) as tx:
        return await composing.fields(tx, topic=topic)


@get("/messages/{message:str}", permission="messages.read")
async def show(runtime: NamedDependency[Runtime], request: Anything, message: FromPath[str]) -> MessageView:
    async with runtime.database.transaction(read_only=True) as tx:
        return message_view(await store_editing.read(tx, named(request)))


@post("/messages/lint", permission="messages.read", status_code=200)
async def lint_document(
    runtime: NamedDependency[Runtime], data: JSONBody[dict[str, Any]], who: FromQuery[str | None] = None
) -> Checked:
    """A message that is not kept yet. `who`: judge it for this person as well."""
    message = parse(data)
    async with runtime.database.transaction(read_only=True) as tx:
        return await _checked(tx, message, who)


@get("/messages/{message:str}/lint", permission="messages.read")
async def lint_stored(
    runtime: NamedDependency[Runtime], message: FromPath[str], who: FromQuery[str | None] = None
) -> Checked:
    async with runtime.database.transaction(read_only=True) as tx:
        return await _checked(tx, (await store.look_up(tx, message)).message, who)


@post("/messages/{message:str}/preview", permission="messages.read", status_code=200, also=_UNRENDERED)
async def preview_stored(runtime: NamedDependency[Runtime], message: FromPath[str], data: JSONBody[Asked]) -> Preview:
    async with runtime.database.transaction(read_only=True) as tx:
        found = (await store.look_up(tx, message)).message
        channel = _channel(found, data.channel)
        return await preview(
            tx,
            found,
            channel=channel,
            who=data.who,
            locale=data.locale,
            variant=data.variant,
            given=data.variables,
        )


def _channel(message: Message, name: str | None) -> Channel:
    if name is None:
        return min(channels_of(message), key=list(Channel).index)
    try:
        return Channel(name)
    except ValueError:
        raise invalid("channel", "One of {known}.", known=", ".join(sorted(channels_of(message)))) from None


async def _checked(tx: Transaction, message: Message, who: str | None) -> Checked:
    found = lint(message, sample=await variables_for(tx, who) if who else None)
    return Checked(
        errors=sum(finding.severity == "error" for finding in found),
        warnings=sum(finding.severity == "warning" for finding in found),
        findings=found,
    )


routes = [create, list_all, fields, show, lint_document, lint_stored, preview_stored, *http_editing.routes]
