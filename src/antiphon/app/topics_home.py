"""Topics of the first screen and of the debugger.

| topic | document |
|---|---|
| `overview` | `today` by `channel/kind`, `cost`, `going` by campaign with `progress`, `attention`, `empty` |
| `debugger` | `refused`: the newest refusals, at most `REFUSALS_MAX`: what was sent is not in it |
"""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from antiphon import campaigns, profiles
from antiphon.kernel.db import Transaction
from antiphon.kernel.permissions import Permission
from antiphon.kernel.said import plain

REFUSALS_MAX = 20


class OverviewTopic:
    wake = "counts"
    permission: Permission = "campaigns.read"

    async def read(self, tx: Transaction) -> dict[str, Any]:
        shown = await campaigns.overview_now(tx)
        return {
            "today": shown.today,
            "cost": shown.cost,
            "going": {line.id: to_builtins(line) for line in shown.going},
            "attention": to_builtins(shown.attention, enc_hook=plain),
            "empty": shown.empty,
        }


class DebuggerTopic:
    wake = "refused"
    permission: Permission = "developer.read"

    async def read(self, tx: Transaction) -> dict[str, Any]:
        found = await profiles.newest_refusals(tx, limit=REFUSALS_MAX)
        return {
            "refused": [
                to_builtins({"id": str(one.id), "at": one.at, "source": one.source, "flaws": list(one.flaws)})
                for one in found
            ]
        }
