"""Provider accounts: made, changed, listed, switched, paced. Their settings are sealed and never read back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary, ref

import msgspec

from antiphon.channels import describing, pacing, registry, store, store_routes, warmup
from antiphon.channels.answers import close_breaker
from antiphon.channels.records import Provider, Terms, WarmUp
from antiphon.channels.reserving import forget_facts
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.errors import Conflict, Flaw, Invalid, NotFound
from antiphon.kernel.records import ProviderId
from antiphon.kernel.said import worded
from antiphon.kernel.secrets import Secrets

SEALED_FOR = "provider settings"
RANK_MAX, WEIGHT_MAX, COST_MAX, REGIONS_MAX = 1_000_000, 10_000, 1e9, 1000
TERMS = frozenset(Terms.__struct_fields__)
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")

_probes: WeakKeyDictionary[Database, dict[ProviderId, tuple[ref[Transaction], int]]] = WeakKeyDictionary()
"""Probes of this process: whose room it was, and how many messages are meant for it."""


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
    weight: int = 100,
    costs: Mapping[str, float] | None = None,
    warm_up: WarmUp | None = None,
) -> ProviderId:
    """Raises Invalid that names the setting, Conflict for a name that is taken."""
    terms = Terms(rank, weight, per_second, unit_cost, costs or {}, warm_up)
    named = [] if name.strip() and "\0" not in name else [Flaw("name", "A provider needs a name.")]
    _refuse([*named, *_flaws(terms)])
    sealed = _seal(secrets, registry.check(adapter, settings))
    channel = registry.channel_of(adapter)
    number = await store.insert_provider(tx, name=name, channel=channel, adapter=adapter, sealed=sealed, terms=terms)
    if number is None:
        raise Conflict("There is a provider named {name} already.", name=name)
    tx.wake("providers")
    return number


async def update_provider(tx: Transaction, secrets: Secrets, provider: Provider, changes: Mapping[str, Any]) -> None:
    """`changes`: any of the terms, each as a whole, and `settings`: those that are given replace the old ones, null
    puts one back to its default; so a secret that is left out stays. With other settings it is tried at once, whatever
    it was resting for.

    Raises Invalid that names the setting.
    """
    kept = {name: getattr(provider, name) for name in TERMS}
    terms = Terms(**(kept | {name: value for name, value in changes.items() if name in TERMS}))
    _refuse(_flaws(terms))
    sealed = provider.sealed
    if "settings" in changes:
        old = msgspec.json.decode(secrets.decrypt(sealed, use=SEALED_FOR))
        merged = describing.with_kept(provider.adapter, old, changes["settings"])
        new = {name: value for name, value in merged.items() if value is not None}
        sealed = _seal(secrets, registry.check(provider.adapter, new))
    await store.update_provider(tx, provider.id, sealed=sealed, terms=terms)
    if "settings" in changes:
        await close_breaker(tx, provider.id, by_hand=True)
    forget_facts(tx.database, provider.id)
    tx.wake("providers")
    tx.wake("deliveries")


def _seal(secrets: Secrets, settings: msgspec.Struct) -> bytes:
    return secrets.encrypt(msgspec.json.encode(settings), use=SEALED_FOR)


def _refuse(flaws: list[Flaw]) -> None:
    if flaws:
        raise Invalid("The input is not valid.", flaws=flaws)


def _flaws(terms: Terms) -> list[Flaw]:
    found = []
    if abs(terms.rank) > RANK_MAX:
        found.append(Flaw("rank", worded("A rank is between -{most} and {most}.", most=RANK_MAX)))
    if not 0 <= terms.weight <= WEIGHT_MAX:
        found.append(Flaw("weight", worded("A weight is between 0 and {most:,}.", most=WEIGHT_MAX)))
    if terms.per_second is not None and not 0.001 <= terms.per_second <= 1e6:
        found.append(Flaw("per_second", "A pace is between 0.001 and 1,000,000; leave it out for none."))
    if not 0 <= terms.unit_cost <= COST_MAX:
        found.append(Flaw("unit_cost", "A price is not negative."))
    if len(terms.costs) > REGIONS_MAX:
        found.append(Flaw("costs", worded("There are at most {most} regions.", most=REGIONS_MAX)))
    for region, cost in list(terms.costs.items())[:REGIONS_MAX]:
        if not _REGION.fullmatch(region):
            found.append(Flaw("costs", worded("{region!r} is no region; GR and US-FL are.", region=region[:20])))
        elif not 0 <= cost <= COST_MAX:
            found.append(Flaw(f"costs.{region}", "A price is not negative."))
    return found + (warmup.flaws(terms.warm_up.per_day) if terms.warm_up is not None else [])


async def providers(tx: Transaction) -> list[Provider]:
    """All accounts; of each channel those that are up first, those that just failed and those that do badly after them,
    then by rank."""
    found = await store.read_providers(tx)
    at = wall_datetime()
    return sorted(
        found,
        key=lambda each: (each.channel, not each.up(at), each.failures > 0, not each.healthy, each.rank, each.id),
    )


async def find(tx: Transaction, id_or_name: str) -> Provider:
    """Raises NotFound that names those there are."""
    found = await providers(tx)
    known = {each.name: each for each in found} | {str(each.id): each for each in found}
    if id_or_name not in known:
        names = ", ".join(each.name for each in found) or "none yet"
        raise NotFound("There is no provider {id_or_name}; there are: {names}.", id_or_name=id_or_name, names=names)
    return known[id_or_name]


async def alternative(tx: Transaction, provider: ProviderId) -> ProviderId | None:
    """Another account of the same channel that sends and is up."""
    found = await providers(tx)
    channel = next((each.channel for each in found if each.id == provider), None)
    at = wall_datetime()
    others = (each for each in found if each.channel == channel and each.id != provider)
    return next((each.id for each in others if each.up(at) and registry.sends(each.adapter)), None)


async def switch(tx: Transaction, provider: ProviderId, *, enabled: bool) -> None:
    if not await store.set_enabled(tx, provider, enabled=enabled):
        raise NotFound("There is no provider {provider}.", provider=provider)
    tx.wake("providers")
    tx.wake("deliveries")


async def learned_paces(tx: Transaction, provider: ProviderId, *, most: int = 100) -> list[dict[str, Any]]:
    """Receiving mail systems whose pace was learned, the slowest first."""
    return [dict(row) for row in await store_routes.read_paces(tx, provider, most=most)]


async def room(tx: Transaction, provider: ProviderId, *, wanted: int) -> int:
    """How many may be handed over now. With a pace, the row stays locked until `spend` and the commit.

    Half open, one process gets a few as a probe, the others none.
    """
    standing = await store_routes.read_breaker(tx, provider)
    if standing is None or not standing.enabled:
        return 0
    state = standing.breaker.state(standing.at)
    if state == "open":
        return 0
    if state == "half_open":
        wanted = await _probe(tx, provider, wanted)
    else:
        _probes.setdefault(tx.database, {}).pop(provider, None)
    if standing.per_second is None or not wanted:
        return wanted
    tokens, elapsed_s = await store.lock_tokens(tx, provider)
    tokens = pacing.refill(tokens, per_second=standing.per_second, elapsed_s=elapsed_s)
    await store.write_tokens(tx, provider, tokens, elapsed_s=elapsed_s)
    return min(wanted, int(tokens))


async def _probe(tx: Transaction, provider: ProviderId, wanted: int) -> int:
    standing = await store_routes.lock_breaker(tx, provider)
    if standing is None:
        return 0
    given, after = standing.breaker.room(wanted, standing.at)
    if after != standing.breaker:
        await store_routes.write_breaker(tx, provider, after)
        _probes.setdefault(tx.database, {})[provider] = (ref(tx), given)
    return given


async def spend(tx: Transaction, provider: ProviderId, n: int) -> None:
    """Take what was claimed out of the budget, in the transaction of `room`; later, with a negative number, give back
    what was not used of it."""
    probe = _probes.get(tx.database, {}).get(provider)
    if probe is not None:
        await _mean(tx, provider, *probe, n)
    if not n:
        return
    standing = await store_routes.read_breaker(tx, provider)
    if standing is not None and standing.per_second is not None:
        tokens, _ = await store.lock_tokens(tx, provider)
        await store.write_tokens(tx, provider, tokens - n, elapsed_s=0.0)


async def _mean(tx: Transaction, provider: ProviderId, room: ref[Transaction], meant: int, n: int) -> None:
    """What is meant for the probe now; with nothing to send, it is another's."""
    if room() is tx:
        meant = n
    elif n < 0:
        meant += n
    _probes[tx.database][provider] = (room, meant)
    if meant > 0:
        return
    _probes[tx.database].pop(provider)
    standing = await store_routes.lock_breaker(tx, provider)
    if standing is not None and standing.breaker.state(standing.at) == "half_open":
        await store_routes.write_breaker(tx, provider, msgspec.structs.replace(standing.breaker, probing_until=0.0))
