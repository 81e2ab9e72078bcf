"""Two numbers turn out to be one person, or part again: memberships follow, and nobody enters or leaves by it.

The heir is in whatever either was in, since the earlier of both, until they are whole and judged anew: so somebody who
was in a segment all along is not welcomed twice. What is wrong by then is an entry or exit like any other.
"""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Merged, Unmerged
from antiphon.segments.store import members as store
from antiphon.segments.store import registry


async def on_merged(tx: Transaction, merges: Sequence[Merged]) -> None:
    """The registry is shared: a fill that saw the alias as a person drops it when it ends."""
    aliases = sorted({merge.alias for merge in merges})
    await registry.share(tx)
    await store.lock_due(tx, [*aliases, *{merge.profile for merge in merges}])
    await store.drop_due(tx, aliases)
    await store.inherit(tx, [(merge.alias, merge.profile) for merge in merges])
    await store.drop_members(tx, aliases)


async def on_unmerged(tx: Transaction, parted: Sequence[Unmerged]) -> None:
    await registry.share(tx)
    await store.lock_due(tx, [number for each in parted for number in (each.profile, each.restored)])
    await store.inherit(tx, [(each.profile, each.restored) for each in parted])
