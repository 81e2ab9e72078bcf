"""The ledger over HTTP: send one, ask what became of it, ask why; and what the operator sets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon import profiles
from antiphon.kernel import durations, settings
from antiphon.kernel.digits import number_in
from antiphon.kernel.errors import NotFound, invalid
from antiphon.kernel.http import get, post, put
from antiphon.kernel.paths import segment_after
from antiphon.kernel.records import NotificationId, Purpose
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import asking, calling, http_composing, http_testing
from antiphon.orchestration.replaying import Replayed, replay


class To(Struct, forbid_unknown_fields=True):
    kind: str
    value: str


class SendRequest(Struct, forbid_unknown_fields=True):
    """`expires_in`: a duration such as `15m`; after it nothing more is sent."""

    message: str
    to: To
    purpose: Purpose
    idempotency_key: str
    topic: str | None = None
    variables: dict[str, Any] | None = None
    expires_in: str | None = None


class SendAnswer(Struct):
    notification: str


@post("/send", permission="send", status_code=202)
async def send(runtime: NamedDependency[Runtime], data: JSONBody[SendRequest]) -> SendAnswer:
    if not 1 <= len(data.idempotency_key) <= 255 or "\0" in data.idempotency_key:
        raise invalid("idempotency_key", "A key has 1 to 255 characters, none of them NUL.")
    if b"\\u0000" in msgspec.json.encode(data.variables):
        raise invalid("variables", "PostgreSQL cannot store the character NUL (U+0000).")
    expires = durations.parse(data.expires_in, at="expires_in") if data.expires_in else None
    to = profiles.normalise(data.to.kind, data.to.value)

    async def work(tx: Any) -> NotificationId:
        call = calling.Call(
            message=data.message,
            to=to,
            purpose=data.purpose,
            idempotency_key=data.idempotency_key,
            topic=data.topic,
            variables=data.variables,
            expires_at=tx.now + timedelta(seconds=expires) if expires else None,
        )
        return await calling.send(tx, call)

    return SendAnswer(str(await runtime.database.repeat(work)))


@get("/notifications/{notification:str}", permission="people.read")
async def show(runtime: NamedDependency[Runtime], notification: FromPath[str]) -> asking.NotificationView:
    number = _number(notification)
    async with runtime.database.transaction(read_only=True) as tx:
        return await asking.show(tx, number)


@get("/notifications/{notification:str}/decisions", permission="people.read")
async def decisions(runtime: NamedDependency[Runtime], notification: FromPath[str]) -> list[Replayed]:
    """What its decisions read, where it was kept, and what comes out of it now."""
    number = _number(notification)
    async with runtime.database.transaction(read_only=True) as tx:
        return await replay(tx, number)


@get("/profiles/{who:str}/why", permission="people.read")
async def why(
    runtime: NamedDependency[Runtime], request: Request[Any, Any, Any], who: FromPath[str]
) -> list[asking.NotificationView]:
    """What a person was told or not, the newest first."""
    async with runtime.database.transaction(read_only=True) as tx:
        return await asking.why(tx, await profiles.find_named(tx, segment_after(request, "profiles")))


@get("/settings", permission="settings.read")
async def read_settings(runtime: NamedDependency[Runtime]) -> settings.Settings:
    async with runtime.database.transaction(read_only=True) as tx:
        return await settings.read(tx)


@put("/settings", permission="settings.write")
async def write_settings(runtime: NamedDependency[Runtime], data: JSONBody[dict[str, Any]]) -> settings.Settings:
    """Set some; the others stay. `null` puts one back to nothing."""
    async with runtime.database.transaction() as tx:
        return await settings.write(tx, data)


def _number(text: str) -> NotificationId:
    if (number := number_in(text)) is None:
        raise NotFound("There is no notification {notification}.", notification=text[:40])
    return NotificationId(number)


routes = [send, show, decisions, why, read_settings, write_settings, *http_testing.routes, *http_composing.routes]
