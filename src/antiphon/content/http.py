"""Messages over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct, field

from antiphon.content import store
from antiphon.content.lint import Finding, lint
from antiphon.content.message import Message, channels_of
from antiphon.content.parsing import parse
from antiphon.content.preview import Preview, preview, variables_for
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import invalid
from antiphon.kernel.http import get, post
from antiphon.kernel.records import Channel
from antiphon.kernel.runtime import Runtime


class Created(Struct):
    id: str
    name: str
    version: int


class MessageView(Struct):
    id: str
    name: str
    version: int
    topic: str
    channels: list[str]
    document: Any


class Checked(Struct):
    """`errors` and `warnings`: how many of the findings are these."""

    errors: int
    warnings: int
    findings: list[Finding]


Who = Annotated[str, Meta(max_length=1_000)]


class Asked(Struct, forbid_unknown_fields=True):
    """`as`: somebody, as `kind:value`; without it of nobody in particular. `variables`: as in `POST /send`."""

    who: Who | None = field(default=None, name="as")
    channel: str | None = None
    locale: Annotated[str, Meta(max_length=35)] = ""
    variant: Annotated[str, Meta(max_length=32)] = ""
    variables: dict[str, Any] = {}


@post("/messages", permission="messages.write")
async def create(runtime: NamedDependency[Runtime], data: JSONBody[dict[str, Any]]) -> Created:
    message = parse(data)
    async with runtime.database.transaction() as tx:
        stored = await store.create(tx, message)
    return Created(str(stored.id), stored.name, stored.version)


@get("/messages", permission="messages.read")
async def list_all(runtime: NamedDependency[Runtime]) -> list[MessageView]:
    async with runtime.database.transaction(read_only=True) as tx:
        return [_view(stored) for stored in await store.list_all(tx)]


@get("/messages/{message:str}", permission="messages.read")
async def show(runtime: NamedDependency[Runtime], message: FromPath[str]) -> MessageView:
    async with runtime.database.transaction(read_only=True) as tx:
        return _view(await store.find(tx, message))


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
        return await _checked(tx, (await store.find(tx, message)).message, who)


@post("/messages/{message:str}/preview", permission="messages.read", status_code=200)
async def preview_stored(runtime: NamedDependency[Runtime], message: FromPath[str], data: JSONBody[Asked]) -> Preview:
    async with runtime.database.transaction(read_only=True) as tx:
        found = (await store.find(tx, message)).message
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
        raise invalid("channel", f"One of {', '.join(sorted(channels_of(message)))}.") from None


async def _checked(tx: Transaction, message: Message, who: str | None) -> Checked:
    found = lint(message, sample=await variables_for(tx, who) if who else None)
    return Checked(
        errors=sum(finding.severity == "error" for finding in found),
        warnings=sum(finding.severity == "warning" for finding in found),
        findings=found,
    )


def _view(stored: store.Stored) -> MessageView:
    return MessageView(
        id=str(stored.id),
        name=stored.name,
        version=stored.version,
        topic=stored.message.topic,
        channels=sorted(channel.value for channel in channels_of(stored.message)),
        document=stored.message,
    )


routes = [create, list_all, show, lint_document, lint_stored, preview_stored]
