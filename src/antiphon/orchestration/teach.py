"""What a failure says about the address: it is dead, or whoever holds it wants nothing more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from antiphon import profiles
from antiphon.kernel.db import Row, Transaction
from antiphon.orchestration import store


async def teach(tx: Transaction, failed: Sequence[tuple[Row, str | None]]) -> None:
    """Deliveries that failed, each with its class."""
    dead = [(row["profile_id"], row["channel"], row["address"]) for row, why in failed if why == "address"]
    if dead:
        leads = await store.people_of(tx, {number for number, _, _ in dead})
        await profiles.mark_dead(tx, [(leads[number], channel, address) for number, channel, address in dead])
    unwilling: dict[str, list[str]] = defaultdict(list)
    for row, why in failed:
        if why == "optout" and row["address"]:  # none: its owner was erased
            unwilling[row["channel"]].append(row["address"])
    for channel, addresses in unwilling.items():
        await profiles.opt_out(tx, channel, addresses, how="provider")
