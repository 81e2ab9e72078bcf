"""An account as the API shows it."""

from __future__ import annotations

from msgspec import Struct

from antiphon.channels import hooks, registry
from antiphon.channels.records import Provider, WarmUp
from antiphon.channels.standing import Standing
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.runtime import Runtime


class ProviderView(Struct):
    """`health`: 0 to 1, and why. `silence_s`: learned. `failures` and `reason`: why it rests, if it does.
    `callback_url`: where the provider is to call; empty where it calls nobody, and for whoever may not change it."""

    id: str
    name: str
    channel: str
    adapter: str
    enabled: bool
    up: bool
    rank: int
    weight: int
    per_second: float | None
    unit_cost: float
    costs: dict[str, float]
    warm_up: WarmUp | None
    health: float
    health_why: str
    silence_s: float | None
    failures: int
    reason: str
    callback_url: str = ""
    sends: bool = True
    standing: Standing | None = None


_MADE = ("id", "up", "callback_url", "sends", "standing")


def view(provider: Provider, runtime: Runtime | None, standing: Standing | None = None) -> ProviderView:
    """`runtime` for those who may know where it is called."""
    kept = {name: getattr(provider, name) for name in ProviderView.__struct_fields__ if name not in _MADE}
    url = "" if runtime is None else hooks.callback_url(runtime, provider)
    up, is_sender = provider.up(wall_datetime()), registry.sends(provider.adapter)
    return ProviderView(id=str(provider.id), up=up, callback_url=url, sends=is_sender, standing=standing, **kept)
