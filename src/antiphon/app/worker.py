"""The worker process: everything that waits, and every connection to a provider."""

from __future__ import annotations

import asyncio
import os
import sys

from antiphon import campaigns, channels, integrations, metrics, orchestration, pages, profiles, segments
from antiphon.app.child import run_child
from antiphon.app.opening import opened
from antiphon.kernel.db import LOST_CONNECTION
from antiphon.kernel.due import work_loop
from antiphon.kernel.runtime import Runtime

KEEP_EVERY_S = 3600.0
TRIM_EVERY_S = 86_400.0
CONNECTIONS_MAX = 14
SWITCH_S = 0.0002
"""How long a thread that signs waits for the interpreter while the loop runs. Python's 5 ms are 20 signatures."""


async def work(dsn: str, *, base_url: str, is_sandbox: bool) -> None:
    """Until cancelled."""
    async with opened(
        dsn, base_url=base_url, sandbox=is_sandbox, migrating=False, connections_max=CONNECTIONS_MAX
    ) as runtime:
        await run(runtime)


async def run(runtime: Runtime) -> None:
    """All loops of all parts. List work and sending are loops of their own: neither waits for the other."""
    database = runtime.database
    connections = channels.Connections(runtime)
    async with asyncio.TaskGroup() as group:
        group.create_task(profiles.run(database))
        group.create_task(segments.run(database))
        group.create_task(orchestration.run(runtime, connections))
        group.create_task(campaigns.run(runtime))
        group.create_task(pages.run(database))
        group.create_task(work_loop(database, "counts.fold", lambda: _fold(runtime), pause_s=5.0))
        group.create_task(work_loop(database, "counts.learn", lambda: _learn(runtime), pause_s=60.0))
        group.create_task(work_loop(database, "providers.health", lambda: _look_after(runtime), pause_s=2.0))
        group.create_task(work_loop(database, "erasures", lambda: profiles.look_again(database), pause_s=5.0))
        group.create_task(
            work_loop(database, integrations.IMPORTS_WAKE, lambda: integrations.work_imports(runtime), pause_s=5.0)
        )
        group.create_task(work_loop(database, "retention", lambda: _keep_to_rules(runtime), pause_s=TRIM_EVERY_S))
        group.create_task(_keep_house(runtime))


async def _fold(runtime: Runtime) -> int:
    counted = await runtime.database.repeat(metrics.fold_parts)
    return counted + await runtime.database.repeat(metrics.fold_responses)


async def _learn(runtime: Runtime) -> int:
    """Once a minute: what is learned is looked at again when it is read."""
    await runtime.database.repeat(metrics.fit_priors)
    return 0


async def _look_after(runtime: Runtime) -> int:
    await runtime.database.repeat(channels.keep_health)
    return 0


async def _keep_to_rules(runtime: Runtime) -> int:
    """One pass over all tables that have a rule, then a day of rest, or until product time is moved."""
    await profiles.keep_to_rules(runtime.database)
    return 0


async def _keep_house(runtime: Runtime) -> None:
    while True:
        try:
            await runtime.database.repeat(profiles.ensure_partitions)
            await runtime.database.repeat(channels.trim)
            await runtime.database.repeat(segments.fold_tallies)
        except LOST_CONNECTION:
            await asyncio.sleep(1.0)
            continue
        await runtime.database.sleep("house", KEEP_EVERY_S)


def main() -> None:
    """The child that `antiphon serve` starts."""
    settings = os.environ
    sys.setswitchinterval(SWITCH_S)
    run_child(
        lambda: work(
            settings["ANTIPHON_DSN"],
            base_url=settings["ANTIPHON_BASE_URL"],
            is_sandbox=settings.get("ANTIPHON_SANDBOX") == "1",
        )
    )


if __name__ == "__main__":
    main()
