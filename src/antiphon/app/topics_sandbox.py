r"""The topic of the sandbox: its clock, what is due, which faults are set, what the world saw.

| topic | document |
|---|---|
| `sandbox` | `held`, `now` (while held), `offset_s` (while not), `due`; `faults`: the switches that are on; `counts` \
and `reactions` of the world. The last three are null without a world |
"""

from __future__ import annotations

from typing import Any

from antiphon.app import sandbox_world
from antiphon.app.sandbox_due import count_due
from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import Problem
from antiphon.kernel.permissions import Permission
from antiphon.kernel.runtime import Runtime


class SandboxTopic:
    wake = "clock"
    permission: Permission = "sandbox"

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._world: sandbox_world.World | None = None

    async def fetch(self) -> None:
        try:
            self._world = await sandbox_world.read_world(self._runtime) if self._runtime.world_url else None
        except Problem:
            self._world = None

    async def read(self, tx: Transaction) -> dict[str, Any]:
        state = tx.database.clock.state
        held = state.held_at is not None
        due, world = await count_due(tx), self._world
        return {
            "held": held,
            "now": tx.now.isoformat() if held else None,
            "offset_s": None if held else state.offset.total_seconds(),
            "due": due,
            "faults": None if world is None else [switch.name for switch in sandbox_world.switches(world) if switch.on],
            "counts": None if world is None else world.counts,
            "reactions": None if world is None else world.reactions,
        }
