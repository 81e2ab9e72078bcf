"""Orchestration's loops: people who are due, deliveries per provider, silence."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial

from antiphon import channels
from antiphon.kernel.db import LOST_CONNECTION
from antiphon.kernel.due import work_loop
from antiphon.kernel.records import ProviderId
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.stopping import to_the_end
from antiphon.orchestration.decide import work_people
from antiphon.orchestration.deliver import one_round
from antiphon.orchestration.outages import work_down, work_switched_off
from antiphon.orchestration.recall import work_recalls
from antiphon.orchestration.watching import work_silence

LOOPS_PER_PROVIDER = 4
"""While one batch is with the provider, the next is rendered and the last is recorded."""

PACE_PAUSE_S = 0.2
SILENCE_PAUSE_S = 0.5
"""Silence comes due and wakes nobody."""


async def run(runtime: Runtime, connections: channels.Connections) -> None:
    """Until cancelled."""
    database = runtime.database
    async with asyncio.TaskGroup() as group:
        group.create_task(work_loop(database, "people", lambda: work_people(runtime)))
        group.create_task(work_loop(database, "deliveries", lambda: work_silence(runtime), pause_s=SILENCE_PAUSE_S))
        group.create_task(work_loop(database, "recalls", lambda: work_recalls(runtime, connections), pause_s=5.0))
        group.create_task(work_loop(database, "receipts", lambda: channels.work_unmatched(runtime)))
        group.create_task(work_loop(database, "providers", lambda: work_switched_off(runtime), pause_s=5.0))
        group.create_task(_providers(runtime, connections))


async def _providers(runtime: Runtime, connections: channels.Connections) -> None:
    """Loops for each provider that is enabled, kept in step with the accounts."""
    running: dict[ProviderId, list[asyncio.Task[None]]] = {}
    try:
        while True:
            try:
                wanted = await connections.refresh()
            except LOST_CONNECTION:
                await asyncio.sleep(0.5)
                continue
            for provider in [provider for provider in running if provider not in wanted]:
                await _stop(running.pop(provider))
            for provider in wanted:
                if provider not in running:
                    running[provider] = _start(runtime, connections, provider)
            await runtime.database.sleep("providers", 5.0)
    finally:
        for tasks in running.values():
            await _stop(tasks)
        await connections.close()


def _start(runtime: Runtime, connections: channels.Connections, provider: ProviderId) -> list[asyncio.Task[None]]:
    def loop(n: int) -> asyncio.Task[None]:
        work = partial(work_provider, runtime, connections, provider)
        return asyncio.create_task(work_loop(runtime.database, "deliveries", work, pause_s=1.0 if n == 0 else 5.0))

    return [loop(n) for n in range(LOOPS_PER_PROVIDER)]


async def work_provider(runtime: Runtime, connections: channels.Connections, provider: ProviderId) -> int:
    """One round for one provider. Returns how many deliveries it took; asked to stop, it finishes what it took.

    It is connected before anything is marked: connecting may take longer than what is marked may wait.
    """
    if not await connections.ready(provider):
        return await to_the_end(work_down(runtime, connections, provider))
    taken = await to_the_end(one_round(runtime, connections, provider))
    if taken is None:  # its pace is used up for now
        await asyncio.sleep(PACE_PAUSE_S)
        return 1
    return taken


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
