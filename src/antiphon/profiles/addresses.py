"""What the world taught us about addresses: whether something arrives there, and where it is read.

| told | state |
|---|---|
| something arrived (a receipt, an open, a click) | `unknown` and `soft` become `active`; what is `dead` stays so |
| a failure for now | `soft`; after `soft_failures_max` of them over three days `dead` |
| nobody is there | `dead`, until it is registered again |

`succeeded_at` is kept to the day, so that ten messages of a day write an address once. A delivery's profile may have
become another one: its number is followed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

from antiphon.kernel import outlet, settings
from antiphon.kernel.db import Transaction
from antiphon.kernel.records import ProfileChange, ProfileId
from antiphon.profiles import store
from antiphon.profiles.records import Address
from antiphon.profiles.store.addresses import Learnt

SOFT_AT_LEAST = timedelta(days=3)
_ON_MOBILE = frozenset({"mobile", "tablet"})
_ON_OTHER = frozenset({"desktop", "tv", "other"})

Place = tuple[ProfileId, str, str]
"""(profile, channel, value)."""


async def note_outcomes(
    tx: Transaction,
    *,
    delivered: Sequence[Place] = (),
    failed: Sequence[tuple[ProfileId, str, str, bool]] = (),
    seen: Sequence[tuple[ProfileId, str, str, str]] = (),
) -> None:
    """`failed` says at its end whether for good; `seen` names the device (`kernel.devices`): who read it is there.

    All in one statement: two of them could wait for each other's addresses.
    """
    arrived = {*delivered, *((profile, channel, value) for profile, channel, value, _ in seen)}
    permanent = {(profile, channel, value) for profile, channel, value, for_good in failed if for_good}
    passing = Counter((profile, channel, value) for profile, channel, value, for_good in failed if not for_good)
    mobile = Counter((profile, channel, value) for profile, channel, value, on in seen if on in _ON_MOBILE)
    other = Counter((profile, channel, value) for profile, channel, value, on in seen if on in _ON_OTHER)
    places = sorted(arrived | permanent | set(passing))
    if not places:
        return
    learnt = [
        Learnt(*place, place in arrived, place in permanent, passing[place], mobile[place], other[place])
        for place in places
    ]
    failures_max = (await settings.read(tx)).soft_failures_max if passing else 0
    changed = await store.addresses.learn(
        tx,
        learnt,
        today=tx.now.replace(hour=0, minute=0, second=0, microsecond=0),
        failures_max=failures_max,
        patience=tx.now - SOFT_AT_LEAST,
    )
    await outlet.publish(tx, [ProfileChange(id, "address", (channel,)) for id, channel in sorted(changed)])


async def saw_device(tx: Transaction, seen: Sequence[tuple[ProfileId, str, str, str]]) -> None:
    """(profile, channel, value, device) of each open or click by a person."""
    await note_outcomes(tx, seen=seen)


def mobile_share(addresses: Iterable[Address]) -> float | None:
    """Of the opens and clicks at these addresses, the share on a telephone or tablet; None where there were none."""
    mobile, other = map(sum, zip((0, 0), *((each.on_mobile, each.on_other) for each in addresses), strict=True))
    return round(mobile / (mobile + other), 4) if mobile + other else None


async def mark_dead(tx: Transaction, addresses: Sequence[Place]) -> None:
    """The world says that nobody is there, until it is registered again."""
    await note_outcomes(tx, failed=[(*place, True) for place in sorted(set(addresses))])
