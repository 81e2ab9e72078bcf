"""One account and the adapters there are, for whoever sets them up: forms, what stands, what to tell the provider."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from antiphon.channels import accounts, describing, dns_records, registry, trying
from antiphon.channels.describing import AdapterView
from antiphon.channels.dns_records import AskedRecord
from antiphon.channels.provider_view import ProviderView, view
from antiphon.channels.records import Provider
from antiphon.channels.standing import standings
from antiphon.kernel import settings
from antiphon.kernel.errors import Invalid
from antiphon.kernel.http import get, post, principal_of
from antiphon.kernel.runtime import Runtime


class ProviderDetail(Struct):
    """`adapter`: null where this version does not know it. `settings`: those that are no secret; `secrets`: paths of
    those that are set. Both are empty for whoever may not change them, as is the address at which it is called."""

    provider: ProviderView
    adapter: AdapterView | None
    settings: dict[str, Any]
    secrets: list[str]


class Trial(Struct, forbid_unknown_fields=True):
    """`provider`: an account whose secrets count where they are left out; its adapter must be the same."""

    adapter: str
    settings: dict[str, Any]
    provider: str | None = None


@get("/adapters", permission="providers.read")
async def list_adapters() -> list[AdapterView]:
    """What an account can be made of, by channel, with the form of its settings."""
    return [describing.described(name) for name in registry.ADAPTERS]


@get("/providers/{provider:str}", permission="providers.read")
async def show(
    runtime: NamedDependency[Runtime],
    request: Request[Any, Any, Any],  # Litestar's three type parameters say nothing here
    provider: FromPath[str],
) -> ProviderDetail:
    may_write = "providers.write" in principal_of(request).may
    async with runtime.database.transaction(read_only=True) as tx:
        found = await accounts.find(tx, provider)
        stand = await standings(tx, [found])
    kept, hidden = (
        describing.shown(found.adapter, _settings(runtime, found))
        if may_write and found.adapter in registry.ADAPTERS
        else ({}, [])
    )
    return ProviderDetail(
        provider=view(found, runtime if may_write else None, stand[found.id]),
        adapter=describing.described(found.adapter) if found.adapter in registry.ADAPTERS else None,
        settings=kept,
        secrets=hidden,
    )


@post("/providers/check", permission="providers.write", status_code=200)
async def check(runtime: NamedDependency[Runtime], data: JSONBody[Trial]) -> trying.Tried:
    """Connects and asks to be let in; nothing is kept and nothing is sent."""
    given = data.settings
    if data.provider is not None:
        async with runtime.database.transaction(read_only=True) as tx:
            found = await accounts.find(tx, data.provider)
        if found.adapter != data.adapter:
            raise Invalid(
                "The account {name} is one of {adapter}, not of {wanted}.",
                name=found.name,
                adapter=found.adapter,
                wanted=data.adapter[:60],
            )
        merged = describing.with_kept(found.adapter, _settings(runtime, found), given)
        given = {name: value for name, value in merged.items() if value is not None}
    return await trying.attempt(runtime, data.adapter, given)


@get("/providers/{provider:str}/dns", permission="providers.read")
async def show_dns(runtime: NamedDependency[Runtime], provider: FromPath[str]) -> list[AskedRecord]:
    """What has to stand in the DNS for its mail to be believed, as text to publish, and whether it does."""
    async with runtime.database.transaction(read_only=True) as tx:
        found = await accounts.find(tx, provider)
        now = await settings.read(tx)
    return await records_of(runtime, found, now)


async def records_of(runtime: Runtime, provider: Provider, now: settings.Settings) -> list[AskedRecord]:
    domain = now.sender_email.rpartition("@")[2]
    return await dns_records.asked(dns_records.needed(provider.adapter, _settings(runtime, provider), domain=domain))


def _settings(runtime: Runtime, provider: Provider) -> dict[str, Any]:
    unsealed = runtime.secrets.decrypt(provider.sealed, use=accounts.SEALED_FOR)
    return msgspec.json.decode(unsealed, type=dict[str, Any])


routes = [list_adapters, show, check, show_dns]
