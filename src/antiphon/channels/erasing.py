"""What somebody who is to be forgotten wrote to us, and what providers know of their messages."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.channels import store_erasing
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import DeliveryId, Erased


async def on_erased(tx: Transaction, erased: Sequence[Erased]) -> None:
    addresses = sorted({address for record in erased for address in record.addresses})
    if addresses:
        await store_erasing.delete_inbound(tx, addresses)


async def forget_deliveries(tx: Transaction, deliveries: Sequence[DeliveryId]) -> None:
    """The providers' ids of these lead nowhere: what they report later is nobody's."""
    if deliveries:
        await store_erasing.delete_provider_messages(tx, deliveries)
