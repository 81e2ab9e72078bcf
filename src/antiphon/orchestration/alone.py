"""Deciding one notification by itself, as tests want it: whatever else is open for the person stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import NotificationId, ProfileId
from antiphon.orchestration import store
from antiphon.orchestration.choose import choose
from antiphon.orchestration.records import PersonCase, Policy, Reach, Verdict


async def decide_alone(
    tx: Transaction,
    profile: ProfileId,
    number: NotificationId,
    policy: Policy,
    *,
    through: Callable[[Reach], bool],
    may_wait: bool,
) -> None:
    """`through`: which of their addresses it may take."""
    cases, _ = await store.lock_and_load(tx, [profile])
    case, notification = next((case, each) for case in cases for each in case.notifications if each.id == number)
    alone = replace(case, notifications=[notification], reach=[each for each in case.reach if through(each)])
    verdict = _verdict(alone, policy, now=tx.now, may_wait=may_wait)
    await store.write_verdicts(tx, [(verdict, case.profile, notification)])
    if verdict.act == "send":
        await store.insert_deliveries(tx, [store.Attempted(verdict, notification, 1)])
        tx.wake("deliveries")


def _verdict(case: PersonCase, policy: Policy, *, now: datetime, may_wait: bool) -> Verdict:
    (verdict,) = choose(case, policy, now=now)
    if may_wait or verdict.act in ("send", "drop"):
        return verdict
    return Verdict(verdict.notification, "drop", reason=verdict.reason or "unreachable", because=verdict.because)
