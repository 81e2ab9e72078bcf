"""What every benchmark prints first: the machine it ran on and how busy it was."""

from __future__ import annotations

import asyncio
import os
import platform
from pathlib import Path
from time import monotonic


def machine() -> str:
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, load {load:.1f}"
    )


async def settle(*, patience_s: float = 900.0) -> None:
    """Wait until what was done to prepare (or by others) no longer counts as load; then say what is left of it."""
    begun = monotonic()
    for _ in range(int(patience_s / 5)):
        if os.getloadavg()[0] <= 0.75 * (os.cpu_count() or 1):
            break
        await asyncio.sleep(5)
    print(f"load {os.getloadavg()[0]:.1f} after a rest of {monotonic() - begun:.0f} s", flush=True)
