"""Which of a channel's providers takes an attempt: rank, health, weight or price. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import blake2b

from antiphon.kernel.records import NotificationId, ProviderId
from antiphon.orchestration.records import ProviderChoice

HEALTHY = 0.5
"""Below it a provider is used only where no other one is better."""


def route(
    choices: Sequence[ProviderChoice],
    notification: NotificationId,
    *,
    burnt: Collection[ProviderId] = (),
    region: str | None = None,
    cheapest: bool = False,
) -> ProviderChoice | None:
    """None where none is left. With all down, the one that is preferred: what is decided for it waits.

    Among equals of a rank each notification falls to the same one for as long as they are the same, by weight.
    """
    left = [choice for choice in choices if choice.id not in burnt] if burnt else choices
    if not left:
        return None
    if len(left) == 1:
        return left[0]
    up = [choice for choice in left if choice.up] or left
    well = [choice for choice in up if choice.health >= HEALTHY]
    if not well:
        return max(up, key=lambda choice: (choice.health, -choice.rank, -choice.id))
    if len(well) == 1:
        return well[0]
    rank = min(choice.rank for choice in well)
    equals = [choice for choice in well if choice.rank == rank]
    if cheapest:
        return min(well, key=lambda choice: (choice.cost(region), choice.rank, choice.id))
    return _drawn(equals, notification) if len(equals) > 1 else equals[0]


def _drawn(equals: Sequence[ProviderChoice], notification: NotificationId) -> ProviderChoice:
    """Weighted rendezvous: who is taken away or added moves only its own share."""
    return max(equals, key=lambda choice: _draw(choice, notification))


def _draw(choice: ProviderChoice, notification: NotificationId) -> tuple[float, int]:
    key = b"%d:%d" % (notification, choice.id)
    at = (int.from_bytes(blake2b(key, digest_size=8).digest()) + 1) / (2**64 + 1)
    return (at ** (1.0 / choice.weight) if choice.weight else 0.0), choice.id
