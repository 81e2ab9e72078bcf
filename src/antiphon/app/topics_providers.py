r"""Topics of provider accounts: what they are worth now, and how fast they may be used.

| topic | document |
|---|---|
| `providers` | `providers` by id: each as below, without `receivers` |
| `provider:3` (or a name) | `state`, `health`, `health_why`, `failures`, `reason`, `paused_until`, `per_second`; \
`receivers`: those with a learned pace |
"""

from __future__ import annotations

from typing import Any

from antiphon import channels
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Transaction
from antiphon.kernel.permissions import Permission

RECEIVERS_MAX = 50


class ProvidersTopic:
    wake = "providers"
    permission: Permission = "providers.read"

    async def read(self, tx: Transaction) -> dict[str, Any]:
        return {"providers": {str(one.id): document_of(one) for one in await channels.providers(tx)}}


class ProviderTopic:
    wake = "providers"
    permission: Permission = "providers.read"

    def __init__(self, key: str) -> None:
        self._key = key

    async def read(self, tx: Transaction) -> dict[str, Any]:
        """Raises NotFound."""
        found = await channels.find(tx, self._key)
        paces = await channels.learned_paces(tx, found.id)
        receivers = {
            row["receiver"]: {"per_second": row["per_second"], "deferred": row["deferred"], "code": row["code"]}
            for row in paces[:RECEIVERS_MAX]
        }
        return {**document_of(found), "receivers": receivers}


def document_of(provider: channels.Provider) -> dict[str, Any]:
    return {
        "name": provider.name,
        "channel": provider.channel,
        "state": state_of(provider),
        "health": provider.health,
        "health_why": str(provider.health_why),
        "failures": provider.failures,
        "reason": provider.reason,
        "paused_until": provider.paused_until.isoformat() if provider.paused_until else None,
        "per_second": provider.per_second,
    }


def state_of(provider: channels.Provider) -> str:
    """`off`, `down` (its breaker is open), `probing` (half open), `unwell` or `up`."""
    if not provider.enabled:
        return "off"
    if not provider.up(wall_datetime()):
        return "down"
    if provider.failures:
        return "probing"
    return "up" if provider.healthy else "unwell"
