"""Provider accounts: made, listed, switched, paced. Their settings are sealed and never read back."""

from __future__ import annotations

from typing import Any

import msgspec

from antiphon.channels import pacing, registry, store
from antiphon.channels.records import Provider
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Conflict, Flaw, Invalid, NotFound
from antiphon.kernel.records import ProviderId
from antiphon.kernel.secrets import Secrets

SEALED_FOR = "provider settings"
RANK_MAX = 1_000_000


async def create_provider(
    tx: Transaction,
    secrets: Secrets,
    *,
    name: str,
    adapter: str,
    settings: dict[str, Any],
    rank: int = 0,
    per_second: float | None = None,
    unit_cost: float = 0.0,
) -> ProviderId:
    """Raises Invalid that names the setting, Conflict for a name that is taken."""
    _check(name, rank=rank, per_second=per_second, unit_cost=unit_cost)
    checked = registry.check(adapter, settings)
    sealed = secrets.encrypt(msgspec.json.encode(checked), use=SEALED_FOR)
    number = await store.insert_provider(
        tx,
        name=name,
        channel=registry.channel_of(adapter),
        adapter=adapter,
        sealed=sealed,
        rank=rank,
        per_second=per_second,
        unit_cost=unit_cost,
    )
    if number is None:
        raise Conflict(f"There is a provider named {name} already.")
    tx.wake("providers")
    return number


def _check(name: str, *, rank: int, per_second: float | None, unit_cost: float) -> None:
    flaws = []
    if not name.strip() or "\0" in name:
        flaws.append(Flaw("name", "A provider needs a name."))
    if abs(rank) > RANK_MAX:
        flaws.append(Flaw("rank", f"A rank is between -{RANK_MAX} and {RANK_MAX}."))
    if per_second is not None and not 0.001 <= per_second <= 1e6:
        flaws.append(Flaw("per_second", "A pace is between 0.001 and 1,000,000; leave it out for none."))
    if not 0 <= unit_cost <= 1e9:
        flaws.append(Flaw("unit_cost", "A price is not negative."))
    if flaws:
        raise Invalid("The input is not valid.", flaws=flaws)


async def providers(tx: Transaction) -> list[Provider]:
    """All accounts; of each channel those that are up first, those that just failed after them, then by rank."""
    found = await store.read_providers(tx)
    at = wall_datetime()
    return sorted(found, key=lambda each: (each.channel, not each.up(at), each.failures > 0, each.rank, each.id))


async def find(tx: Transaction, id_or_name: str) -> Provider:
    """Raises NotFound that names those there are."""
    found = await providers(tx)
    known = {each.name: each for each in found} | {str(each.id): each for each in found}
    if id_or_name not in known:
        names = ", ".join(each.name for each in found) or "none yet"
        raise NotFound(f"There is no provider {id_or_name}; there are: {names}.")
    return known[id_or_name]


async def alternative(tx: Transaction, provider: ProviderId) -> ProviderId | None:
    """Another account of the same channel that is up."""
    found = await providers(tx)
    channel = next((each.channel for each in found if each.id == provider), None)
    at = wall_datetime()
    return next((each.id for each in found if each.channel == channel and each.id != provider and each.up(at)), None)


async def switch(tx: Transaction, provider: ProviderId, *, enabled: bool) -> None:
    if not await store.set_enabled(tx, provider, enabled=enabled):
        raise NotFound(f"There is no provider {provider}.")
    tx.wake("providers")
    tx.wake("deliveries")


async def room(tx: Transaction, provider: ProviderId, *, wanted: int) -> int:
    """How many may be handed over now. With a pace, the row stays locked until `spend` and the commit."""
    is_open, per_second = await store.is_open(tx, provider)
    if not is_open or per_second is None:
        return wanted if is_open else 0
    tokens, elapsed_s = await store.lock_tokens(tx, provider)
    tokens = pacing.refill(tokens, per_second=per_second, elapsed_s=elapsed_s)
    await store.write_tokens(tx, provider, tokens, elapsed_s=elapsed_s)
    return min(wanted, int(tokens))


async def spend(tx: Transaction, provider: ProviderId, n: int) -> None:
    """Take what was claimed out of the budget. Call it in the transaction of `room`."""
    if not n:
        return
    _, per_second = await store.is_open(tx, provider)
    if per_second is not None:
        tokens, _ = await store.lock_tokens(tx, provider)
        await store.write_tokens(tx, provider, tokens - n, elapsed_s=0.0)
