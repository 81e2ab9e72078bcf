"""Fixtures of the world's tests: the platform that takes notes, the world around it, a foreign SMPP client."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import convert

from antiphon_world.serve import Options, playing
from antiphon_world.world import Script
from world.stage import Esme, Play, Stage, Target, esme


@pytest.fixture
def target() -> Iterator[Target]:
    server = Target()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def play(tmp_path: Path, target: Target) -> Play:
    """The world inside this event loop: `async with play(faults=[…], habits={…}) as stage`."""

    @asynccontextmanager
    async def start(
        *,
        faults: Sequence[dict[str, Any]] = (),
        habits: dict[str, Any] | None = None,
        seed: int = 1,
        log: str = "world.jsonl",
        mx: tuple[str, int] | None = None,
    ) -> AsyncIterator[Stage]:
        options = Options(seed, tmp_path / log, target.url, "key", smtp=(0, 0), smpp=(0, 0), mx=mx)
        async with playing(options) as (world, ports):
            world.load(convert({"faults": faults, "habits": habits or {}}, Script))
            yield Stage(world, ports, options.log, target)

    return start


@pytest.fixture
def bind() -> Callable[[int], AbstractAsyncContextManager[Esme]]:
    return esme
