"""A stage per test; `worker` runs the loops of one process on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from antiphon.app.wiring import wire
from antiphon.channels import registry
from antiphon.kernel.db import Database
from antiphon.kernel.runtime import Runtime
from antiphon.kernel.secrets import read_secrets
from orchestration.stage import Stage, working


@pytest_asyncio.fixture
async def stage(database: Database) -> AsyncIterator[Stage]:
    wire(database)
    adapters = dict(registry.ADAPTERS)
    yield Stage(Runtime(database, await read_secrets(database), "http://127.0.0.1:1", sandbox=True))
    registry.ADAPTERS.clear()  # the paper adapters of the stage are gone with it
    registry.ADAPTERS.update(adapters)


@pytest_asyncio.fixture
async def worker(stage: Stage) -> AsyncIterator[None]:
    async with working(stage.runtime):
        yield
