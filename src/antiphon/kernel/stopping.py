"""A worker that is asked to stop finishes what it has in hand."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

STOP_S = 8.0
"""Less than whoever stops us waits before it kills us (10 s, as container runtimes do)."""


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Cancelled, it waits until the work is done, or `STOP_S`: then the work is cancelled too."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        done, _ = await asyncio.wait([task], timeout=STOP_S)
        if not done:
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # nobody is left to hear of it
        raise
