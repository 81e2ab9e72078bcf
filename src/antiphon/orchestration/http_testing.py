"""Send a test through one account, and follow it."""

from __future__ import annotations

import asyncio

from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon import channels, profiles
from antiphon.kernel.clock import wall
from antiphon.kernel.db import Transaction
from antiphon.kernel.digits import number_in
from antiphon.kernel.errors import NotFound, invalid
from antiphon.kernel.http import get, post
from antiphon.kernel.records import Identifier, NotificationId
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import testing
from antiphon.orchestration.testing import KINDS, TEXT, TEXT_CHARS_MAX, TestView

WAIT_S, LOOK_S = 5.0, 0.2
"""So long the first answer waits for the provider's."""


class TestRequest(Struct, forbid_unknown_fields=True):
    """`to`: an address of the account's channel, or `kind:value` of a person who has one."""

    __test__ = False  # its name is no promise to pytest

    to: str
    text: str = TEXT


@post("/providers/{provider:str}/test", permission="providers.write", status_code=200)
async def send(runtime: NamedDependency[Runtime], provider: FromPath[str], data: JSONBody[TestRequest]) -> TestView:
    """Sends one message, and answers when the provider has, or after five seconds."""
    if not 1 <= len(data.text) <= TEXT_CHARS_MAX or "\0" in data.text:
        raise invalid("text", "A text has 1 to {most} characters, none of them U+0000.", most=TEXT_CHARS_MAX)

    async def work(tx: Transaction) -> tuple[channels.Provider, NotificationId]:
        account = await channels.find(tx, provider)
        return account, await testing.send_test(tx, account, _to(account.channel, data.to), text=data.text)

    account, number = await runtime.database.repeat(work)
    until = wall() + WAIT_S
    while True:
        async with runtime.database.transaction(read_only=True) as tx:
            found = await testing.read_test(tx, account, number)
        if found.done or wall() >= until:
            return found
        await asyncio.sleep(LOOK_S)


@get("/providers/{provider:str}/tests/{notification:str}", permission="providers.read")
async def show(runtime: NamedDependency[Runtime], provider: FromPath[str], notification: FromPath[str]) -> TestView:
    """What became of a test by now."""
    if (number := number_in(notification)) is None:
        raise NotFound("There is no test {notification}.", notification=notification[:20])
    async with runtime.database.transaction(read_only=True) as tx:
        account = await channels.find(tx, provider)
        return await testing.read_test(tx, account, NotificationId(number))


def _to(channel: str, given: str) -> Identifier:
    kind, _, value = given.partition(":")
    if value:
        return profiles.normalise(kind, value)
    if channel not in KINDS:
        raise invalid("to", "Name a person who has an address there, such as external_id:42.")
    return profiles.normalise(KINDS[channel], given)


routes = [send, show]
