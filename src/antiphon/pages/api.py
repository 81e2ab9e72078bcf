"""Links for programs: the way to somebody's preference centre, and the question of a double opt-in."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon import profiles
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.http import post
from antiphon.kernel.paths import segment_after
from antiphon.kernel.runtime import Runtime
from antiphon.pages import optin
from antiphon.pages.bearer import Place, link

Anything = Request[Any, Any, Any]


class PreferencesLink(Struct):
    """Whoever has it can read and change what this person hears about: hand it to nobody else."""

    url: str


class QuestionRequest(Struct, forbid_unknown_fields=True):
    """`message` has a form for `channel` alone and holds `{{ confirm_url }}`; without it nothing is sent."""

    topic: str
    channel: str
    message: str = ""
    wording: str = ""
    source: str = ""


class QuestionAnswer(Struct):
    """`id` is the question's in the ledger of consents, where it is `pending`."""

    id: str
    confirm_url: str
    notification: str | None


@post("/profiles/{who:str}/preferences-link", permission="people.write", status_code=200)
async def preferences_link(runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str]) -> PreferencesLink:
    named = profiles.read_name(segment_after(request, "profiles"))
    async with runtime.database.transaction(read_only=True) as tx:
        person = await profiles.led_to(tx, await profiles.find_one(tx, named))
    if person is None:
        raise NotFound("There is no such profile.")
    places: list[Place] = [(each.channel, each.value) for each in person.addresses if each.value == named.value]
    return PreferencesLink(link(runtime, person.id, next(iter(places), None)))


@post("/profiles/{who:str}/double-opt-in", permission="people.write", status_code=202)
async def ask_double_opt_in(
    runtime: NamedDependency[Runtime], request: Anything, who: FromPath[str], data: JSONBody[QuestionRequest]
) -> QuestionAnswer:
    named = profiles.read_name(segment_after(request, "profiles"))
    question = optin.Question(data.topic, data.channel, data.message, data.wording, data.source)

    async def work(tx: Transaction) -> optin.Sent:
        return await optin.ask(tx, runtime, named, question)

    sent = await runtime.database.repeat(work)
    notification = str(sent.notification) if sent.notification is not None else None
    return QuestionAnswer(str(sent.number), sent.confirm_url, notification)


routes = [preferences_link, ask_double_opt_in]
