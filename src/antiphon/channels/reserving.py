"""Slots: when the system that receives a message takes more, and whether today's warm-up leaves room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from time import monotonic
from weakref import WeakKeyDictionary

from antiphon.channels import store_routes, warmup
from antiphon.channels.pacing import SLOT_AHEAD_S
from antiphon.channels.receivers import EVERYBODY, receiver_of
from antiphon.channels.store_routes import Facts
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.records import Channel, ProviderId

FACTS_S = 1.0
"""How old what a process knows of an account's limits may be."""

_facts: WeakKeyDictionary[Database, dict[ProviderId, tuple[float, Facts | None]]] = WeakKeyDictionary()


async def slots(tx: Transaction, provider: ProviderId, addresses: Sequence[str]) -> list[float]:
    """Seconds of wall time that each must wait until the system that receives it takes more; 0.0: it may go now.

    Up to `SLOT_AHEAD_S`, the slot is reserved: go then, without asking again. Longer waits are estimates, or till
    tomorrow: ask again then.
    """
    known = await facts(tx, provider)
    if known is None or (known.warm_up is None and not _limits_any(known)):
        return [0.0] * len(addresses)
    by_receiver: defaultdict[str, list[int]] = defaultdict(list)
    is_mail = known.channel == Channel.EMAIL.value
    for index, address in enumerate(addresses):
        by_receiver[receiver_of(address) if is_mail else EVERYBODY].append(index)
    found = [0.0] * len(addresses)
    at = wall_datetime()
    limit = warmup.limit(known.warm_up, at.date()) if known.warm_up is not None else None
    if limit is None:
        await _paced(tx, provider, known, by_receiver, found)
        return found
    used = await store_routes.lock_days(tx, provider, sorted(by_receiver), at.date())
    going = {
        receiver: indices[: warmup.granted(used[receiver], len(indices), limit)]
        for receiver, indices in by_receiver.items()
    }
    for receiver, indices in by_receiver.items():
        for index in indices[len(going[receiver]) :]:
            found[index] = max(SLOT_AHEAD_S + 1.0, warmup.until_tomorrow(at))
    await _paced(tx, provider, known, going, found)
    reserved = {r: sum(found[index] <= SLOT_AHEAD_S for index in indices) for r, indices in going.items()}
    await store_routes.use_days(tx, provider, reserved, at.date())
    return found


def _limits_any(known: Facts) -> bool:
    return known.limited is None or bool(known.limited)


async def _paced(
    tx: Transaction, provider: ProviderId, known: Facts, going: Mapping[str, list[int]], found: list[float]
) -> None:
    wanted = {receiver: len(indices) for receiver, indices in going.items() if indices and is_limited(known, receiver)}
    if wanted:
        for receiver, waits in (await store_routes.reserve(tx, provider, wanted)).items():
            for index, wait_s in zip(going[receiver], waits, strict=True):
                found[index] = wait_s


def is_limited(known: Facts, receiver: str) -> bool:
    return known.limited is None or receiver in known.limited


async def facts(tx: Transaction, provider: ProviderId) -> Facts | None:
    kept = _facts.setdefault(tx.database, {})
    until, known = kept.get(provider, (0.0, None))
    if monotonic() >= until:
        known = await store_routes.read_facts(tx, provider)
        kept[provider] = (monotonic() + FACTS_S, known)
    return known


def forget_facts(database: Database, provider: ProviderId) -> None:
    """They have changed here."""
    _facts.get(database, {}).pop(provider, None)
