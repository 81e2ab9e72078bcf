"""What became of deliveries says something of their addresses: where it arrives and is read, where it fails or nobody
is there any more, whose owner wants nothing more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from antiphon import profiles
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProfileId


async def teach(
    tx: Transaction,
    failed: Sequence[tuple[Row, str | None]],
    *,
    arrived: Sequence[Row] = (),
    seen: Sequence[tuple[Row, str]] = (),
) -> None:
    """Deliveries that failed, each with its class; that arrived; that a person opened, each with the device."""
    await profiles.note_outcomes(
        tx,
        delivered=[_place(row) for row in arrived],
        failed=[(*_place(row), why == "address") for row, why in failed if why in ("address", "temporary")],
        seen=[(*_place(row), device) for row, device in seen],
    )
    unwilling: dict[str, list[str]] = defaultdict(list)
    for row, why in failed:
        if why == "optout" and row["address"]:  # none: its owner was erased
            unwilling[row["channel"]].append(row["address"])
    for channel, addresses in unwilling.items():
        await profiles.opt_out(tx, channel, addresses, how="provider")


def _place(row: Row) -> tuple[ProfileId, str, str]:
    return ProfileId(row["profile_id"]), row["channel"], row["address"] or ""  # empty: its owner was erased
