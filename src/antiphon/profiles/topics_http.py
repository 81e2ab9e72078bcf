"""Topics over HTTP. A name may hold any character; it stands percent-encoded in the path."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon.kernel.http import delete, get, put
from antiphon.kernel.paths import segment_after
from antiphon.kernel.runtime import Runtime
from antiphon.profiles.consent_records import Topic
from antiphon.profiles.topics import drop_topic, find_topic, topics, write_topic

Anything = Request[Any, Any, Any]


class Topics(Struct):
    """By name."""

    topics: list[Topic]


@get("/topics", permission="settings.read")
async def show_topics(runtime: NamedDependency[Runtime]) -> Topics:
    async with runtime.database.transaction(read_only=True) as tx:
        return Topics(await topics(tx))


@put("/topics", permission="settings.write")
async def keep_topic(runtime: NamedDependency[Runtime], data: JSONBody[Topic]) -> Topic:
    """As a whole: what is left out is as in a topic that nobody wrote down."""
    return await runtime.database.repeat(lambda tx: write_topic(tx, data))


@get("/topics/{name:str}", permission="settings.read")
async def show_topic(runtime: NamedDependency[Runtime], request: Anything, name: FromPath[str]) -> Topic:
    async with runtime.database.transaction(read_only=True) as tx:
        return await find_topic(tx, segment_after(request, "topics"))


@delete("/topics/{name:str}", permission="settings.write")
async def remove_topic(runtime: NamedDependency[Runtime], request: Anything, name: FromPath[str]) -> None:
    await runtime.database.repeat(lambda tx: drop_topic(tx, segment_after(request, "topics")))


routes = [show_topics, keep_topic, show_topic, remove_topic]
