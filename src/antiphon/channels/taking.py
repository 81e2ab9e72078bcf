"""What comes back: receipts find their delivery, what people write is read for opt-outs first, then told upward."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from antiphon.channels import requests, store
from antiphon.channels.adapter import Sink
from antiphon.kernel import outlet
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import DeliveryId, Inbound, ProviderId, Receipt
from antiphon.kernel.runtime import Runtime


def sink(runtime: Runtime) -> Sink:
    """Takes in durably: when it returns, it is on disk."""

    async def take(items: Sequence[Receipt | Inbound]) -> None:
        await runtime.database.repeat(lambda tx: take_in(tx, items))

    return take


async def take_in(tx: Transaction, items: Sequence[Receipt | Inbound]) -> None:
    await take_receipts(tx, [item for item in items if isinstance(item, Receipt)])
    await take_inbound(tx, [item for item in items if isinstance(item, Inbound)])


async def take_receipts(tx: Transaction, receipts: Sequence[Receipt]) -> None:
    """Receipts that name a delivery, or a provider's id of one. Those whose id is not known yet are kept."""
    named = [(r.provider or 0, r.provider_message_id or "") for r in receipts if r.delivery is None]
    found = await store.find(tx, named) if named else {}
    matched, unmatched = [], []
    for receipt in receipts:
        delivery = receipt.delivery or found.get((receipt.provider or 0, receipt.provider_message_id or ""))
        if delivery is not None:
            matched.append(replace(receipt, delivery=delivery))
        elif receipt.provider_message_id:
            unmatched.append(receipt)
    if unmatched:
        await store.keep_unmatched(tx, unmatched)
        tx.wake("receipts")
    await outlet.publish(tx, matched)


async def remember(tx: Transaction, provider: ProviderId, ids: Sequence[tuple[DeliveryId, str]]) -> None:
    """The provider's ids of deliveries, and the receipts that were faster than they."""
    await store.remember(tx, provider, ids)
    await outlet.publish(tx, await store.take_faster(tx, provider, ids))


async def work_unmatched(runtime: Runtime) -> int:
    """Fold receipts that crossed with the recording of their id: neither transaction saw the other."""

    async def work(tx: Transaction) -> int:
        receipts = await store.take_matched(tx)
        await outlet.publish(tx, receipts)
        return len(receipts)

    return await runtime.database.repeat(work)


async def trim(tx: Transaction) -> int:
    """Let go of receipts that nobody claimed in a week."""
    return await store.drop_unmatched(tx)


async def take_inbound(tx: Transaction, items: Sequence[Inbound]) -> None:
    """An opt-out is one before anything else: it is in force when the operator is answered."""
    items = await _unheard(tx, await requests.read(tx, items)) if items else []
    if items:
        await outlet.publish(tx, [await requests.obey(tx, item) for item in items])


async def _unheard(tx: Transaction, items: Sequence[Inbound]) -> list[Inbound]:
    """Stored, and those of them that were not heard before. Mailboxes are read again after a crash, providers call
    twice, and the same mail may come in two ways at one moment: each message of a sender counts once."""
    fresh = await store.insert_inbound(tx, items)
    heard: list[Inbound] = []
    for item in items:
        key = (item.channel.value, item.sender, item.message_id)
        if not item.message_id or key in fresh:
            fresh.discard(key)
            heard.append(item)
    return heard
