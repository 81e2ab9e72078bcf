"""Provider accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cyclopts import App

from antiphon.app.commands.answers import tell
from antiphon.app.commands.inputs import File, read_record
from antiphon.app.commands.invocation import ask, change, within

if TYPE_CHECKING:
    from antiphon.channels import Provider
    from antiphon.kernel.db import Transaction
    from antiphon.kernel.runtime import Runtime

app = App(name="providers", help="Provider accounts: how messages leave.")
COLUMNS = ("id", "name", "channel", "adapter", "enabled", "up", "rank", "per_second", "unit_cost", "failures", "reason")


@app.command
def create(file: File, /) -> None:
    """Keep a provider account. Its settings are sealed and never shown again.

    Parameters
    ----------
    file
        JSON with name, adapter, settings, and maybe rank, per_second, unit_cost; `-` reads the standard input.
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
            )
        return {"id": str(number), "name": new.name}

    tell(within(work))


@app.command(name="list")
def list_all() -> None:
    """The accounts there are, of each channel those that are up first."""
    from antiphon import channels

    async def read(tx: Transaction) -> list[dict[str, object]]:
        return [view(provider) for provider in await channels.providers(tx)]

    tell(ask(read), columns=COLUMNS)


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
    from antiphon.kernel.clock import wall_datetime

    return {
        "id": str(provider.id),
        "name": provider.name,
        "channel": provider.channel,
        "adapter": provider.adapter,
        "enabled": provider.enabled,
        "up": provider.up(wall_datetime()),
        "rank": provider.rank,
        "per_second": provider.per_second,
        "unit_cost": provider.unit_cost,
        "failures": provider.failures,
        "reason": provider.reason,
    }
