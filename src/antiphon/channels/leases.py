"""Connections to an account are leased: its `connections` are a budget over all processes, and one process listens
where only one may.

Each process renews every `RENEW_S`. Its share is an equal part; it grows only into what nobody holds, and what it gives
up it gives up after its connections are closed, so that the sum never exceeds the budget. The leases of a process that
died run out after `LEASE_S`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Protocol, runtime_checkable
from uuid import UUID, uuid4

from msgspec import Struct

from antiphon.channels import store_routes
from antiphon.channels.store_routes import Lease
from antiphon.kernel.db import Database, Transaction
from antiphon.kernel.records import ProviderId

RENEW_S = 2.0
LEASE_S = 8.0
SURE_S = 6.0
"""From its own renewal on, a process trusts its leases for so long: less than others do."""


@runtime_checkable
class Resizable(Protocol):
    """An adapter with a pool of connections."""

    @property
    def connections(self) -> int:
        """The budget of the account, over all processes."""

    def resize(self, connections: int) -> int:
        """Open at most so many from now on. Returns how many are still open: those at work end their work first."""


class Wish(Struct, frozen=True):
    """What a process needs of an account: connections out of a budget, if `pool` is given; to be the only listener."""

    provider: ProviderId
    pool: Resizable | None = None
    listens: bool = False


def share(budget: int, others: Sequence[int], place: int) -> int:
    """An equal part among the processes, the rest to the first of them. `others`: what each of them holds."""
    n = len(others) + 1
    fair = budget // n + (1 if place < budget % n else 0)
    return max(0, min(fair, budget - sum(others)))


class Shares:
    """What this process holds. A pool never has more connections than are leased, at any moment."""

    def __init__(self, database: Database) -> None:
        self.holder: UUID = uuid4()
        self._database = database
        self._sizes: dict[ProviderId, int] = {}
        self._listening: frozenset[ProviderId] = frozenset()
        self._renewed = float("-inf")

    def connections(self, provider: ProviderId) -> int:
        """So many may be open; none once the lease may have run out."""
        return self._sizes.get(provider, 0) if self._is_sure() else 0

    def listens(self, provider: ProviderId) -> bool:
        return provider in self._listening and self._is_sure()

    def _is_sure(self) -> bool:
        return monotonic() - self._renewed < SURE_S

    async def renew(self, wishes: Sequence[Wish]) -> None:
        """Shares out anew. What has to shrink is leased until it has; then it is let go of, at once where it can."""
        pools = {wish.provider: wish.pool for wish in wishes if wish.pool is not None}
        used = {provider: self._used(provider, pool) for provider, pool in pools.items()}
        await self._lease(wishes, used)
        left = {provider: self._used(provider, pool) for provider, pool in pools.items()}
        if any(left[provider] < used[provider] for provider in pools):
            await self._lease(wishes, left)
            for provider, pool in pools.items():
                pool.resize(self._sizes.get(provider, 0))

    def _used(self, provider: ProviderId, pool: Resizable) -> int:
        """What the pool may have open or has still, whichever is more."""
        size = self._sizes.get(provider, 0)
        return max(size, pool.resize(size))

    async def _lease(self, wishes: Sequence[Wish], used: Mapping[ProviderId, int]) -> None:
        begun = monotonic()
        sizes, listening = await self._database.repeat(lambda tx: self._write(tx, wishes, used))
        self._sizes, self._listening, self._renewed = sizes, frozenset(listening), begun

    async def _write(
        self, tx: Transaction, wishes: Sequence[Wish], used: Mapping[ProviderId, int]
    ) -> tuple[dict[ProviderId, int], list[ProviderId]]:
        there = await store_routes.lock_leases(tx)
        others = [each for each in there if each.holder != self.holder]
        sizes = {wish.provider: self._fair(wish, wish.pool, others) for wish in wishes if wish.pool is not None}
        taken = {each.provider for each in others if each.part == "listen"}
        listening = [wish.provider for wish in wishes if wish.listens and wish.provider not in taken]
        held = [Lease(one, "send", self.holder, max(size, used.get(one, 0))) for one, size in sizes.items()]
        held += [Lease(one, "listen", self.holder) for one in listening]
        await store_routes.write_leases(tx, self.holder, held, lease_s=LEASE_S)
        return sizes, listening

    def _fair(self, wish: Wish, pool: Resizable, others: Sequence[Lease]) -> int:
        rivals = [each for each in others if each.provider == wish.provider and each.part == "send"]
        place = sum(1 for each in rivals if each.holder < self.holder)
        return share(pool.connections, [each.connections for each in rivals], place)

    def give_up(self, wishes: Sequence[Wish]) -> None:
        """The leases could not be renewed: others may have them."""
        if not self._is_sure():
            self._sizes, self._listening = {}, frozenset()
            for wish in wishes:
                if wish.pool is not None:
                    wish.pool.resize(0)

    async def release(self) -> None:
        """All of it, at once."""
        self._sizes, self._listening = {}, frozenset()
        await self._database.repeat(lambda tx: store_routes.write_leases(tx, self.holder, [], lease_s=LEASE_S))
