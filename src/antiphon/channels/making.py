"""An adapter made from its account: its settings unsealed, and what it gets beside them."""

from __future__ import annotations

from typing import Any

from antiphon.channels import registry, store
from antiphon.channels.accounts import SEALED_FOR
from antiphon.channels.adapter import Adapter, Surroundings
from antiphon.channels.records import Provider
from antiphon.kernel.db import Database
from antiphon.kernel.records import DeliveryId, ProviderId
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.tokens import BadToken, Signer

ATTEMPT, HOOK = "m", "h"
"""Kinds of tokens: an attempt, and the address at which a provider calls us."""


def make_adapter(runtime: Runtime, provider: Provider) -> Adapter:
    settings = runtime.secrets.decrypt(provider.sealed, use=SEALED_FOR)
    return registry.make(provider.adapter, settings, surroundings(runtime, provider.id))


def surroundings(runtime: Runtime, provider: ProviderId) -> Surroundings:
    return Surroundings(
        provider=provider,
        now=runtime.database.clock.now,
        delivery_of=lambda token: delivery_of(runtime.signer, token),
        private=runtime.sandbox,
        callback_url=f"{runtime.base_url}/hooks/{runtime.signer.sign(HOOK, provider)}",
        memory=AccountMemory(runtime.database, provider),
    )


def delivery_of(signer: Signer, token: str) -> DeliveryId | None:
    """The delivery behind an attempt token of ours; None for anything else."""
    try:
        return DeliveryId(signer.read(ATTEMPT, token)[0])
    except BadToken:
        return None


class AccountMemory:
    """What an account must not forget, in the database."""

    def __init__(self, database: Database, provider: ProviderId) -> None:
        self._database, self._provider = database, provider

    async def read(self, key: str) -> Any:
        async with self._database.transaction(read_only=True) as tx:
            return await store.read_memory(tx, self._provider, key)

    async def write(self, key: str, value: Any) -> None:
        await self._database.repeat(lambda tx: store.write_memory(tx, self._provider, key, value))
