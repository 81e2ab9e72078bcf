"""Providers of single sign-on over HTTP: which there are, what they are set to, whether they answer."""

from __future__ import annotations

import re

from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon.access import guard, sso
from antiphon.access import store_sso as store
from antiphon.access.asking import Anything
from antiphon.access.records import StaffId
from antiphon.access.sso_records import Check, Provider, ProviderSettings, ProviderView
from antiphon.kernel.errors import Forbidden, NotFound
from antiphon.kernel.http import delete, get, post, put
from antiphon.kernel.runtime import Runtime


class Providers(Struct):
    providers: list[ProviderView]


@get("/sso", permission="team.read")
async def list_all(runtime: NamedDependency[Runtime]) -> Providers:
    """By title. The secrets stay here."""
    async with runtime.database.transaction(read_only=True) as tx:
        return Providers([_view(runtime, provider) for provider in await store.list_all(tx)])


@get("/sso/{name:str}", permission="team.read")
async def show(runtime: NamedDependency[Runtime], name: FromPath[str]) -> ProviderView:
    async with runtime.database.transaction(read_only=True) as tx:
        return _view(runtime, await sso.find(tx, name))


@put("/sso/{name:str}", permission="team.write")
async def change(
    runtime: NamedDependency[Runtime], request: Anything, name: FromPath[str], data: JSONBody[ProviderSettings]
) -> ProviderView:
    """Makes or changes one. `secret` left out stays as it was. Owners only."""
    _demand_owner(request)
    async with runtime.database.transaction() as tx:
        return _view(runtime, await sso.put(tx, name, data))


@delete("/sso/{name:str}", permission="team.write")
async def remove(runtime: NamedDependency[Runtime], request: Anything, name: FromPath[str]) -> None:
    """Who is signed in stays so; nobody comes in by it any more. Owners only."""
    _demand_owner(request)
    async with runtime.database.transaction() as tx:
        await sso.remove(tx, name)


@delete("/staff/{staff:str}/sso", permission="team.write")
async def forget(runtime: NamedDependency[Runtime], request: Anything, staff: FromPath[str]) -> None:
    """No provider means them any more; the next time it is their verified address that counts. Owners only."""
    _demand_owner(request)
    if not re.fullmatch(r"[0-9]{1,18}", staff):
        raise NotFound("There is no such colleague.")
    async with runtime.database.transaction() as tx:
        await store.unbind(tx, StaffId(int(staff)))


@post("/sso/{name:str}/check", permission="team.write", status_code=200)
async def check(runtime: NamedDependency[Runtime], name: FromPath[str]) -> Check:
    """Asks the provider now, and says what is wrong. Whether the secret is right only a sign-in shows."""
    async with runtime.database.transaction(read_only=True) as tx:
        provider = await sso.find(tx, name)
    return await sso.check(provider, base_url=runtime.base_url, private=runtime.sandbox)


def _demand_owner(request: Anything) -> None:
    """Who sets up a provider decides whose word makes somebody an owner: so it is as grave as making one."""
    if guard.signed_in(request)[0].role != "owner":
        raise Forbidden("Only an owner sets up single sign-on: whoever does could come in as anybody.")
    guard.demand_fresh(request)


def _view(runtime: Runtime, provider: Provider) -> ProviderView:
    return sso.view(provider, base_url=runtime.base_url)


routes = [list_all, show, change, remove, forget, check]
