"""Who complained of a message, or opted out because of it: counted once for each delivery, however often it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from antiphon import metrics, profiles
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Channel, Count, DeliveryId, Identifier, Inbound, Receipt, SourceId
from antiphon.orchestration import store
from antiphon.orchestration.inbound import REPLIED_WITHIN

Objection = Literal["complained", "opted_out"]


async def note_objections(tx: Transaction, said: Mapping[DeliveryId, Objection]) -> None:
    """Call it when the opt-out itself is written: people are locked before their deliveries."""
    rows = await store.mark_objected(tx, sorted(said)) if said else []
    counts = [
        Count(SourceId(row["source_id"]), row["channel"], row["variant"], said[row["id"]], tx.now, 1) for row in rows
    ]
    await metrics.add(tx, counts)


def objections_in(receipts: Sequence[Receipt]) -> dict[DeliveryId, Objection]:
    """Of several reports about one delivery, a complaint is the one that counts."""
    found: dict[DeliveryId, Objection] = {}
    for receipt in receipts:
        if receipt.kind == "opted_out" and receipt.delivery is not None:
            complained = receipt.code.startswith("complaint") or found.get(receipt.delivery) == "complained"
            found[receipt.delivery] = "complained" if complained else "opted_out"
    return found


async def on_stops(tx: Transaction, items: Sequence[Inbound]) -> None:
    """A taker: STOP by text is owed to what that number was told last. A mail says itself what it is about."""
    stops = [item for item in items if item.reading == "opt_out" and not item.automatic]
    named: dict[DeliveryId, Objection] = {item.delivery: "opted_out" for item in stops if item.delivery is not None}
    texts = [item for item in stops if item.channel is Channel.SMS and item.changed]
    names = [Identifier("phone", item.sender) for item in texts]
    found = await profiles.find(tx, names) if names else {}
    known = [(found[name], item) for name, item in zip(names, texts, strict=True) if name in found]
    if known:
        last = await store.replies.read_last_delivery(tx, known, within=REPLIED_WITHIN)
        named |= dict.fromkeys(last, "opted_out")
    await note_objections(tx, named)
