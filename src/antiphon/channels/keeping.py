"""The keeper of tallies: every few seconds, one process works out how well each account does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import structlog

from antiphon.channels import health, store, store_routes
from antiphon.channels.health import Finding, Usual
from antiphon.channels.records import HEALTHY, Provider
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProviderId

log = structlog.get_logger()

EVERY_S = 2.0
RECEIVERS_MAX = 10_000
CHANGE_MIN = 0.01

Slots = dict[str, dict[float, int]]


async def keep_health(tx: Transaction, *, every_s: float = EVERY_S) -> int:
    """How many accounts do better or worse than at the last look. Nothing where somebody looked a moment ago.

    Its cost goes by the number of accounts, not of messages: sums are kept by ten seconds and by day.
    """
    if await store_routes.is_measured(tx, every_s=every_s):
        return 0
    await store_routes.fold_tallies(tx, keep_s=health.KEEP_S)
    await store_routes.trim_paces(tx, most=RECEIVERS_MAX)
    await store_routes.trim_days(tx, wall_datetime().date())
    accounts = sorted(await store.read_providers(tx), key=lambda account: account.id)
    tallies = await _tallies(tx)
    found = {account.id: _look(account, accounts, tallies) for account in accounts}
    changed = [account for account in accounts if _is_changed(account, found[account.id])]
    if accounts:
        await store_routes.write_health(tx, found)
    for account in changed:
        _tell(tx, account, *found[account.id][:2])
    return len(changed)


async def _tallies(tx: Transaction) -> dict[ProviderId, Slots]:
    found: dict[ProviderId, Slots] = defaultdict(lambda: defaultdict(dict))
    for row in await store_routes.read_tallies(tx):
        age = max(0.0, (tx.now - row["at"]).total_seconds() - health.SLOT_S)
        counts = found[ProviderId(row["provider_id"])][row["kind"]]
        counts[age] = counts.get(age, 0) + row["n"]
    return found


def _look(
    account: Provider, accounts: list[Provider], tallies: Mapping[ProviderId, Slots]
) -> tuple[float, str, float | None]:
    """Who is new is held against others of its adapter."""
    own = tallies.get(account.id, {})
    usual = health.usual(own)
    alike = [
        tallies[each.id]
        for each in accounts
        if each.adapter == account.adapter and each.id != account.id and each.id in tallies
    ]
    if usual.delivered is None and alike:
        usual = _lent(usual, health.usual(_sum(alike)))
    finding: Finding = health.judge(own, usual)
    return finding.health, finding.why, health.silence_s(account.channel, health.usual(own))


def _lent(own: Usual, others: Usual) -> Usual:
    return Usual(others.delivered, others.latency, own.troubled)


def _sum(several: list[Slots]) -> Slots:
    total: Slots = defaultdict(lambda: defaultdict(int))
    for slots in several:
        for kind, counts in slots.items():
            for age, n in counts.items():
                total[kind][age] += n
    return total


def _is_changed(account: Provider, found: tuple[float, str, float | None]) -> bool:
    before, after = account.silence_s, found[2]
    is_other_silence = before != after and (before is None or after is None or abs(before - after) > 1.0)
    return abs(account.health - found[0]) >= CHANGE_MIN or is_other_silence


def _tell(tx: Transaction, account: Provider, found: float, why: str) -> None:
    if (found >= HEALTHY) != (account.health >= HEALTHY):
        tx.wake("providers")
        if found >= HEALTHY:
            log.info("provider.healthy", provider=account.name, health=found)
        else:
            log.warning("provider.unhealthy", provider=account.name, health=found, why=why)
