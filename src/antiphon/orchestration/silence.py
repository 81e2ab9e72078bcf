"""Three time-outs, one inside the other: pure.

An *attempt* waits for its answer: that is the lease. A *channel* waits for a sign of life: as long as the source says,
else as was learned of the provider, else as fits the channel. A *notification* has an end: it expires, or no further
attempt is worth it so long after it was made; whatever waits is looked at then, and the decision says what follows.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from antiphon.orchestration.conduct import CONDUCT
from antiphon.orchestration.records import Source


def end_of(source: Source, *, created_at: datetime, expires_at: datetime | None) -> datetime | None:
    """When the time of a notification is over; None: never."""
    give_up_s = source.terms.give_up_s or CONDUCT[source.purpose].give_up_s
    if give_up_s is None:
        return expires_at
    end = created_at + timedelta(seconds=give_up_s)
    return end if expires_at is None else min(end, expires_at)


def watch_s(
    source: Source,
    channel: str,
    *,
    learned_s: float | None,
    created_at: datetime,
    expires_at: datetime | None,
    now: datetime,
) -> float | None:
    """How long after `now` the silence of what was handed over means something: at the end of its notification at
    the latest. None where silence proves nothing."""
    if source.failover_on != "silence":
        return None
    silence_s = source.silence(channel, learned_s)
    end = end_of(source, created_at=created_at, expires_at=expires_at)
    return silence_s if end is None else max(0.0, min(silence_s, (end - now).total_seconds()))
