"""Provider accounts over HTTP: settings go in and never come out."""

from __future__ import annotations

from typing import Any

from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon.channels import accounts
from antiphon.channels.records import Provider
from antiphon.kernel.errors import NotFound
from antiphon.kernel.http import get, post
from antiphon.kernel.runtime import Runtime


class NewProvider(Struct, forbid_unknown_fields=True):
    """`per_second`: at most so many messages a second, over all processes. `unit_cost`: money per message or part."""

    name: str
    adapter: str
    settings: dict[str, Any]
    rank: int = 0
    per_second: float | None = None
    unit_cost: float = 0.0


class ProviderView(Struct):
    id: str
    name: str
    channel: str
    adapter: str
    enabled: bool
    rank: int
    per_second: float | None
    unit_cost: float
    failures: int
    reason: str


class Created(Struct):
    id: str


@post("/providers", permission="admin")
async def create(runtime: NamedDependency[Runtime], data: JSONBody[NewProvider]) -> Created:
    async with runtime.database.transaction() as tx:
        number = await accounts.create_provider(
            tx,
            runtime.secrets,
            name=data.name,
            adapter=data.adapter,
            settings=data.settings,
            rank=data.rank,
            per_second=data.per_second,
            unit_cost=data.unit_cost,
        )
    return Created(str(number))


@get("/providers", permission="read")
async def list_all(runtime: NamedDependency[Runtime]) -> list[ProviderView]:
    async with runtime.database.transaction(read_only=True) as tx:
        return [_view(provider) for provider in await accounts.providers(tx)]


@post("/providers/{provider:str}/{act:str}", permission="admin", status_code=200)
async def switch(runtime: NamedDependency[Runtime], provider: FromPath[str], act: FromPath[str]) -> ProviderView:
    """`enable` or `disable`."""
    if act not in ("enable", "disable"):
        raise NotFound("A provider can be enabled or disabled: /providers/{id or name}/enable.")
    async with runtime.database.transaction() as tx:
        found = await accounts.find(tx, provider)
        await accounts.switch(tx, found.id, enabled=act == "enable")
        return _view(await accounts.find(tx, provider))


def _view(provider: Provider) -> ProviderView:
    return ProviderView(
        id=str(provider.id),
        name=provider.name,
        channel=provider.channel,
        adapter=provider.adapter,
        enabled=provider.enabled,
        rank=provider.rank,
        per_second=provider.per_second,
        unit_cost=provider.unit_cost,
        failures=provider.failures,
        reason=provider.reason,
    )


routes = [create, list_all, switch]
