"""Provider accounts over HTTP: settings go in and never come out."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from antiphon.channels import accounts
from antiphon.channels.records import Provider
from antiphon.kernel.errors import NotFound
from antiphon.kernel.http import get, post
from antiphon.kernel.records import ProviderId
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
async def create(runtime: Runtime, data: NewProvider) -> Created:
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
async def list_all(runtime: Runtime) -> list[ProviderView]:
    async with runtime.database.transaction(read_only=True) as tx:
        return [_view(provider) for provider in await accounts.providers(tx)]


@post("/providers/{provider:str}/{act:str}", permission="admin", status_code=200)
async def switch(runtime: Runtime, provider: str, act: str) -> ProviderView:
    """`enable` or `disable`."""
    if act not in ("enable", "disable") or not provider.isdigit():
        raise NotFound("A provider can be enabled or disabled: /providers/{id}/enable.")
    async with runtime.database.transaction() as tx:
        await accounts.switch(tx, ProviderId(int(provider)), enabled=act == "enable")
        found = {each.id: each for each in await accounts.providers(tx)}
    return _view(found[ProviderId(int(provider))])


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
