"""Provider accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyclopts import App

from antiphon.app.commands.answers import print_line, tell
from antiphon.app.commands.context import current
from antiphon.app.commands.inputs import File, read_record
from antiphon.app.commands.invocation import ask, change, within

if TYPE_CHECKING:
    from antiphon.channels import Provider
    from antiphon.channels.dns_records import AskedRecord
    from antiphon.kernel.db import Transaction
    from antiphon.kernel.runtime import Runtime

app = App(name="providers", help="Provider accounts: how messages leave.")
COLUMNS = (
    "id", "name", "channel", "adapter", "enabled", "up", "health", "rank", "weight", "per_second", "unit_cost", "why",
)  # fmt: skip
BASE_URL = "http://127.0.0.1:8080"
RECEIVER_COLUMNS = ("receiver", "per_second", "deferred", "deferred_at", "code")


@app.command
def create(file: File, /) -> None:
    """Keep a provider account. Its settings are sealed and never shown again.

    Parameters
    ----------
    file
        JSON with name, adapter, settings, and maybe rank, weight, per_second, unit_cost, costs, warm_up; `-` reads the
        standard input.
    """
    from antiphon import channels
    from antiphon.channels.http import NewProvider

    new = read_record(file, NewProvider)

    async def work(runtime: Runtime) -> dict[str, object]:
        async with runtime.database.transaction() as tx:
            number = await channels.create_provider(
                tx,
                runtime.secrets,
                name=new.name,
                adapter=new.adapter,
                settings=new.settings,
                rank=new.rank,
                per_second=new.per_second,
                unit_cost=new.unit_cost,
                weight=new.weight,
                costs=new.costs,
                warm_up=new.warm_up,
            )
        return {"id": str(number), "name": new.name}

    tell(within(work))


@app.command(name="list")
def list_all(*, base_url: str = BASE_URL) -> None:
    """The accounts there are, of each channel those that are up first. With --json also where each is called.

    Parameters
    ----------
    base_url
        As `antiphon serve` was started with: the addresses at which providers call begin with it.
    """
    from antiphon import channels

    async def read(runtime: Runtime) -> list[dict[str, object]]:
        async with runtime.database.transaction(read_only=True) as tx:
            return [called_view(runtime, provider, base_url) for provider in await channels.providers(tx)]

    tell(within(read), columns=COLUMNS)


@app.command
def show(provider: str, /, *, base_url: str = BASE_URL) -> None:
    """One account, and where its provider is to call.

    Parameters
    ----------
    provider
        Id or name.
    base_url
        As `antiphon serve` was started with: the address begins with it.
    """
    from antiphon import channels

    async def read(runtime: Runtime) -> dict[str, object]:
        async with runtime.database.transaction(read_only=True) as tx:
            return called_view(runtime, await channels.find(tx, provider), base_url)

    tell(within(read))


@app.command(name="set")
def change_some(provider: str, file: File, /) -> None:
    """Change some of an account; what is left out stays. It is tried anew at once if its settings changed.

    Parameters
    ----------
    provider
        Id or name.
    file
        JSON with any of rank, weight, per_second, unit_cost, costs, warm_up, settings; of the settings, those that are
        given replace the old ones. `-` reads the standard input.
    """
    from antiphon import channels
    from antiphon.channels.http import ProviderChanges

    changes = read_record(file, ProviderChanges).given()

    async def work(runtime: Runtime) -> dict[str, object]:
        async with runtime.database.transaction() as tx:
            found = await channels.find(tx, provider)
            await channels.update_provider(tx, runtime.secrets, found, changes)
            return view(await channels.find(tx, provider))

    tell(within(work))


@app.command
def check(file: File, /) -> int:
    """Try settings without keeping them: name, network, encryption, login. Exit code 1 if a step fails.

    Parameters
    ----------
    file
        JSON with adapter and settings, as for `create`; `-` reads the standard input.
    """
    from antiphon.app.commands.inputs import read_json
    from antiphon.channels import trying
    from antiphon.kernel.errors import invalid

    given = read_json(file)
    if not isinstance(given, dict) or not isinstance(given.get("settings"), dict):
        raise invalid("settings", "An object with adapter and settings is needed.")
    adapter, settings = str(given.get("adapter")), given["settings"]
    tried = within(lambda runtime: trying.attempt(runtime, adapter, settings))
    tell(tried.steps, columns=("name", "state", "at", "says"))
    return 0 if tried.ok else 1


@app.command
def dns(provider: str, /) -> None:
    """What must stand in the DNS for mail of an account, as text to publish, and whether it does.

    Parameters
    ----------
    provider
        Id or name.
    """
    from antiphon import channels
    from antiphon.channels.http_providers import records_of
    from antiphon.kernel import settings

    async def work(runtime: Runtime) -> list[AskedRecord]:
        async with runtime.database.transaction(read_only=True) as tx:
            found, now = await channels.find(tx, provider), await settings.read(tx)
        return await records_of(runtime, found, now)

    records = within(work)
    if current.get().json:
        tell(records)
        return
    for each in records:
        print_line(f"{each.state:<7}  {each.what}: {each.says or each.why}")
        print_line(f"         {each.name} {each.type} {each.value}")


@app.command
def receivers(provider: str, /) -> None:
    """Mail systems that asked for less: how fast they are served now, the slowest first.

    Parameters
    ----------
    provider
        Id or name.
    """
    from antiphon import channels

    async def read(tx: Transaction) -> list[dict[str, object]]:
        found = await channels.find(tx, provider)
        rows = await channels.learned_paces(tx, found.id)
        return [{name: row[name] for name in RECEIVER_COLUMNS} for row in rows]

    tell(ask(read), columns=RECEIVER_COLUMNS)


@app.command
def enable(provider: str, /) -> None:
    """Use an account again.

    Parameters
    ----------
    provider
        Id or name.
    """
    _switch(provider, enabled=True)


@app.command
def disable(provider: str, /) -> None:
    """Use an account no more: its messages go through another one of the channel, or wait.

    Parameters
    ----------
    provider
        Id or name.
    """
    _switch(provider, enabled=False)


def _switch(provider: str, *, enabled: bool) -> None:
    from antiphon import channels

    async def work(tx: Transaction) -> dict[str, object]:
        found = await channels.find(tx, provider)
        await channels.switch(tx, found.id, enabled=enabled)
        return view(await channels.find(tx, provider))

    tell(change(work))


def view(provider: Provider) -> dict[str, object]:
    """`why` says what is wrong, if anything is."""
    from antiphon.kernel.clock import wall_datetime

    found: dict[str, object] = {
        name: getattr(provider, name)
        for name in provider.__struct_fields__
        if name not in ("id", "sealed", "paused_until")
    }
    is_up = provider.up(wall_datetime())
    return {"id": str(provider.id), **found, "up": is_up, "why": provider.reason or provider.health_why}


def called_view(runtime: Runtime, provider: Provider, base_url: str) -> dict[str, object]:
    """With `callback_url`, where the account has one. It is a secret of the account: whoever has it may call."""
    from dataclasses import replace

    from antiphon.channels.hooks import callback_url

    url = callback_url(replace(runtime, base_url=base_url.rstrip("/")), provider)
    return view(provider) | ({"callback_url": url} if url else {})
