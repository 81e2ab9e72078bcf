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
    opted_out: bool = False
    device: str = ""
    """Where the person first opened or clicked."""


def fold(receipts: Iterable[Receipt]) -> Folded:
    """Machine opens prove that it was delivered and nothing more."""
    state: DeliveryState | None = None
    failure: tuple[str, str] | None = None
    opened: datetime | None = None
    clicked: datetime | None = None
    opted_out = False
    seen: tuple[datetime, str] | None = None
    for receipt in receipts:
        opted_out = opted_out or receipt.kind == "opted_out"
        state = higher(state, "delivered" if receipt.machine else _STATE_OF[receipt.kind])
        if receipt.kind in ("failed", "opted_out"):
            said = ("optout" if receipt.kind == "opted_out" else receipt.failure or "temporary", receipt.code[:200])
            failure = min(failure or said, said)
        if not receipt.machine and receipt.kind in ("opened", "clicked"):
            opened = earlier(opened, receipt.at)
            if receipt.device:
                seen = min(seen or (receipt.at, receipt.device), (receipt.at, receipt.device))
        if not receipt.machine and receipt.kind == "clicked":
            clicked = earlier(clicked, receipt.at)
    word, code = failure or (None, "")
    return Folded(state, word, code, opened, clicked, opted_out, seen[1] if seen else "")


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


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)
