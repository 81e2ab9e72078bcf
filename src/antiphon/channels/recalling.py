"""Asking back what was handed over, where the channel can."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.channels import registry, store
from antiphon.channels.adapter import Recalled, Sent
from antiphon.channels.connections import Connections
from antiphon.channels.making import ATTEMPT
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import DeliveryId, ProviderId
from antiphon.kernel.tokens import Signer


async def recallable(tx: Transaction) -> list[ProviderId]:
    """Accounts that can be asked."""
    return [each.id for each in await store.read_providers(tx) if registry.recalls(each.adapter)]


async def to_recall(tx: Transaction, signer: Signer, wanted: Sequence[tuple[DeliveryId, str]]) -> list[Sent]:
    """Deliveries with their addresses, as an adapter is asked for them back."""
    known = await store.read_message_ids(tx, [delivery for delivery, _ in wanted])
    return [
        Sent(delivery, signer.sign(ATTEMPT, delivery), address, known.get(delivery)) for delivery, address in wanted
    ]


async def recall(connections: Connections, provider: ProviderId, sent: Sequence[Sent]) -> list[bool] | None:
    """Whether each will not arrive now; None where the account cannot be asked at the moment."""
    answers = await connections.recall(provider, sent)
    return None if answers is None else [answer is Recalled.DONE for answer in answers]
