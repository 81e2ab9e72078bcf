"""The open adapters of one worker process: made from the provider rows, kept in step with them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog
from msgspec.structs import replace

from antiphon.channels import breaker, registry, taking
from antiphon.channels.accounts import providers
from antiphon.channels.adapter import Adapter, Recalled, Sent, Unreachable
from antiphon.channels.answers import close_breaker, open_breaker
from antiphon.channels.leases import RENEW_S, Resizable, Shares, Wish
from antiphon.channels.making import make_adapter
from antiphon.channels.records import Provider
from antiphon.channels.sizing import BatchSize
from antiphon.kernel.clock import wall, wall_datetime
from antiphon.kernel.db import LOST_CONNECTION, DatabaseError
from antiphon.kernel.records import Cleared, DeliveryId, NotSent, Outgoing, ProviderId, Result
from antiphon.kernel.runtime import Runtime

log = structlog.get_logger()

BATCH_MAX = 250
"""Small enough to leave within half a second of its mark, large enough to spread the cost of a statement."""

CONNECT_S = 5.0

ALIVE_S = 2.0
"""Who answered so lately is well, though what was too late to leave was all of a batch."""


class _Open:
    def __init__(self, provider: Provider, adapter: Adapter) -> None:
        self.provider, self.adapter = provider, adapter
        self.settings_hash = hashlib.sha256(provider.sealed).digest()
        self.connected = False
        self.connecting = asyncio.Lock()
        self.listener: asyncio.Task[None] | None = None
        self.listens_alone = registry.ADAPTERS[provider.adapter].listens_alone
        self.pool = adapter if isinstance(adapter, Resizable) else None
        self.size = BatchSize(min(BATCH_MAX, adapter.limits.in_flight_max))
        self.answered_wall = float("-inf")

    @property
    def wish(self) -> Wish:
        return Wish(self.provider.id, self.pool, self.listens_alone)


class Connections:
    """`refresh` makes what is open equal to what is configured; call it when woken and now and then."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._open: dict[ProviderId, _Open] = {}
        self._used: dict[tuple[DeliveryId, int], float] = {}
        self._shares = Shares(runtime.database)
        self._sharing = asyncio.Lock()
        self._keeper: asyncio.Task[None] | None = None

    async def refresh(self) -> list[ProviderId]:
        """The providers that are enabled now and send."""
        async with self._runtime.database.transaction(read_only=True) as tx:
            wanted = {p.id: p for p in await providers(tx) if p.enabled and p.adapter in registry.ADAPTERS}
        gone = [number for number in self._open if not self._same(number, wanted)]
        for number in gone:
            await self._close(self._open.pop(number))
        fresh = [provider for number, provider in wanted.items() if number not in self._open]
        for provider in fresh:
            self._open[provider.id] = self._make(provider)
        for number, provider in wanted.items():
            self._open[number].provider = provider
        if gone or fresh:
            await self._share_out()
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep_leases())
        return [number for number, provider in wanted.items() if registry.sends(provider.adapter)]

    def _same(self, number: ProviderId, wanted: dict[ProviderId, Provider]) -> bool:
        now = wanted.get(number)
        return now is not None and hashlib.sha256(now.sealed).digest() == self._open[number].settings_hash

    def _make(self, provider: Provider) -> _Open:
        opened = _Open(provider, make_adapter(self._runtime, provider))
        if opened.pool is not None:
            opened.pool.resize(0)  # until some are leased
        if not opened.listens_alone:
            opened.listener = asyncio.create_task(self._listen(opened))
        return opened

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                await self._share_out()
            except (*LOST_CONNECTION, DatabaseError) as error:
                log.info("provider.leases_lost", error=type(error).__name__)

    async def _share_out(self) -> None:
        """Connections as they are leased; who may listen alone does, who may no longer stops."""
        async with self._sharing:
            wishes = [opened.wish for opened in self._open.values() if opened.pool is not None or opened.listens_alone]
            try:
                if wishes:
                    await self._shares.renew(wishes)
            finally:
                self._shares.give_up(wishes)
                for opened in [opened for opened in self._open.values() if opened.listens_alone]:
                    await self._hand_on(opened)

    async def _hand_on(self, opened: _Open) -> None:
        may = self._shares.listens(opened.provider.id)
        if may and opened.listener is None:
            opened.listener = asyncio.create_task(self._listen(opened))
        elif not may and opened.listener is not None:
            await _cancel(opened.listener)
            opened.listener = None

    def _share(self, opened: _Open) -> int:
        """How many connections it may have here; at least one counts where they are not counted."""
        return 1 if opened.pool is None else self._shares.connections(opened.provider.id)

    async def _listen(self, opened: _Open) -> None:
        """What comes back is taken in durably; an adapter that fails is started again, with patience."""
        failures = 0
        while True:
            try:
                if not self._share(opened) or not opened.provider.up(wall_datetime()):
                    await asyncio.sleep(RENEW_S / 4)
                    continue
                await self._connect(opened, within_s=10.0)
                await opened.adapter.listen(taking.sink(self._runtime))
                return
            except Unreachable as error:
                failures += 1
                log.info("provider.unreachable", provider=opened.provider.name, error=str(error))
                if breaker.cause_of(str(error)) == "credentials":  # nobody knocks again for a while
                    with contextlib.suppress(*LOST_CONNECTION, DatabaseError):
                        await self._broken(opened, str(error))
            except Exception:
                failures += 1
                log.exception("provider.listen_failed", provider=opened.provider.name)
            await asyncio.sleep(breaker.pause_s(failures))

    def batch(self, provider: ProviderId) -> int:
        opened = self._open.get(provider)
        if opened is None or not self._share(opened):
            return 0
        return opened.size.now

    async def ready(self, provider: ProviderId) -> bool:
        """Connected, or connected now: before anything is marked, as it may take longer than a mark may wait."""
        opened = self._open.get(provider)
        if opened is None or not opened.provider.up(wall_datetime()):
            return False
        if not self._share(opened):
            return True  # it is well, and served by other processes
        try:
            await self._connect(opened, within_s=CONNECT_S)
        except Unreachable as error:
            await self._broken(opened, str(error))
            return False
        return True

    async def send(
        self, provider: ProviderId, cleared: Sequence[Cleared], outgoing: Sequence[Outgoing], *, within_s: float
    ) -> Sequence[Result]:
        opened = self._open.get(provider)
        if opened is None:
            return [NotSent("the provider was switched off")] * len(outgoing)
        if not opened.connected:
            return [NotSent("there is no connection to the provider")] * len(outgoing)
        deadlines = {mark.delivery: mark.cleared_wall + within_s for mark in cleared}
        self._use_up(cleared, within_s=within_s)
        batch = [
            replace(each, deadline_wall=deadlines[each.delivery])
            for each in outgoing
            if deadlines[each.delivery] > wall()
        ]
        results: Sequence[Result] = []
        begun_wall = wall()
        if batch:
            results = await opened.adapter.send_many(batch)
            await self._judge(opened, results)
        late = sum(is_late(each) for each in results) + len(outgoing) - len(batch)
        opened.size.saw(len(outgoing), late, begun_wall=begun_wall, at_wall=wall())
        answers = {each.delivery: result for each, result in zip(batch, results, strict=True)}
        return [answers.get(each.delivery, NotSent("its mark is too old", late=True)) for each in outgoing]

    async def recall(self, provider: ProviderId, sent: Sequence[Sent]) -> Sequence[Recalled] | None:
        """None where it cannot be asked now."""
        opened = self._open.get(provider)
        if opened is None or not opened.connected:
            return None
        return await opened.adapter.recall(sent)

    def _use_up(self, cleared: Sequence[Cleared], *, within_s: float) -> None:
        """A mark lets one message go once; it is remembered for longer than it is good for."""
        old = wall() - 2 * within_s
        while self._used and self._used[first := next(iter(self._used))] <= old:  # they came about in this order
            del self._used[first]
        for mark in cleared:
            key = (mark.delivery, mark.lease)
            if key in self._used:
                raise ValueError("a mark is good for one hand-over")
            self._used[key] = mark.cleared_wall

    async def _connect(self, opened: _Open, *, within_s: float) -> None:
        async with opened.connecting:
            if not opened.connected:
                try:
                    await asyncio.wait_for(opened.adapter.connect(), timeout=within_s)
                except TimeoutError as error:
                    raise Unreachable("no connection in time") from error
                opened.connected = True

    async def _judge(self, opened: _Open, results: Sequence[Result]) -> None:
        """Nothing left at all: the provider is down, but where it was just late. Anything answered in earnest: it is
        up."""
        if breaker.is_proof(results):
            opened.answered_wall = wall()
        if results and all(isinstance(result, NotSent) for result in results):
            if all(is_late(result) for result in results) and wall() - opened.answered_wall < ALIVE_S:
                return
            opened.connected = False
            first = results[0]
            if self._share(opened):
                await self._broken(opened, first.detail if isinstance(first, NotSent) else "")
        elif opened.provider.failures and breaker.is_proof(results):
            async with self._runtime.database.transaction() as tx:
                if await close_breaker(tx, opened.provider.id):
                    opened.provider = replace(opened.provider, failures=0, paused_until=None)

    async def _broken(self, opened: _Open, reason: str) -> None:
        """Those that fail together count once, in whatever process."""
        provider = opened.provider
        if not provider.up(wall_datetime()):
            return
        cause = breaker.cause_of(reason)
        async with self._runtime.database.transaction() as tx:
            after = await open_breaker(tx, provider.id, cause=cause, reason=reason)
        if after is not None:
            until = datetime.fromtimestamp(after.paused_until, UTC)
            opened.provider = replace(provider, failures=after.failures, paused_until=until)

    async def _close(self, opened: _Open) -> None:
        if opened.listener is not None:
            await _cancel(opened.listener)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(opened.adapter.close(), timeout=5)

    async def close(self) -> None:
        if self._keeper is not None:
            await _cancel(self._keeper)
            self._keeper = None
        for opened in self._open.values():
            await self._close(opened)
        self._open.clear()
        with contextlib.suppress(*LOST_CONNECTION, DatabaseError):
            await self._shares.release()


def is_late(result: Result) -> bool:
    return isinstance(result, NotSent) and result.late


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task


async def send_many(
    connections: Connections,
    provider: ProviderId,
    cleared: Sequence[Cleared],
    outgoing: Sequence[Outgoing],
    *,
    within_s: float,
) -> Sequence[Result]:
    """Hand over what was cleared, in the order given. Later than `within_s` after its mark, nothing leaves.

    Raises ValueError, and nothing leaves: for what no mark names, a mark for another provider, a delivery that stands
    twice, a mark that was used before.
    """
    marks = {mark.delivery for mark in cleared}
    going = [each.delivery for each in outgoing]
    if not marks.issuperset(going):
        raise ValueError("only cleared deliveries may be handed over")
    if len(set(going)) < len(going) or len(marks) < len(cleared):
        raise ValueError("a delivery may be handed over once")
    if any(mark.provider != provider for mark in cleared):
        raise ValueError("a mark is for one provider")
    return await connections.send(provider, cleared, outgoing, within_s=within_s)
