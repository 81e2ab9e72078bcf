"""What several people want and not all can have: an address, once for each campaign, and a campaign's money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from antiphon.kernel import outlet
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import Halted, ProfileId, SourceId
from antiphon.orchestration import store
from antiphon.orchestration.choose import choose
from antiphon.orchestration.limits import ROUNDING
from antiphon.orchestration.records import PersonCase, Policy, Verdict

Chosen = list[tuple[PersonCase, list[Verdict]]]
"""In the order of the people: what was read of each, and what follows from it."""

Want = tuple[SourceId, str, str, ProfileId]
"""A source, a channel, an address there, and who is to be told at it."""


async def share_out(tx: Transaction, chosen: Chosen, policy: Policy) -> Chosen:
    """Who cannot have what they want is decided again and knows it; what they want instead is asked for too.

    Each round asks for an address that nobody here had asked for, so there are no more rounds than addresses.
    """
    budgets = await store.lock_budgets(tx, sorted(_limited(chosen)))
    theirs: dict[Want, bool] = {}
    for _ in range(1 + sum(len(case.notifications) * len(case.reach) for case, _ in chosen)):
        wants = list(dict.fromkeys(w for case, verdicts in chosen for w in _wants(case, verdicts) if w not in theirs))
        theirs |= dict(zip(wants, await store.take_addresses(tx, wants), strict=True))
        lost = {want for want in wants if not theirs[want]}
        chosen = [(case, v) if not lost else _without(case, v, lost, policy, tx.now) for case, v in chosen]
        chosen, costs = _within(chosen, budgets, policy, now=tx.now)
        if all(want in theirs for case, verdicts in chosen for want in _wants(case, verdicts)):
            break
    await store.reserve(tx, costs)
    await _tell(tx, chosen, costs)
    return chosen


def _limited(chosen: Chosen) -> set[SourceId]:
    return {n.source.id for case, _ in chosen for n in case.notifications if n.source.terms.budget is not None}


def _wants(case: PersonCase, verdicts: Sequence[Verdict]) -> list[Want]:
    """A program's call is a source of its own: nobody else is told by it."""
    sends = [verdict for verdict in verdicts if verdict.act == "send"]
    source_of = {each.id: each.source for each in case.notifications} if sends else {}
    return [
        (source.id, verdict.channel or "", verdict.address or "", case.profile)
        for verdict in sends
        if (source := source_of[verdict.notification]).kind != "api"
    ]


def _without(
    case: PersonCase, verdicts: list[Verdict], lost: set[Want], policy: Policy, now: datetime
) -> tuple[PersonCase, list[Verdict]]:
    shared = [want[:3] for want in _wants(case, verdicts) if want in lost]
    if not shared:
        return case, verdicts
    case = replace(case, shared=(*case.shared, *shared))
    return case, choose(case, policy, now=now)


def _within(
    chosen: Chosen, budgets: Mapping[SourceId, float], policy: Policy, *, now: datetime
) -> tuple[Chosen, dict[SourceId, float]]:
    """Money is spent in the order of the decisions; whoever comes after the last of it waits. What was reserved for
    attempts that were taken back is there again. Also what it all costs, by source."""
    if not budgets:
        return chosen, {}
    costs: dict[SourceId, float] = defaultdict(float)
    found: Chosen = []
    for before in chosen:
        for notification in before[0].notifications:
            if notification.withdrawn is not None and notification.source.id in budgets:
                costs[notification.source.id] -= notification.withdrawn.cost
        sources = {each.source.id for each in before[0].notifications} & budgets.keys()
        left = {source: budgets[source] - costs[source] for source in sources}
        case, verdicts = _afforded(*before, left, policy, now)
        for source, cost in _costs(case, verdicts, left).items():
            costs[source] += cost
        found.append((case, verdicts))
    return found, {source: cost for source, cost in costs.items() if cost}


def _afforded(
    case: PersonCase, verdicts: list[Verdict], left: Mapping[SourceId, float], policy: Policy, now: datetime
) -> tuple[PersonCase, list[Verdict]]:
    if case.money:  # of an earlier round
        case = replace(case, money={})
        verdicts = choose(case, policy, now=now)
    if all(cost <= left[source] + ROUNDING for source, cost in _costs(case, verdicts, left).items()):
        return case, verdicts
    case = replace(case, money=left)
    return case, choose(case, policy, now=now)


def _costs(case: PersonCase, verdicts: Sequence[Verdict], limited: Mapping[SourceId, float]) -> dict[SourceId, float]:
    costs: dict[SourceId, float] = defaultdict(float)
    source_of = {each.id: each.source.id for each in case.notifications} if limited else {}
    for verdict in verdicts if limited else ():
        if verdict.act == "send" and (source := source_of[verdict.notification]) in limited:
            costs[source] += verdict.cost
    return costs


async def _tell(tx: Transaction, chosen: Chosen, costs: Mapping[SourceId, float]) -> None:
    """Whose money is spent stops; where more came back than went, as many of those who wait for it are woken."""
    halted: dict[SourceId, str] = {}
    returned: dict[SourceId, int] = defaultdict(int)
    for case, verdicts in chosen:
        source_of = {each.id: each.source.id for each in case.notifications}
        halted |= {source_of[v.notification]: v.because for v in verdicts if v.reason == "budget_spent"}
        for each in case.notifications:
            if each.withdrawn is not None and costs.get(each.source.id, 0.0) < 0:
                returned[each.source.id] += 1
    for source, n in sorted(returned.items()):
        await store.touch_waiting_for_money(tx, source, limit=n)
    await outlet.publish(tx, [Halted(source, "budget_spent", because) for source, because in sorted(halted.items())])
