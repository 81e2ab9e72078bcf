"""Provider accounts over HTTP: settings go in and never come out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Struct, UnsetType

from antiphon.channels import accounts, http_providers
from antiphon.channels.provider_view import ProviderView, view
from antiphon.channels.records import WarmUp
from antiphon.channels.standing import standings
from antiphon.kernel.errors import NotFound
from antiphon.kernel.http import get, post, principal_of, put
from antiphon.kernel.runtime import Runtime


class NewProvider(Struct, forbid_unknown_fields=True):
    """`per_second`: at most so many messages a second, over all processes. `unit_cost`: money per message or part;
    `costs`: by region, where it differs. `weight`: the share among those of one rank."""

    name: str
    adapter: str
    settings: dict[str, Any]
    rank: int = 0
    per_second: float | None = None
    unit_cost: float = 0.0
    weight: int = 100
    costs: dict[str, float] = {}
    warm_up: WarmUp | None = None


class ProviderChanges(Struct, forbid_unknown_fields=True):
    """What is left out stays. Of `settings`, those that are given replace the old ones; null: the default."""

    rank: int | UnsetType = UNSET
    weight: int | UnsetType = UNSET
    per_second: float | UnsetType | None = UNSET
    unit_cost: float | UnsetType = UNSET
    costs: dict[str, float] | UnsetType = UNSET
    warm_up: WarmUp | UnsetType | None = UNSET
    settings: dict[str, Any] | UnsetType = UNSET

    def given(self) -> dict[str, Any]:
        said = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in said.items() if value is not UNSET}


class ReceiverView(Struct):
    """A receiving mail system that deferred: how fast it is served now."""

    receiver: str
    per_second: float
    deferred: int
    deferred_at: datetime
    code: str


class Created(Struct):
    id: str


@post("/providers", permission="providers.write")
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
            weight=data.weight,
            costs=data.costs,
            warm_up=data.warm_up,
        )
    return Created(str(number))


@get("/providers", permission="providers.read")
async def list_all(
    runtime: NamedDependency[Runtime],
    request: Request[Any, Any, Any],  # Litestar's three type parameters say nothing here
) -> list[ProviderView]:
    # Whoever knows where a provider calls may call there: none who only reads is told.
    may_write = "providers.write" in principal_of(request).may
    async with runtime.database.transaction(read_only=True) as tx:
        found = await accounts.providers(tx)
        stand = await standings(tx, found)
    return [view(provider, runtime if may_write else None, stand[provider.id]) for provider in found]


@post("/providers/{provider:str}/{act:str}", permission="providers.write", status_code=200)
async def switch(runtime: NamedDependency[Runtime], provider: FromPath[str], act: FromPath[str]) -> ProviderView:
    """`enable` or `disable`."""
    if act not in ("enable", "disable"):
        raise NotFound("A provider can be enabled or disabled: /providers/{id or name}/enable.")
    async with runtime.database.transaction() as tx:
        found = await accounts.find(tx, provider)
        await accounts.switch(tx, found.id, enabled=act == "enable")
        return view(await accounts.find(tx, provider), runtime)


@put("/providers/{provider:str}", permission="providers.write")
async def change(
    runtime: NamedDependency[Runtime], provider: FromPath[str], data: JSONBody[ProviderChanges]
) -> ProviderView:
    """Change some of an account; what it stands for, its adapter and channel, stays."""
    async with runtime.database.transaction() as tx:
        found = await accounts.find(tx, provider)
        await accounts.update_provider(tx, runtime.secrets, found, data.given())
        return view(await accounts.find(tx, provider), runtime)


@get("/providers/{provider:str}/receivers", permission="providers.read")
async def list_receivers(runtime: NamedDependency[Runtime], provider: FromPath[str]) -> list[ReceiverView]:
    """Mail systems that are served at a learned pace, the slowest first."""
    async with runtime.database.transaction(read_only=True) as tx:
        found = await accounts.find(tx, provider)
        rows = await accounts.learned_paces(tx, found.id)
    return [ReceiverView(**{name: row[name] for name in ReceiverView.__struct_fields__}) for row in rows]


routes = [create, list_all, change, switch, list_receivers, *http_providers.routes]
