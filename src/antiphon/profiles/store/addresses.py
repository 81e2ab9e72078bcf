"""What the world taught us about addresses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileId
from antiphon.profiles.store.base import queries


class Learnt(Struct, frozen=True):
    """Of one address: whether something arrived there, how often it failed for now, where it was read."""

    profile: ProfileId
    channel: str
    value: str
    arrived: bool = False
    permanent: bool = False
    failures: int = 0
    on_mobile: int = 0
    on_other: int = 0


async def learn(
    tx: Transaction, learnt: Sequence[Learnt], *, today: datetime, failures_max: int, patience: datetime
) -> set[tuple[ProfileId, str]]:
    """(profile, channel) of those whose state or share on mobiles changed. `patience`: soft since then may be dead."""
    rows = await queries.rows(
        tx,
        "learn_of_addresses",
        profiles=[each.profile for each in learnt],
        channels=[each.channel for each in learnt],
        values=[each.value for each in learnt],
        arrived=[each.arrived for each in learnt],
        permanent=[each.permanent for each in learnt],
        failures=[each.failures for each in learnt],
        on_mobile=[each.on_mobile for each in learnt],
        on_other=[each.on_other for each in learnt],
        today=today,
        failures_max=failures_max,
        patience=patience,
    )
    return {(row["profile_id"], row["channel"]) for row in rows if row["changed"]}
