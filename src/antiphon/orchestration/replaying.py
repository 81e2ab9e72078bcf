"""Decisions made again from what they read: the same answer, or somebody changed the rules since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.errors import NotFound
from antiphon.kernel.records import NotificationId, ProfileId
from antiphon.orchestration import store
from antiphon.orchestration.choose import choose


class Replayed(Struct, frozen=True):
    """`decision`: what comes out of `inputs` and `policy` today. `same`: it is what was stored; None where a newer
    decision took its place."""

    at: datetime
    decision: dict[str, Any]
    same: bool | None
    inputs: dict[str, Any]
    policy: dict[str, Any]


async def replay(tx: Transaction, notification: NotificationId) -> list[Replayed]:
    """The newest first; none where nothing was kept: of what was sent, only a sample is. Raises NotFound."""
    rows = await store.read_notifications(tx, [notification])
    if not rows:
        raise NotFound("There is no notification {notification}.", notification=notification)
    row = rows[0]
    numbers = await store.numbers_of(tx, [row["person"]])
    kept = await store.inputs.read(tx, notification, [ProfileId(number) for number in numbers[row["person"]]])
    return [_again(each, notification, row["decision"] or {}) for each in kept]


def _again(kept: store.inputs.Kept, notification: NotificationId, stored: dict[str, Any]) -> Replayed:
    verdict = next(v for v in choose(kept.case, kept.policy, now=kept.at) if v.notification == notification)
    decision = store.decision_shown(msgspec.json.decode(store.decision_json(verdict, at=kept.at)))
    return Replayed(
        at=kept.at,
        decision=decision,
        same=decision == store.decision_shown(stored) if stored.get("at") == decision["at"] else None,
        inputs=msgspec.to_builtins(kept.case),
        policy=msgspec.to_builtins(kept.policy),
    )
