"""Messages over HTTP."""

from __future__ import annotations

from typing import Any

from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon.content import store
from antiphon.content.message import channels_of
from antiphon.content.parsing import parse
from antiphon.kernel.http import get, post
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


@post("/messages", permission="admin")
async def create(runtime: NamedDependency[Runtime], data: JSONBody[dict[str, Any]]) -> Created:
    message = parse(data)
    async with runtime.database.transaction() as tx:
        stored = await store.create(tx, message)
    return Created(str(stored.id), stored.name, stored.version)


@get("/messages", permission="read")
async def list_all(runtime: NamedDependency[Runtime]) -> list[MessageView]:
    async with runtime.database.transaction(read_only=True) as tx:
        return [_view(stored) for stored in await store.list_all(tx)]


@get("/messages/{message:str}", permission="read")
async def show(runtime: NamedDependency[Runtime], message: FromPath[str]) -> MessageView:
    async with runtime.database.transaction(read_only=True) as tx:
        return _view(await store.find(tx, message))


def _view(stored: store.Stored) -> MessageView:
    return MessageView(
        id=str(stored.id),
        name=stored.name,
        version=stored.version,
        topic=stored.message.topic,
        channels=sorted(channel.value for channel in channels_of(stored.message)),
        document=stored.message,
    )


routes = [create, list_all, show]
