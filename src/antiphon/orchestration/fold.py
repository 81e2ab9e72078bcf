"""Receipts fold into one state: any order and any number of them end the same.

A delivery's state is the highest seen in the order queued < sending < in_doubt < accepted < sent < expired <
failed < delivered < read. `cancelled` and `superseded` come only from `queued` and are final.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

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


_READ_FIRST = ("complaint", "unsubscribe")
"""Codes of an opt-out that answers the message itself. Any other one is a provider's refusal to deliver it."""


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
    arrived_at: datetime | None = None
    """The earliest proof that it arrived, by whomever."""
    delivered_at: datetime | None = None
    """The earliest report that it was delivered; somebody who opened it is none."""
    machine_opened_at: datetime | None = None
    machine_clicked_at: datetime | None = None


def not_before(decided_at: datetime, receipts: Iterable[Receipt]) -> list[Receipt]:
    """Whoever tells us may have a clock that is behind ours: nothing happened to a message before there was one."""
    return [each if each.at >= decided_at else replace(each, at=decided_at) for each in receipts]


def fold(receipts: Iterable[Receipt]) -> Folded:
    """What machines opened and clicked proves that it was delivered; no person did anything."""
    heard = list(receipts)
    state: DeliveryState | None = None
    for receipt in heard:
        state = higher(state, _proven(receipt))
    failure, code = min((_failed_for(r) for r in heard if r.kind in ("failed", "opted_out")), default=(None, ""))
    seen = [r for r in heard if not r.machine and r.kind in ("opened", "clicked")]
    _, device = min(((r.at, r.device) for r in seen if r.device), default=(None, ""))
    return Folded(
        state,
        failure,
        code,
        opened_at=_first(seen),
        clicked_at=_first(r for r in seen if r.kind == "clicked"),
        opted_out=any(r.kind == "opted_out" for r in heard),
        device=device,
        arrived_at=_first(r for r in heard if _proven(r) in ("delivered", "read")),
        delivered_at=_first(r for r in heard if r.kind == "delivered" and not r.machine),
        machine_opened_at=_first(r for r in heard if r.machine and r.kind == "opened"),
        machine_clicked_at=_first(r for r in heard if r.machine and r.kind == "clicked"),
    )


def _proven(receipt: Receipt) -> DeliveryState:
    """Who complains of a message, or unsubscribes by it, has it: nothing failed, and no other channel is needed."""
    if receipt.machine or (receipt.kind == "opted_out" and receipt.code.startswith(_READ_FIRST)):
        return "delivered"
    return _STATE_OF[receipt.kind]


def _failed_for(receipt: Receipt) -> tuple[str, str]:
    return "optout" if receipt.kind == "opted_out" else receipt.failure or "temporary", receipt.code[:200]


def _first(receipts: Iterable[Receipt]) -> datetime | None:
    return min((receipt.at for receipt in receipts), default=None)


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
