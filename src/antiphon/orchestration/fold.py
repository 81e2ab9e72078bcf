"""Receipts fold into one state: any order and any number of them end the same.

A delivery's state is the highest seen in the order queued < sending < in_doubt < accepted < sent < expired <
failed < delivered < read. `cancelled` and `superseded` come only from `queued` and are final.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from antiphon.kernel.records import FailoverOn, Receipt, ReceiptKind
from antiphon.orchestration.records import Attempt, DeliveryState, Live, NotificationState

RANK: Mapping[str, int] = {
    state: n
    for n, state in enumerate(
        ("queued", "sending", "in_doubt", "accepted", "sent", "expired", "failed", "delivered", "read")
    )
}
FINAL_FROM_QUEUED = frozenset({"cancelled", "superseded"})

_STATE_OF: Mapping[ReceiptKind, DeliveryState] = {
    "accepted": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "opened": "read",
    "clicked": "read",
    "failed": "failed",
    "expired": "expired",
    "opted_out": "failed",
}


class Folded(Struct, frozen=True):
    """What receipts say of one delivery: the highest state, and when a person first opened and clicked."""

    state: DeliveryState | None = None
    failure: str | None = None
    code: str = ""
    opened_at: datetime | None = None
    clicked_at: datetime | None = None


def fold(receipts: Iterable[Receipt]) -> Folded:
    """Machine opens prove that it was delivered and nothing more."""
    state: DeliveryState | None = None
    failure: tuple[str, str] | None = None
    opened: datetime | None = None
    clicked: datetime | None = None
    for receipt in receipts:
        state = higher(state, "delivered" if receipt.machine else _STATE_OF[receipt.kind])
        if receipt.kind in ("failed", "opted_out"):
            word = "optout" if receipt.kind == "opted_out" else receipt.failure or "temporary"
            failure = min(failure or (word, receipt.code), (word, receipt.code))
        if not receipt.machine and receipt.kind in ("opened", "clicked"):
            opened = _earlier(opened, receipt.at)
        if not receipt.machine and receipt.kind == "clicked":
            clicked = _earlier(clicked, receipt.at)
    return Folded(state, failure[0] if failure else None, failure[1] if failure else "", opened, clicked)


def higher(one: DeliveryState | None, other: DeliveryState | None) -> DeliveryState | None:
    """The later of two states; what was cancelled or superseded stays so."""
    for state in (one, other):
        if state in FINAL_FROM_QUEUED:
            return state
    if one is None or other is None:
        return one or other
    return one if RANK[one] >= RANK[other] else other


def outcome(attempts: Iterable[Attempt], *, failover_on: FailoverOn) -> NotificationState | None:
    """What the attempts make of a notification; None when the next channel is to be decided.

    Under `definite`, an attempt handed over is `sent`; under `silence` it stays `open` until its time-out.
    """
    states = [attempt.state for attempt in attempts]
    if any(state in ("delivered", "read") for state in states):
        return "delivered"
    live = [state for state in states if state in Live]
    if not live:
        return None
    handed = all(state in ("in_doubt", "accepted", "sent") for state in live)
    return "sent" if handed and failover_on == "definite" else "open"


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)
