"""The open adapters of one worker process: made from the provider rows, kept in step with them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Sequence
from datetime import timedelta

import structlog
from msgspec.structs import replace

from antiphon.channels import pacing, store, taking
from antiphon.channels.accounts import providers
from antiphon.channels.adapter import Adapter, Unreachable
from antiphon.channels.making import make_adapter
from antiphon.channels.records import Provider
from antiphon.kernel.clock import wall, wall_datetime
from antiphon.kernel.records import Cleared, DeliveryId, NotSent, Outgoing, ProviderId, Result
from antiphon.kernel.runtime import Runtime

log = structlog.get_logger()

BATCH_MAX = 250
"""Small enough to leave within half a second of its mark, large enough to spread the cost of a statement."""


CONNECT_S = 5.0


class _Open:
    def __init__(self, provider: Provider, adapter: Adapter) -> None:
        self.provider, self.adapter = provider, adapter
        self.settings_hash = hashlib.sha256(provider.sealed).digest()
        self.connected = False
        self.connecting = asyncio.Lock()
        self.listener: asyncio.Task[None] | None = None


class Connections:
    """`refresh` makes what is open equal to what is configured; call it when woken and now and then."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._open: dict[ProviderId, _Open] = {}
        self._used: dict[tuple[DeliveryId, int], float] = {}

    async def refresh(self) -> list[ProviderId]:
        """The providers that are enabled now."""
        async with self._runtime.database.transaction(read_only=True) as tx:
            wanted = {provider.id: provider for provider in await providers(tx) if provider.enabled}
        for number in [number for number in self._open if not self._same(number, wanted)]:
            await self._close(self._open.pop(number))
        for number, provider in wanted.items():
            if number not in self._open:
                self._open[number] = self._make(provider)
            self._open[number].provider = provider
        return list(wanted)

    def _same(self, number: ProviderId, wanted: dict[ProviderId, Provider]) -> bool:
        now = wanted.get(number)
        return now is not None and hashlib.sha256(now.sealed).digest() == self._open[number].settings_hash

    def _make(self, provider: Provider) -> _Open:
        runtime = self._runtime
        opened = _Open(provider, make_adapter(runtime, provider))
        opened.listener = asyncio.create_task(self._listen(opened))
        return opened

    async def _listen(self, opened: _Open) -> None:
        """What comes back is taken in durably; an adapter that fails is started again, with patience."""
        failures = 0
        while True:
            try:
                await self._connect(opened, within_s=10.0)
                await opened.adapter.listen(taking.sink(self._runtime))
                return
            except Unreachable as error:
                failures += 1
                log.info("provider.unreachable", provider=opened.provider.name, error=str(error))
            except Exception:
                failures += 1
                log.exception("provider.listen_failed", provider=opened.provider.name)
            await asyncio.sleep(pacing.pause_s(failures))

    def batch(self, provider: ProviderId) -> int:
        opened = self._open.get(provider)
        return min(BATCH_MAX, opened.adapter.limits.in_flight_max) if opened else 0

    async def ready(self, provider: ProviderId) -> bool:
        """Connected, or connected now: before anything is marked, as it may take longer than a mark may wait."""
        opened = self._open.get(provider)
        if opened is None or not opened.provider.up(wall_datetime()):
            return False
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
        if batch:
            results = await opened.adapter.send_many(batch)
            await self._judge(opened, results)
        answers = {each.delivery: result for each, result in zip(batch, results, strict=True)}
        return [answers.get(each.delivery, NotSent("its mark is too old")) for each in outgoing]

    def _use_up(self, cleared: Sequence[Cleared], *, within_s: float) -> None:
        """A mark lets one message go once; it is remembered for longer than it is good for."""
        old = wall() - 2 * within_s
        self._used = {mark: at for mark, at in self._used.items() if at > old}
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
        """Nothing left at all: the provider is down. Anything answered: it is up."""
        if results and all(isinstance(result, NotSent) for result in results):
            opened.connected = False
            first = results[0]
            await self._broken(opened, first.detail if isinstance(first, NotSent) else "")
        elif opened.provider.failures:
            async with self._runtime.database.transaction() as tx:
                await store.reopen(tx, opened.provider.id)
            opened.provider = replace(opened.provider, failures=0, paused_until=None)

    async def _broken(self, opened: _Open, reason: str) -> None:
        """Loops that fail together count once."""
        provider = opened.provider
        if not provider.up(wall_datetime()):
            return
        failures = provider.failures + 1
        pause_s = pacing.pause_s(failures)
        until = wall_datetime() + timedelta(seconds=pause_s)
        opened.provider = replace(provider, failures=failures, paused_until=until)
        async with self._runtime.database.transaction() as tx:
            await store.pause(tx, provider.id, failures=failures, pause_s=pause_s, reason=reason[:200])
        log.info("provider.down", provider=provider.name, failures=failures, reason=reason[:200], wall=wall())

    async def _close(self, opened: _Open) -> None:
        if opened.listener is not None:
            opened.listener.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await opened.listener
        with contextlib.suppress(Exception):
            await asyncio.wait_for(opened.adapter.close(), timeout=5)

    async def close(self) -> None:
        for opened in self._open.values():
            await self._close(opened)
        self._open.clear()


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
