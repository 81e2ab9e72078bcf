"""How accounts stand now, for whoever watches them: breaker, pace, errors, connections, warm-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from antiphon.channels import breaker, store_standing, warmup
from antiphon.channels.breaker import Breaker
from antiphon.channels.records import Provider
from antiphon.kernel.clock import wall_datetime
from antiphon.kernel.db import Row, Transaction
from antiphon.kernel.records import ProviderId

ANSWERED = ("accepted", "refused", "temporary", "policy", "deferred")
ERRORS = ("refused", "temporary", "policy", "deferred", "unsent", "doubt", "failed")


class WarmUpStanding(Struct, frozen=True):
    """`day` of `days`, from 1; 0: it has not begun. `limit`: messages to one receiver today; `used_most` went to
    `receiver`, `used` to all."""

    day: int
    days: int
    limit: int
    used: int
    used_most: int
    receiver: str


class Standing(Struct, frozen=True):
    """`answered` and `accepted`: in the last minute. `errors`: in the last hour, by class: `refused` (this recipient or
    message), `temporary`, `policy`, `deferred` (come later), `unsent` (nothing left us), `doubt` (no answer), `failed`
    (reported later). `accepted_hour`, `delivered`: in the last hour too. `connections` of the `processes` that may send
    now; `listeners` where one listens for all. `slowed`: mail systems served at a learned pace."""

    breaker: breaker.State
    paused_until: datetime | None
    answered: int
    accepted: int
    accepted_hour: int
    delivered: int
    errors: dict[str, int]
    connections: int
    processes: int
    listeners: int
    slowed: int
    warm_up: WarmUpStanding | None


async def standings(tx: Transaction, accounts: Sequence[Provider]) -> dict[ProviderId, Standing]:
    """Four statements, whatever their number."""
    at = wall_datetime()
    counts, connected = await store_standing.read_counts(tx), await store_standing.read_connected(tx)
    slowed, days = await store_standing.read_slowed(tx), await store_standing.read_day(tx, at.date())
    return {
        each.id: _standing(
            each, at, counts.get(each.id, {}), connected.get(each.id), slowed.get(each.id, 0), days.get(each.id)
        )
        for each in accounts
    }


def _standing(
    account: Provider,
    at: datetime,
    counts: Mapping[str, tuple[int, int]],
    connected: Row | None,
    slowed: int,
    day: Row | None,
) -> Standing:
    paused = account.paused_until.timestamp() if account.paused_until is not None else 0.0
    state = Breaker(account.failures, paused).state(at.timestamp())
    hour = {kind: n for kind, (_, n) in counts.items() if n}
    return Standing(
        breaker=state,
        paused_until=account.paused_until if state == "open" else None,
        answered=sum(counts.get(kind, (0, 0))[0] for kind in ANSWERED),
        accepted=counts.get("accepted", (0, 0))[0],
        accepted_hour=hour.get("accepted", 0),
        delivered=hour.get("delivered", 0),
        errors={kind: hour[kind] for kind in ERRORS if kind in hour},
        connections=connected["connections"] if connected is not None else 0,
        processes=connected["processes"] if connected is not None else 0,
        listeners=connected["listeners"] if connected is not None else 0,
        slowed=slowed,
        warm_up=_warm_up(account, at, day),
    )


def _warm_up(account: Provider, at: datetime, day: Row | None) -> WarmUpStanding | None:
    plan = account.warm_up
    limit = warmup.limit(plan, at.date()) if plan is not None else None
    if plan is None or limit is None:
        return None
    return WarmUpStanding(
        day=max(0, (at.date() - plan.since).days + 1),
        days=len(plan.per_day),
        limit=limit,
        used=day["total"] if day is not None else 0,
        used_most=day["n"] if day is not None else 0,
        receiver=day["receiver"] if day is not None else "",
    )
