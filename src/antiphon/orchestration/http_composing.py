"""What needs prices and the ledger of a message that is being written: how it looks and what it costs; tests of it."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct, field, structs

from antiphon import channels, content, profiles
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Invalid, invalid
from antiphon.kernel.http import post, principal_of
from antiphon.kernel.paths import segment_after
from antiphon.kernel.records import Channel
from antiphon.kernel.runtime import Runtime
from antiphon.orchestration import trying
from antiphon.orchestration.zones import region_near

Anything = Request[Any, Any, Any]
Who = Annotated[str, Meta(max_length=1_000)]
Locale = Annotated[str, Meta(max_length=35)]
Variant = Annotated[str, Meta(max_length=32)]


class PreviewRequest(Struct, forbid_unknown_fields=True):
    """`message` as far as it is written. `as`: somebody, as `kind:value`, or `{"sample": true}` for a plausible person;
    without it nobody in particular. Without `channel` all of them."""

    message: dict[str, Any]
    who: Who | content.Sample | None = field(default=None, name="as")
    channel: str | None = None
    locale: Locale = ""
    variant: Variant = ""
    variables: dict[str, Any] = {}


class TestRequest(Struct, forbid_unknown_fields=True):
    """`to`: up to five of `email:…`, `phone:…`, another `kind:value`, `colleague:` with an id, or `me`. `as`: whose
    values it says; without it each reader's own. `draft`: what is being written, where there is such; else the newest
    version. `mark`: it says that it is a test."""

    __test__ = False  # its name is no promise to pytest

    to: list[Who]
    who: Who | content.Sample | None = field(default=None, name="as")
    channel: str | None = None
    locale: Locale = ""
    variant: Variant = ""
    variables: dict[str, Any] = {}
    draft: bool = True
    mark: bool = True


class TestAnswer(Struct):
    __test__ = False

    sent: list[trying.Tried]


@post("/messages/preview", permission="messages.read", status_code=200)
async def preview(runtime: NamedDependency[Runtime], data: JSONBody[PreviewRequest]) -> content.Shown:
    """A message that need not be kept, as somebody would get it; every problem with its place. Sent to nobody."""
    wanted = content.Wanted(
        who=data.who,
        channel=_channel(data.channel),
        locale=data.locale,
        variant=data.variant,
        variables=data.variables,
    )
    async with runtime.database.transaction(read_only=True) as tx:
        shown = await content.show(tx, data.message, wanted)
        if shown.sms is None:
            return shown
        cost = await _cost_of_part(tx, data.who)
    return structs.replace(shown, sms=structs.replace(shown.sms, cost=round(cost * shown.sms.parts, 6) or None))


@post("/messages/{message:str}/test", permission="messages.write", status_code=202)
async def test(
    runtime: NamedDependency[Runtime], request: Anything, message: FromPath[str], data: JSONBody[TestRequest]
) -> TestAnswer:
    """Sends it to a few, now, with the purpose `test`. Opt-outs hold."""
    asks = principal_of(request)
    trial = trying.Trial(
        message=segment_after(request, "messages"),
        to=data.to,
        who=data.who,
        channel=_channel(data.channel),
        locale=data.locale,
        variant=data.variant,
        variables=data.variables,
        draft=data.draft,
        marked=data.mark,
        by=asks.by(),
        asks=asks.id if asks.kind == "staff" else None,
    )
    return TestAnswer(await runtime.database.repeat(lambda tx: trying.try_out(tx, trial)))


def _channel(name: str | None) -> Channel | None:
    try:
        return None if name is None else Channel(name)
    except ValueError:
        raise invalid("channel", "One of {known}.", known=", ".join(Channel)) from None


async def _cost_of_part(tx: Transaction, who: object) -> float:
    """By the account that comes first; 0 where nobody said what it costs."""
    serving = [one for one in await channels.providers(tx) if one.enabled and one.channel == Channel.SMS]
    if not serving:
        return 0.0
    first = min(serving, key=lambda one: (one.rank, one.unit_cost))
    return first.cost(_region(who))


def _region(who: object) -> str | None:
    if not isinstance(who, str):
        return None
    try:
        identifier = profiles.parse(who)
    except Invalid:
        return None
    return region_near(identifier.value) if identifier.kind == "phone" else None


routes = [preview, test]
