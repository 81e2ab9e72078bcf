"""How many people a throttled campaign may tell now. Pure; product time.

People are paid for with time: telling one costs 60 / `per_minute` seconds. `paid_to` is the instant up to which time
has been spent. What was not spent (nobody worked, the queue ahead was full, product time was moved) is kept for one
minute.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

CREDIT = timedelta(minutes=1)
STEP_S = 1.0
"""A walk waits until it has time for a second's worth of people, and for one at least."""
_ROUNDING = 0.02
"""Of a person: times are kept in whole microseconds."""


def room(per_minute: int, *, paid_to: datetime, now: datetime) -> int:
    unspent = (now - _since(paid_to, now)).total_seconds()
    return max(0, math.floor(unspent * per_minute / 60 + _ROUNDING))


def paid(per_minute: int, people: int, *, paid_to: datetime, now: datetime) -> datetime:
    return _since(paid_to, now) + timedelta(seconds=60 * people / per_minute)


def next_at(per_minute: int, *, paid_to: datetime, now: datetime) -> datetime:
    """When there is room again."""
    people = max(1, math.floor(per_minute * STEP_S / 60))
    return max(now, paid(per_minute, people, paid_to=paid_to, now=now))


def _since(paid_to: datetime, now: datetime) -> datetime:
    return max(paid_to, now - CREDIT)
